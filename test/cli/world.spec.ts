import assert from 'node:assert/strict';
import {once} from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type {AddressInfo} from 'node:net';
import path from 'node:path';
import {fileIn, stopBy} from '../../lib/cli/world.ts';
import {testWorld} from '../support/world.ts';
import {settled} from '../support/cli.ts';
import {commandLine, idsIn} from '../support/command-line.ts';

describe('stopBy', () => {
	it('stops with the first signal, forces with the second, and ends the process by the first', () => {
		const world = testWorld();
		const signals = stopBy(world.signals);
		assert.equal(signals.exitCode(), undefined);
		world.send('SIGTERM');
		assert.deepEqual([signals.exitCode(), signals.stop.aborted, signals.force.aborted], [143, true, false]);
		world.send('SIGINT');
		assert.deepEqual([signals.exitCode(), signals.force.aborted], [143, true]);
		signals.endNow();
		assert.deepEqual(world.endedBy, ['SIGTERM']);
	});

	it('ends the process by another signal where none came', () => {
		const world = testWorld();
		const signals = stopBy(world.signals);
		signals.endNow();
		assert.deepEqual(world.endedBy, []);
		signals.endNow(0, 'SIGTERM');
		assert.deepEqual(world.endedBy, ['SIGTERM']);
	});

	it('leaves nothing behind', () => {
		const world = testWorld();
		const signals = stopBy(world.signals);
		signals.release();
		world.send('SIGINT');
		assert.equal(signals.stop.aborted, false);
	});
});

describe('fileIn', () => {
	it('finds names in the folder of the world, and leaves what no folder stands before', () => {
		const names = ['a', './a/', '../a', '/a', '-', '~/a', 'file:a', 's3://a', ''];
		const found = ['/w/a', '/w/a/', '/a', '/a', '-', '~/a', 'file:a', 's3://a', ''];
		assert.deepEqual(
			names.map(name => fileIn({cwd: '/w'}, name)),
			found,
		);
	});
});

describe('a stopped pull', () => {
	const {startPull, pull, held, folder, emulator} = commandLine();
	const stateful = ['--to', 'ndjson:out', '--state', 'state', '--page-size', '5'];
	const written = () => idsIn(fs.readFileSync(path.join(folder(), 'out'), 'utf8'));

	/** A pull whose third request gets no answer for a long time. */
	async function stuck(more: readonly string[] = []) {
		emulator().setFaults([{kind: 'hang', at: {from: 3}}]);
		const run = startPull([...stateful, '--log-format', 'json', ...more]);
		await settled(() => (emulator().requestCount < 3 ? 0 : 3));
		return run;
	}

	for (const [signal, expected] of [
		['SIGTERM', 143],
		['SIGINT', 130],
	] as const) {
		it(`ends with ${expected} after ${signal}, and goes on exactly there`, async () => {
			const run = await stuck();
			run.kill(signal);
			const {code, stderr} = await run.ended;
			assert.equal(code, expected);
			assert.match(stderr, /"message":"stopped: 10 events, 2 pages/);
			assert.deepEqual(written(), held().slice(0, 10));

			emulator().clearFaults();
			assert.equal((await pull(stateful)).code, 0);
			assert.deepEqual(written(), held());
		});
	}
});

describe('a stopped pull whose receiver hangs', () => {
	const {startPull, pull, held, folder} = commandLine();
	let receiver: http.Server;
	let posts = 0;
	beforeEach(async () => {
		posts = 0;
		receiver = http.createServer(() => void posts++).listen(0, '127.0.0.1');
		await once(receiver, 'listening');
	});
	afterEach(() => {
		receiver.closeAllConnections();
		receiver.close();
	});

	it('ends when its grace is over, says what it waited for, and goes on exactly there', async () => {
		const {port} = receiver.address() as AddressInfo;
		const to = ['--to', `http:http://127.0.0.1:${port}/x`, '--to', 'ndjson:out', '--state', 'state'];
		const run = startPull([...to, '--quiet', '--grace', '1500ms']);
		await settled(() => posts);
		run.kill('SIGTERM');
		const {code, stderr} = await run.ended;
		assert.equal(code, 143, stderr);
		assert.match(
			stderr,
			/stopping: waiting for http:http:\/\/127\.0\.0\.1:\d+\/x \(since [\d.]+ s\), 0\.5 s at most\n/,
		);
		assert.match(stderr, /stopped without waiting any longer for http:.*; what was not committed is read/);
		receiver.removeAllListeners('request').on('request', (request, response) => request.resume() && response.end());
		assert.equal((await pull(to)).code, 0);
		assert.deepEqual(idsIn(fs.readFileSync(path.join(folder(), 'out'), 'utf8')), held());
	});
});

describe('a stopped pull whose reader is slow', () => {
	const {startPull, pull, held, folder, emulator} = commandLine({events: 2000});
	const stateful = ['--to', 'ndjson:-', '--to', 'ndjson:out', '--state', 'state'];

	/** A pull that cannot write on, and asks for no more. */
	async function blocked(pageSize: string) {
		const run = startPull([...stateful, '--page-size', pageSize]);
		await run.said('stdout', /./);
		run.process.stdout!.pause();
		await settled(() => emulator().requestCount);
		return run;
	}

	it('ends at once with the second signal, and goes on exactly there', async () => {
		const run = await blocked('50');
		const requests = emulator().requestCount;
		run.kill('SIGTERM');
		await settled(() => emulator().requestCount);
		assert.equal(run.process.exitCode, null, 'still waits for its reader');
		run.kill('SIGINT');
		await once(run.process, 'exit');
		assert.equal(run.process.signalCode, 'SIGTERM', 'the first one');
		assert.equal(emulator().requestCount, requests, 'nothing more was asked for');
		run.process.stdout!.resume();
		assert.match((await run.ended).stderr, /^(rxaudit: warning: stopping: waiting for ndjson:-.*\n)?$/);

		assert.equal((await pull(stateful)).code, 0);
		assert.deepEqual(idsIn(fs.readFileSync(path.join(folder(), 'out'), 'utf8')), held());
	});

	it('ends with 0 when the source had come to its end before the signal', async () => {
		const run = await blocked('10000');
		run.kill('SIGTERM');
		await settled(() => emulator().requestCount);
		run.process.stdout!.resume();
		const {code, stdout, stderr} = await run.ended;
		assert.deepEqual([code, idsIn(stdout)], [0, held()]);
		assert.match(stderr, /^rxaudit: done: 2000 events/m);
	});
});
