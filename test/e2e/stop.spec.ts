import assert from 'node:assert/strict';
import {once} from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {type Emulator, startEmulator} from '../support/emulator.ts';
import {endHolders} from '../support/snapshot.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {compare, exact, leftovers, linesOf} from './holdings.ts';
import {killRunning, peakRssBytes, pull, startPull, token} from './pull.ts';

const pages = 60;
const pageSize = 20;

async function until(condition: () => boolean): Promise<void> {
	const deadline = Date.now() + 60_000;
	while (!condition()) {
		assert(Date.now() < deadline, `in vain: ${condition}`);
		await delay(2);
	}
}

describe('stops', () => {
	const folder = temporaryFolder();
	const target = (name: string) => path.join(folder(), name);
	let emulator: Emulator;

	afterEach(killRunning);
	afterEach(() => emulator.close());

	const args = (size = pageSize) => ['--concurrency', '1', '--page-size', `${size}`, '--state', target('pull.state')];
	const fileArgs = () => [...args(), '--to', `ndjson:${target('lines.ndjson')}`];

	it('by SIGTERM keep every page that was fetched', async () => {
		emulator = await startEmulator({events: pages * pageSize, latencyMs: 20, token});
		const {child, ended} = startPull(emulator, fileArgs());
		await until(() => emulator.requestCount >= 20);
		child.kill('SIGTERM');
		const {code, stderr} = await ended;
		assert.equal(code, 143, stderr);
		const requests = emulator.requestCount;
		const kept = linesOf(target('lines.ndjson')).length / pageSize;
		assert(requests < pages && kept >= requests - 2, `${kept} pages of ${requests} requests`);

		const next = await pull(emulator, fileArgs());
		assert.equal(next.code, 0, next.stderr);
		assert.deepEqual(compare(linesOf(target('lines.ndjson')), emulator), exact);
		assert(emulator.requestCount <= pages + 2 + 4, 'the checkpoint is the last page; an hour of overlap is 4 pages');
	});

	it('by SIGTERM do not wait for a server that fails', async () => {
		emulator = await startEmulator({events: 100, token, faults: [{kind: 'status', status: 503, at: {from: 3}}]});
		const {child, ended} = startPull(emulator, fileArgs(), {retryMs: 60_000});
		await until(() => emulator.requestCount >= 3);
		await delay(50);
		child.kill('SIGTERM');
		assert.equal((await ended).code, 143);
		emulator.clearFaults();
		assert.equal((await pull(emulator, fileArgs())).code, 0);
		assert.deepEqual(compare(linesOf(target('lines.ndjson')), emulator), exact);
	});

	it('by a second SIGTERM come at once, even with a reader that stands still', async () => {
		emulator = await startEmulator({events: 4000, token});
		const {child, ended} = startPull(emulator, args(200), {ownReader: true});
		await once(child.stdout!, 'readable');
		let requests = -1;
		await until(() => requests === (requests = emulator.requestCount) && requests > 3);
		child.kill('SIGTERM');
		await delay(300);
		assert.equal(child.exitCode, null, 'it waits for the reader');
		child.kill('SIGTERM');
		await once(child, 'exit');
		child.stdout!.resume();
		// To a shell that is 143 as well.
		assert.equal((await ended).code, 'SIGTERM');
	});

	it('of the reader stop the requests, and nothing is lost when it reads on', async function () {
		this.timeout(60_000);
		emulator = await startEmulator({events: 20_000, token});
		const {child, ended} = startPull(emulator, ['--page-size', '200', '--concurrency', '1'], {ownReader: true});
		const stdout = child.stdout!;
		let text = '';
		let stopped: number | undefined;
		stdout.setEncoding('utf8').on('data', (chunk: string) => {
			text += chunk;
			if (stopped !== undefined || text.split('\n').length <= 200) return;
			stdout.pause();
			stopped = emulator.requestCount;
		});
		await until(() => stopped !== undefined);
		let requests = -1;
		while (requests !== emulator.requestCount) {
			requests = emulator.requestCount;
			await delay(1000); // a busy machine takes its time for what is on its way
		}
		const readPages = Math.ceil(text.split('\n').length / 200);
		// In flight: four pages. In the pipe and on its way: about another.
		assert(requests <= readPages + 4 + 2, `${requests} requests when ${readPages} pages were read`);
		await delay(3000);
		assert.equal(emulator.requestCount, requests, 'a reader that stands still stops the source');
		const peakMegabytes = peakRssBytes(child) / 2 ** 20;
		console.log(`      ${requests} pages requested, ${readPages} read, ${Math.round(peakMegabytes)} MB`);
		assert(peakMegabytes < 150, `${peakMegabytes} MB`);
		stdout.resume();
		const {code, stderr} = await ended;
		assert.equal(code, 0, stderr);
		assert.deepEqual(compare(text.split('\n').slice(0, -1), emulator), exact);
	});

	it('of the reader for good end the run quietly', async () => {
		emulator = await startEmulator({events: 20_000, token});
		const {child, ended} = startPull(emulator, [...args(200), '--quiet'], {ownReader: true});
		child.stdout!.once('data', () => child.stdout!.destroy());
		const {code, stderr} = await ended;
		assert.equal(code, 141);
		assert.equal(stderr, '');
		assert(emulator.requestCount < 20);
		// At least once: the checkpoint is not ahead of what the reader got.
		const next = await pull(emulator, args(200));
		assert.equal(next.code, 0, next.stderr);
		assert.equal(compare(next.stdout.split('\n').slice(0, -1), emulator).missing, 0);
	});
});

describe('two runs on one state', () => {
	const folder = temporaryFolder();
	let emulator: Emulator;

	const api = {events: pages * pageSize, latencyMs: 20, token};

	afterEach(killRunning);
	afterEach(() => emulator.close());

	it('refuse each other while one lives, asleep or not', async function () {
		this.timeout(60_000);
		const file = path.join(folder(), 'lines.ndjson');
		const args = ['--page-size', `${pageSize}`, '--to', `ndjson:${file}`, '--state', path.join(folder(), 'pull.state')];
		emulator = await startEmulator({...api, faults: [{kind: 'status', status: 503, at: {from: 5}}]});
		const holder = startPull(emulator, args, {retryMs: 60_000});
		try {
			await until(() => emulator.requestCount >= 5);
			for (const signal of ['SIGCONT', 'SIGSTOP'] as const) {
				holder.child.kill(signal);
				const {code, stderr} = await pull(emulator, args);
				assert.equal(code, 5, stderr);
				assert.match(stderr, new RegExp(`in use by process ${holder.child.pid} on `));
			}
		} finally {
			holder.child.kill('SIGKILL');
		}
		assert.equal((await holder.ended).code, 'SIGKILL');
		emulator.clearFaults();
		const next = await pull(emulator, args);
		assert.equal(next.code, 0, next.stderr);
		assert.deepEqual(compare(linesOf(file), emulator), exact);
		assert.deepEqual(leftovers(folder()), []);
	});

	it('is fenced when it wakes up behind a takeover: it writes nothing more', async function () {
		this.timeout(60_000);
		const file = path.join(folder(), 'lines.ndjson');
		const args = ['--page-size', `${pageSize}`, '--to', `ndjson:${file}`, '--state', path.join(folder(), 'pull.state')];
		emulator = await startEmulator(api);
		const sleeper = startPull(emulator, args);
		try {
			await until(() => emulator.requestCount >= 5);
			sleeper.child.kill('SIGSTOP');
			// to the next run it is another process now
			endHolders(folder());
			const next = await pull(emulator, args);
			assert.equal(next.code, 0, next.stderr);
			const held = holdingsOf(folder());
			sleeper.child.kill('SIGCONT');
			const {code, stderr} = await sleeper.ended;
			assert.equal(code, 5, stderr);
			assert.match(stderr, /its lock is no longer ours: another run has taken over/);
			assert.deepEqual(holdingsOf(folder()), held);
			assert.deepEqual(compare(linesOf(file), emulator), exact);
			assert.equal((await pull(emulator, args)).code, 0);
		} finally {
			sleeper.child.kill('SIGKILL');
		}
	});
});

/** Every file with its content. */
function holdingsOf(folder: string): Record<string, string> {
	return Object.fromEntries(
		fs.readdirSync(folder).map(name => [name, fs.readFileSync(path.join(folder, name), 'latin1')]),
	);
}
