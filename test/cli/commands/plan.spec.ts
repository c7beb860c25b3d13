import assert from 'node:assert/strict';
import fs from 'node:fs';
import type {Plan} from '../../../lib/cli/output/plan.ts';
import {requestsFor, secondsFor} from '../../../lib/cli/output/plan.ts';
import {assertRefused, commandLine} from '../../support/command-line.ts';
import {runCli} from '../../support/cli.ts';
import {newestMs} from '../../support/emulator.ts';

const dayMs = 86_400_000;
const now = newestMs + dayMs;

describe('rxaudit plan', () => {
	const {folder, emulator, pull} = commandLine({events: 20_000});
	const source = (name = 'atlassian-org-events') => ['plan', name, '--endpoint', emulator().url];
	const env = () => ({RXAUDIT_TOKEN: emulator().token});
	const plan = (...args: string[]) =>
		runCli([...source(), '--org-id', 'ORG', ...args], {cwd: folder(), env: env(), now});
	const planned = async (...args: string[]) => JSON.parse((await plan(...args, '--json')).stdout) as Plan;

	it('says how much a pull would read, in at most 20 requests, and writes nothing', async () => {
		const {code, stdout, stderr} = await plan();
		assert.deepEqual([code, stderr], [0, '']);
		assert.match(
			stdout,
			/^events {4}about \d+ \(\d+ to \d+\)\nrequests {2}about \d+ \(\d+ to \d+\), of 500 events at most\n/,
		);
		assert.match(
			stdout,
			/\ntime {6}.*\nsize {6}about [\d.]+ MB \(.*\)\noldest .*Z\nnewest {4}2026-01-31T23:59:59.987Z\n/,
		);
		assert.ok(emulator().requestCount <= 20, `${emulator().requestCount} requests`);
		assert.deepEqual(fs.readdirSync(folder()), []);
	});

	it('is near what then comes, as one JSON object', async () => {
		const {spread, ...told} = await planned();
		const before = emulator().requestCount;
		assert.equal(before, told.asked);
		assert.equal((await pull(['--to', 'ndjson:out.ndjson', '--format', 'raw'], {now})).code, 0);
		const requests = emulator().requestCount - before;
		const bytes = fs.statSync(`${folder()}/out.ndjson`).size;
		const all = JSON.stringify({told, spread, requests, bytes});
		assert.ok(Math.abs(told.events! - 20_000) <= 1000, all);
		assert.ok(Math.abs(told.requests! - requests) <= 0.15 * requests, all);
		assert.ok(Math.abs(told.bytes! - bytes) <= 0.1 * bytes, all);
		for (const [least, most] of [spread.events!, spread.requests!, spread.bytes!]) assert.ok(least <= most);
		assert.equal(told.newest, new Date(newestMs).toISOString());
	});

	it('is exact where a page holds all', async () => {
		const since = new Date(newestMs - dayMs / 8).toISOString();
		const {events, requests, spread, asked} = await planned('--since', since);
		const held = [...emulator().events()].filter(({time}) => time >= since).length;
		assert.deepEqual([events, requests, spread.events, asked], [held, 1, [held, held], 1]);
	});

	it('asks for no more than the quota allows at once', async () => {
		const {asked, rate} = await planned('--rate', '5/min');
		assert.deepEqual([asked, rate], [4, {requests: 5, perSeconds: 60}]);
	});

	it('goes on from a state', async () => {
		assert.equal((await pull(['--to', 'ndjson:out.ndjson', '--state', 'pull.state'], {now})).code, 0);
		const {events} = await planned('--state', 'pull.state');
		assert.ok(events! < 100, `${events}`);
	});

	it('says of a listing what it can, and of files that they need no quota', async () => {
		const args = ['plan', 'atlassian-org-users', '--org-id', 'ORG', '--endpoint', emulator().url];
		const {code, stdout} = await runCli([...args, '--json'], {env: env(), now});
		assert.equal(code, 0);
		assert.deepEqual([(JSON.parse(stdout) as Plan).events, (JSON.parse(stdout) as Plan).oldest], [null, null]);
		assertRefused(
			await runCli(['plan', 'data-center-log-files', '--path', '.', '--product', 'jira'], {cwd: folder()}),
			2,
			/reads files/,
		);
	});

	it('ends as a pull does where credentials or names are wrong', async () => {
		const refused = await runCli([...source(), '--org-id', 'ORG'], {env: {RXAUDIT_TOKEN: 'wrong'}, now});
		assertRefused(refused, 4, /the credentials were refused/);
		assertRefused(await runCli(['plan', 'nothing']), 2, /expected a source/);
		assertRefused(await plan('--colour', 'red'), 2, /unknown option/);
	});

	it('waits for no quota, and says that little is known by then', async () => {
		emulator().setFaults([{kind: 'status', status: 429, headers: {'retry-after': '3000'}, at: {from: 3}}]);
		const {code, stdout, stderr} = await plan();
		assert.deepEqual([code, stderr], [0, '']);
		assert.match(stdout, /^events {4}about \d+, or more\nrequests {2}about \d+, or more, of/);
		assert.match(stdout, /\ntime {6}about [^(]*, or more\n/);
		assert.doesNotMatch(stdout, /NaN|Infinity/);
		assert.equal(emulator().requestCount, 3);
	});

	it('stays at 20 requests where all fail', async () => {
		emulator().setFaults([{kind: 'status', status: 503, at: 'all'}]);
		const {code} = await plan('--retry-base-ms', '0', '--max-attempts', '9');
		assert.equal(code, 1);
		assert.ok(emulator().requestCount <= 21, `${emulator().requestCount} requests`);
	});
});

describe('a plan', () => {
	it('counts the ends of windows, and the empty page of an API with offsets', () => {
		const page = {rows: 100, bytes: 1e6, concurrency: 4, byOffset: false, isBounded: true};
		assert.deepEqual(requestsFor(1000, page), {count: 11, sideBySide: 1});
		assert.deepEqual(requestsFor(1000, {...page, byOffset: true}), {count: 12, sideBySide: 1});
		assert.deepEqual(requestsFor(1000, {...page, concurrency: 1}), {count: 10, sideBySide: 1});
		assert.deepEqual(requestsFor(0, page), {count: 1, sideBySide: 1});
		assert.deepEqual(requestsFor(8000, page), {count: 105, sideBySide: 4});
		assert.deepEqual(requestsFor(8000, {...page, isBounded: false}), {count: 109, sideBySide: 4});
	});

	it('takes as long as the quota, or as the server', () => {
		const how = {sideBySide: 2, latencyMs: 1000, workMs: 0};
		assert.equal(secondsFor(100, {...how, rate: undefined}), 50);
		assert.equal(secondsFor(100, {...how, rate: {requests: 10, perMs: 60_000}}), 545);
		assert.equal(secondsFor(5, {...how, rate: {requests: 10, perMs: 60_000}}), 2.5);
	});
});
