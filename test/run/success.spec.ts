import assert from 'node:assert/strict';
import {concat, throwError} from 'rxjs';
import {SourceError} from '../../lib/model/errors.ts';
import {type Build, run} from '../../lib/run/run.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {memoryBucket} from '../support/memory-bucket.ts';
import {pagedSource, someRecords} from '../support/paged-source.ts';

const failure = new Error('as the test wants it');

describe('the time of the last success', () => {
	const source: Build = start => pagedSource(someRecords(4), {start, untilMs: 1e9});

	/** A store that knows an earlier success, of 1970, and its sink. */
	async function succeededBefore() {
		const [state, sink] = [memoryStore(), memorySink()];
		await run(start => pagedSource(someRecords(4).slice(2), {start}), sink, {state});
		const {checkpoint, version} = state.stored!;
		state.stored = {version, checkpoint: {...checkpoint, succeededMs: 1}};
		state.history.length = 0;
		return {state, sink};
	}
	const known = (state: {readonly history: readonly {readonly succeededMs?: number}[]}) =>
		state.history.map(({succeededMs}) => succeededMs);

	it('stands in the last checkpoint of a run that came to its end, and costs none of its own', async () => {
		const [sizes, state] = [{pages: 2}, memoryStore()];
		const beganMs = Date.now();
		await run(source, memorySink(), {state, commitSize: {pages: 3}});
		const [last, ...before] = known(state).reverse();
		assert.deepEqual(before, [undefined, undefined]);
		assert.ok(last! >= beganMs && last! <= Date.now());
		// nothing is left for the last commit: the success still is
		const even = memoryStore();
		await run(source, memorySink(), {state: even, commitSize: sizes});
		assert.ok(even.stored!.checkpoint.succeededMs! >= beganMs);
	});

	it('stays that of an earlier run when the source fails, however much came before', async () => {
		const {state, sink} = await succeededBefore();
		const lost = new SourceError('HTTP_STATUS', 'it answered 500');
		const failing: Build = start =>
			concat(
				source(start) as ReturnType<typeof pagedSource>,
				throwError(() => lost),
			);
		await assert.rejects(run(failing, sink, {state}), lost);
		assert.ok(state.history.length > 0);
		assert.deepEqual(new Set(known(state)), new Set([1]));
	});

	it('stays that of an earlier run when a gap is left', async () => {
		const {state, sink} = await succeededBefore();
		const gappy: Build = start => {
			start.leaveGap(failure);
			return source(start);
		};
		await assert.rejects(run(gappy, sink, {state}), failure);
		assert.deepEqual(new Set(known(state)), new Set([1]));
	});

	it('stays that of an earlier run when it is stopped', async () => {
		const {state, sink} = await succeededBefore();
		const stop = new AbortController();
		const onRequest = () => stop.abort(failure);
		const stopped: Build = start => pagedSource(someRecords(4), {start, untilMs: 1e9, onRequest});
		const report = await run(stopped, sink, {state, signal: stop.signal});
		assert.equal(report.stopped, true);
		assert.equal(state.stored!.checkpoint.succeededMs, 1);
	});

	it('stays that of an earlier run while a sink that cannot be cut is being written', async () => {
		const state = memoryStore();
		await run(source, memoryBucket(), {state});
		const pending = state.history.filter(checkpoint => checkpoint.pending);
		assert.equal(pending.length, 1);
		assert.deepEqual(
			pending.map(({succeededMs, pending}) => [succeededMs, pending!.checkpoint.succeededMs]),
			[[undefined, undefined]],
		);
		assert.notEqual(state.stored!.checkpoint.succeededMs, undefined);
	});
});
