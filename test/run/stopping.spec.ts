import assert from 'node:assert/strict';
import {getEventListeners, once} from 'node:events';
import {listenForStop} from '../../lib/run/stopping.ts';

const [stopped, forced] = [new Error('stopped'), new Error('forced')];

describe('listenForStop', () => {
	it('stops at the first signal and aborts at the second, each with its reason', () => {
		const [signal, force] = [new AbortController(), new AbortController()];
		const {stop, abort, release} = listenForStop({signal: signal.signal, forceSignal: force.signal});
		assert.deepEqual([stop.aborted, abort.signal.aborted], [false, false]);
		signal.abort(stopped);
		assert.deepEqual([stop.reason, abort.signal.aborted], [stopped, false]);
		force.abort(forced);
		assert.equal(abort.signal.reason, forced);
		release();
	});

	it('hears signals that came before', () => {
		const [signal, forceSignal] = [AbortSignal.abort(stopped), AbortSignal.abort(forced)];
		const {stop, abort, release} = listenForStop({signal, forceSignal});
		assert.deepEqual([stop.reason, abort.signal.reason], [stopped, forced]);
		release();
	});

	it('aborts when the grace is over, with the reason of the stop', async () => {
		const {abort, release} = listenForStop({signal: AbortSignal.abort(stopped), graceMs: 5});
		await once(abort.signal, 'abort');
		assert.equal(abort.signal.reason, stopped);
		release();
	});

	it('says after a second what it waits for, and when it waits no longer', async () => {
		const said: string[] = [];
		const notice = {waitingFor: () => 'a sink', warn: (message: string) => said.push(message)};
		const {abort, release} = listenForStop({signal: AbortSignal.abort(stopped), graceMs: 1100}, notice);
		await once(abort.signal, 'abort');
		assert.deepEqual(
			said.map(message => message.split(';')[0]),
			['stopping: waiting for a sink, 0.1 s at most', 'stopped without waiting any longer for a sink'],
		);
		release();
	});

	it('does not wait for what does not hear that it is over', async () => {
		const {atMost, release} = listenForStop({forceSignal: AbortSignal.abort(forced)});
		await assert.rejects(atMost(new Promise(() => {})), forced);
		release();
		assert.equal(await listenForStop({}).atMost(Promise.resolve(1)), 1);
	});

	it('takes a grace without end for one', async () => {
		for (const graceMs of [Infinity, 3e9]) {
			const {abort, release} = listenForStop({signal: AbortSignal.abort(stopped), graceMs});
			await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
			assert.equal(abort.signal.aborted, false);
			release();
		}
	});

	it('lets go of the signals', () => {
		const [signal, force] = [new AbortController(), new AbortController()];
		listenForStop({signal: signal.signal, forceSignal: force.signal}).release();
		assert.deepEqual(
			[signal, force].map(one => getEventListeners(one.signal, 'abort')),
			[[], []],
		);
		listenForStop({}).release();
	});
});
