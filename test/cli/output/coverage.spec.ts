import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {emptyChain, type ManifestEntry, sealEntry} from '../../../lib/sink/manifest.ts';
import {runCli} from '../../support/cli.ts';
import {assertRefused, commandLine} from '../../support/command-line.ts';

const targets = [
	'ndjson:out.ndjson',
	'ndjson:out.ndjson.gz',
	'csv:out.csv',
	'filesystem:out',
	'ndjson:out/',
	'parquet:out/',
];

describe('what verify says was read', () => {
	// an event that is older than its API keeps it would be none of its log
	const {folder, emulator, pull} = commandLine({newestMs: Date.now() - 3_600_000});
	const file = (name: string) => path.join(folder(), name);
	const verify = (...args: string[]) => runCli(['verify', ...args], {cwd: folder()});

	for (const target of targets) {
		it(`says of ${target} what was read, also of a night without events, and that a filter leaves events out`, async () => {
			const events = [...emulator().events()];
			const [newest, oldest] = [events[0]!, events.at(-1)!];
			const iso = (ms: number) => new Date(ms).toISOString();
			const args = ['--to', target, '--state', 'state', '--since', iso(oldest.timeMs)];
			const [middle, end] = [newest.timeMs + 1000, newest.timeMs + 60_000];
			assert.equal((await pull([...args, '--until', iso(middle)])).code, 0);
			const complete = (from: number, to: number) => verify(target, '--complete', `${iso(from)}..${iso(to)}`);
			assert.equal((await complete(oldest.timeMs, middle)).code, 0);
			const half = await complete(oldest.timeMs, end);
			assert.equal(half.code, 1);
			assert.match(half.stdout, new RegExp(`^not complete\n`, 'm'));
			const unread = `unread   atlassian-org-events:ORG from ${iso(middle)} to ${iso(end)}: never read`;
			assert.ok(half.stdout.includes(unread), half.stdout);
			assert.equal((await pull([...args, '--until', iso(end)])).code, 0);
			const whole = await complete(oldest.timeMs, end);
			assert.deepEqual([whole.code, /^complete$/m.test(whole.stdout)], [0, true], whole.stdout);
			const said = `read     atlassian-org-events:ORG, from ${iso(oldest.timeMs)} to ${iso(end)}: all of it`;
			assert.ok(whole.stdout.includes(said), whole.stdout);
			const json = await verify(target, '--log-format', 'json', '--state', 'state');
			const {coverage} = JSON.parse(json.stdout) as {coverage: {behindSeconds?: object}[]};
			const span = {from: iso(oldest.timeMs), to: iso(end), read: 'covered'};
			const [{behindSeconds, ...known}] = coverage as [{behindSeconds?: object}];
			assert.deepEqual(known, {source: 'atlassian-org-events:ORG', spans: [span], keptSeconds: 180 * 86_400, days: {}});
			assert.equal(Object.keys(behindSeconds!).length, 1);
		});
	}

	it('tells what was read with a filter, or purged, or by nobody knows whom, from what was read', async () => {
		const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
		const span = (from: number, to: number) => `${ago(from)}..${ago(to)}`;
		await pull(['--to', 'ndjson:some.ndjson', '--action', 'user_created']);
		const filtered = await verify('ndjson:some.ndjson', '--complete', span(60, 50));
		assert.equal(filtered.code, 1);
		assert.match(filtered.stdout, /unread .*: read with a filter\n/);
		assert.match(filtered.stdout, /^ {11}less action "user_created"$/m);
		await pull(['--to', 'ndjson:all.ndjson']);
		assert.equal((await verify('ndjson:all.ndjson', '--complete', span(90, 80))).code, 0);
		const purged = await verify('ndjson:all.ndjson', '--complete', span(500, 80));
		assert.equal(purged.code, 1);
		assert.match(purged.stdout, /unread .*: purged before it was read\n/);
		const manifest = fs.readFileSync(file('all.ndjson.manifest'), 'utf8');
		const {entry} = JSON.parse(manifest) as {entry: ManifestEntry};
		const {asked: _, entry: _number, previous: _previous, ...content} = entry;
		fs.writeFileSync(file('all.ndjson.manifest'), `${sealEntry(emptyChain, content).line}\n`);
		const old = await verify('ndjson:all.ndjson', '--complete', span(90, 80));
		assert.equal(old.code, 1);
		assert.match(old.stdout, /not recorded: its entries do not say what was read/);
		assertRefused(await verify('ndjson:all.ndjson', '--complete', '90d'), 2, /--complete: expected SINCE\.\.UNTIL/);
	});
});
