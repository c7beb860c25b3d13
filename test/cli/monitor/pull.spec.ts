import assert from 'node:assert/strict';
import {once} from 'node:events';
import fs from 'node:fs';
import net, {type AddressInfo} from 'node:net';
import path from 'node:path';
import type {Clock} from '../../../lib/model/clock.ts';
import {eventually, runCli} from '../../support/cli.ts';
import {assertRefused, commandLine, idsIn, linesOf} from '../../support/command-line.ts';
import {deferred} from '../../support/deferred.ts';
import {type Fault, newestMs} from '../../support/emulator.ts';
import {scriptedServers, type SeenRequest} from '../../support/scripted-server.ts';

const stateful = ['--to', 'ndjson:out', '--state', 'state', '--page-size', '5'];
const quick = ['--retry-base-ms', '1', '--retry-max-ms', '1'];

/** The address in what was said. */
function servedAt(said: string): string | undefined {
	return /metrics are served at (http:\/\/127\.0\.0\.1:\d+)\/metrics/.exec(said)?.[1];
}

describe('pull --metrics', () => {
	const {openPull, pull, startPull, folder, emulator} = commandLine();

	/** A pull whose third request gets no answer for a long time. */
	async function stuck(args: readonly string[] = []) {
		emulator().setFaults([{kind: 'hang', at: {from: 3}}]);
		const run = openPull([...stateful, ...quick, '--metrics', '0', ...args], {now: Date.UTC(2026, 1, 1)});
		const origin = await eventually(() => servedAt(run.world.warned()));
		const get = async (where: string) => {
			const answer = await fetch(origin + where);
			return {status: answer.status, text: await answer.text()};
		};
		await eventually(
			async () => emulator().requestCount >= 3 && /_events_total\S+ 10$/m.test((await get('/metrics')).text),
		);
		return {...run, origin, get};
	}

	it('shows what it does while it does it, and no secret; afterwards nobody listens', async () => {
		const {world, ended, origin, get} = await stuck();
		const {status, text} = await get('/metrics');
		const labels = 'pipeline="atlassian-org-events",source="atlassian-org-events",tenant="ORG"';
		assert.equal(status, 200);
		for (const line of [
			`rxaudit_events_total{${labels}} 10`,
			`rxaudit_requests_total{${labels},status="200"} 2`,
			`rxaudit_retries_total{${labels}} 0`,
			`rxaudit_dead_letters_total{${labels}} 0`,
			`rxaudit_gaps{${labels}} 0`,
			`rxaudit_in_flight_bytes{${labels}} 0`,
			`rxaudit_newest_event_timestamp_seconds{${labels}} ${newestMs / 1000}`,
		]) {
			assert.ok(linesOf(text).includes(line), `${line} in ${text}`);
		}
		assert.ok(!text.includes(emulator().token));
		assert.deepEqual(await get('/healthz'), {status: 200, text: 'ok\n'});
		world.send('SIGTERM');
		assert.equal((await ended).code, 143);
		await assert.rejects(fetch(`${origin}/metrics`));
	});

	it('is not well while its last request failed', async () => {
		emulator().setFaults([
			{kind: 'status', status: 503, at: 2},
			{kind: 'hang', at: {from: 3}},
		]);
		const run = openPull([...stateful, ...quick, '--metrics', '0']);
		const origin = await eventually(() => servedAt(run.world.warned()));
		await eventually(() => emulator().requestCount >= 3);
		const answer = await fetch(`${origin}/healthz`);
		assert.equal(answer.status, 503);
		assert.equal(await answer.text(), 'atlassian-org-events: the last request failed: status 503\n');
		run.world.send('SIGINT');
		assert.equal((await run.ended).code, 130);
	});

	it('refuses a port in use before anything is asked for or written', async () => {
		const taken = net.createServer().listen(0, '127.0.0.1');
		await once(taken, 'listening');
		const {port} = taken.address() as AddressInfo;
		try {
			const refused = await pull([...stateful, '--metrics', `${port}`]);
			assertRefused(
				refused,
				2,
				/^rxaudit: --metrics: expected a free port, got 127\.0\.0\.1:\d+: somebody listens there/,
			);
			assertRefused(await pull([...stateful, '--metrics', 'nowhere']), 2, /^rxaudit: --metrics: expected PORT or HOST/);
		} finally {
			taken.close();
		}
		assert.equal(emulator().requestCount, 0);
		assert.deepEqual(fs.readdirSync(folder()), []);
	});

	it('frees its port when the run fails', async () => {
		const free = net.createServer().listen(0, '127.0.0.1');
		await once(free, 'listening');
		const {port} = free.address() as AddressInfo;
		await new Promise(resolve => free.close(resolve));
		for (const code of [1, 0]) {
			emulator().setFaults(code === 1 ? [{kind: 'status', status: 404, at: 'all'}] : []);
			const run = await pull(['--metrics', `${port}`]);
			assert.equal(run.code, code, run.stderr);
		}
	});

	it('does not keep the process alive', async () => {
		const {code, stderr} = await startPull(['--metrics', '0', '--to', 'ndjson:out']).ended;
		assert.equal(code, 0, stderr);
		assert.ok(servedAt(stderr));
	});
});

describe('pull --ping', () => {
	const {openPull, pull, folder, emulator} = commandLine();
	const serve = scriptedServers();
	const shown = ({method, url, body}: SeenRequest) => [method, url, ...(body === '' ? [] : [body])].join(' ');
	const pinged = async () => {
		const server = await serve(response => response.end('OK'));
		return {args: ['--ping', `${server.origin}/S3CR3T?k=S3CR3T`], said: () => server.requests.map(shown)};
	};
	const start = 'GET /S3CR3T/start?k=S3CR3T';

	it('tells of success', async () => {
		const {args, said} = await pinged();
		const {code, stderr} = await pull(args);
		assert.deepEqual([code, said()], [0, [start, 'GET /S3CR3T?k=S3CR3T']]);
		assert.doesNotMatch(stderr, /S3CR3T|ping/);
	});

	it('tells of every other end, with the reason: failures, mistakes, dead letters', async () => {
		for (const [more, fault, code, reason] of [
			[[], {kind: 'status', status: 404, at: 'all'}, 1, /^atlassian-org-events: .*answered 404/],
			[['--to', 'ndjson:no/such/'], undefined, 0, undefined],
			[['--page-size', '0'], undefined, 2, /^--page-size: expected/],
			[['--to', 'bogus:x'], undefined, 2, /bogus|expected one of/],
			[[], {kind: 'bad-record', flaw: 'control', at: 'all'}, 3, /^1 dead letter, see /],
		] as const) {
			emulator().setFaults(fault ? [fault as Fault] : []);
			const {args, said} = await pinged();
			const {code: ended, stderr} = await pull([...args, ...more]);
			assert.equal(ended, code, stderr);
			const [first, last = '', ...others] = said();
			assert.deepEqual([first, others], [start, []]);
			if (reason === undefined) assert.equal(last, 'GET /S3CR3T?k=S3CR3T');
			else assert.match(last.replace('POST /S3CR3T/fail?k=S3CR3T ', ''), reason);
			assert.doesNotMatch(stderr, /S3CR3T/);
		}
	});

	it('tells of a stop, and that it was one', async () => {
		emulator().setFaults([{kind: 'hang', at: {from: 3}}]);
		const {args, said} = await pinged();
		const {world, ended} = openPull([...stateful, ...args]);
		await eventually(() => emulator().requestCount >= 3);
		world.send('SIGTERM');
		assert.equal((await ended).code, 143);
		assert.deepEqual(said(), [start, 'POST /S3CR3T/fail?k=S3CR3T stopped by SIGTERM']);
	});

	it('never says where, whatever fails, and changes nothing', async () => {
		for (const format of ['text', 'json']) {
			const server = await serve(response => response.socket!.destroy());
			const args = ['--ping', `${server.origin}/S3CR3T`, '--log-format', format, '--quiet'];
			const {code, stderr} = await pull(args);
			assert.equal(code, 0);
			assert.equal(stderr.match(/warning: the ping .* did not arrive \(ECONNRESET\); check --ping/g)?.length, 2);
			assert.doesNotMatch(stderr, /S3CR3T|127\.0\.0\.1/);
		}
		for (const format of ['text', 'json']) {
			const {code, stderr} = await pull(['--ping', 'S3CR3T://x', '--log-format', format]);
			assert.equal(code, 2);
			assert.doesNotMatch(stderr, /S3CR3T/i);
		}
		assert.deepEqual(fs.readdirSync(folder()), []);
	});
});

describe('pull of what ends', () => {
	const {emulator} = commandLine();

	it('warns from 90 days before, by the clock of the world', async () => {
		const endpoint = emulator().endpoints['jira-data-center']!;
		const env = {RXAUDIT_TOKEN: emulator().token};
		for (const [day, expected] of [
			['2028-12-27', ''],
			['2028-12-28', 'rxaudit: warning: Jira Data Center ends on 2029-03-28; licences end then, '],
		] as const) {
			const args = ['pull', 'jira-data-center', '--endpoint', endpoint, '--quiet'];
			const {code, stderr} = await runCli(args, {env, now: Date.parse(day)});
			assert.equal(code, 0, stderr);
			assert.equal(stderr.slice(0, expected.length || undefined), expected);
		}
	});
});

describe('pull --max-duration', () => {
	const {pull, held, folder, emulator} = commandLine();
	const serve = scriptedServers();
	const written = () => idsIn(fs.readFileSync(path.join(folder(), 'out'), 'utf8'));
	let clock: Clock;
	let real: Clock['sleep'];
	let over: ReturnType<typeof deferred<void>>;
	beforeEach(async () => {
		clock = (await import('../../../lib/model/clock.ts')).systemClock; // the one of the commands
		real = clock.sleep;
		over = deferred();
		clock.sleep = (ms, signal) => (ms === 3_600_000 ? over.promise : real(ms, signal));
	});
	afterEach(() => {
		clock.sleep = real;
	});

	it('commits what was fetched when the time is over, ends with 0, and goes on exactly there', async () => {
		emulator().setFaults([{kind: 'hang', at: {from: 3}}]);
		const server = await serve(response => response.end());
		const running = pull([...stateful, '--max-duration', '1h', '--ping', `${server.origin}/x`]);
		await eventually(() => emulator().requestCount >= 3);
		over.resolve();
		const {code, stderr} = await running;
		assert.equal(code, 0, stderr);
		assert.match(
			stderr,
			/^rxaudit: the time of --max-duration is over: stopping\nrxaudit: stopped: 10 events, 2 pages/,
		);
		assert.deepEqual(written(), held().slice(0, 10));
		assert.deepEqual(
			server.requests.map(({url}) => url),
			['/x/start', '/x'],
			'a success',
		);

		emulator().clearFaults();
		assert.equal((await pull(stateful)).code, 0);
		assert.deepEqual(written(), held());
	});

	it('ends with 3 where there are dead letters all the same', async () => {
		emulator().setFaults([
			{kind: 'bad-record', flaw: 'control', at: 1},
			{kind: 'hang', at: {from: 3}},
		]);
		const running = pull([...stateful, '--max-duration', '1h']);
		await eventually(() => emulator().requestCount >= 3);
		over.resolve();
		const {code, stderr} = await running;
		assert.equal(code, 3, stderr);
	});

	it('says nothing where the run is done before', async () => {
		const {code, stderr} = await pull(['--max-duration', '1h']);
		assert.equal(code, 0);
		assert.match(stderr, /^rxaudit: done: [^\n]+\n$/);
	});

	it('fails when what was fetched cannot be written in time, and goes away whatever hangs', async () => {
		const posted = deferred();
		const receiver = await serve(() => posted.resolve());
		const to = ['--to', `http:${receiver.origin}/x`, '--state', 'state', '--grace', '1ms', '--quiet'];
		const running = pull([...to, '--max-duration', '1h']);
		await posted.promise;
		over.resolve();
		const {code, stderr} = await running;
		assert.equal(code, 1);
		assert.match(
			stderr,
			/^rxaudit: --max-duration and --grace are over; what was not committed is read and written again/m,
		);
	});
});
