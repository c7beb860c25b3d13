import assert from 'node:assert/strict';
import path from 'node:path';
import {type Emulator, startEmulator} from '../support/emulator.ts';
import type {FsFault} from '../support/intercept-fs.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {compare, exact, filesBelow, linesOf} from './holdings.ts';
import {pull, token} from './pull.ts';

/** Commits of 64 pages of 2 events, and some. */
const pages = ['--page-size', '2', '--concurrency', '1'];
const events = 300;
const brokenAt = (at: number): FsFault => ({call: 'writeSync', path: 'weak', at, times: 1_000_000, code: 'EIO'});

describe('several sinks', () => {
	const folder = temporaryFolder();
	const at = (name: string) => path.join(folder(), name);
	let emulator: Emulator;
	beforeEach(async () => {
		emulator = await startEmulator({events, token});
	});
	afterEach(() => emulator.close());

	it('that are required: one that fails ends the run, and the next is exact in both', async () => {
		const to = ['--to', `ndjson:${at('weak')}`, '--to', `filesystem:${at('strong')}`, '--state', at('state'), ...pages];
		const hurt = await pull(emulator, to, {fault: brokenAt(100)});
		assert.equal(hurt.code, 1, hurt.stderr);
		assert.equal(linesOf(at('weak')).length, 128);
		const {code, stderr} = await pull(emulator, to);
		assert.equal(code, 0, stderr);
		assert.deepEqual(compare(linesOf(at('weak')), emulator), exact);
		assert.deepEqual(compare(filesBelow(at('strong')), emulator), exact);
	});

	it('of which one is best-effort: it is left out, what it lacks is named, and comes by the flags that are said', async () => {
		const weak = `ndjson:${at('weak')}?delivery=best-effort`;
		const to = ['--to', weak, '--to', `filesystem:${at('strong')}`, '--state', at('state'), ...pages];
		const {code, stderr} = await pull(emulator, to, {fault: brokenAt(100)});
		assert.equal(code, 3, stderr);
		assert.deepEqual(compare(filesBelow(at('strong')), emulator), exact);
		assert.equal(linesOf(at('weak')).length, 128);
		assert.match(stderr, /weak is left out from here on, since it failed: .*EIO/);
		const [, lacked, flags] = /weak lacks (\d+) events from .* with (--since \S+ --until \S+)/.exec(stderr) ?? [];
		assert.equal(Number(lacked), events - 128);
		const again = await pull(emulator, [...flags!.split(' '), '--to', `ndjson:${at('rest')}`]);
		assert.equal(again.code, 0, again.stderr);
		assert.deepEqual(compare([...linesOf(at('weak')), ...linesOf(at('rest'))], emulator), exact);
	});

	it('goes on with a best-effort one in the next run, where it is well again', async () => {
		const weak = `ndjson:${at('weak')}?delivery=best-effort`;
		const to = ['--to', weak, '--to', `filesystem:${at('strong')}`, '--state', at('state'), ...pages];
		const middle = [...emulator.events()][events / 2]!;
		const until = ['--until', new Date(middle.timeMs).toISOString()];
		assert.equal((await pull(emulator, [...to, ...until], {fault: brokenAt(10)})).code, 3);
		const before = linesOf(at('weak')).length;
		const {code, stderr} = await pull(emulator, to);
		assert.equal(code, 0, stderr);
		assert.match(stderr, /weak still lacks events of earlier runs: \d+ from /);
		assert.deepEqual(compare(filesBelow(at('strong')), emulator), exact);
		assert.ok(linesOf(at('weak')).length > before);
	});
});
