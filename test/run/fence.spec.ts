import assert from 'node:assert/strict';
import {StateError} from '../../lib/model/errors.ts';
import {Fence} from '../../lib/run/fence.ts';
import {Meter} from '../../lib/model/meter.ts';
import {dedupe} from '../../lib/operators/dedupe.ts';
import {type Build, run} from '../../lib/run/run.ts';
import type {StateStore, StoreContext} from '../../lib/state/state.ts';
import {memoryBucket} from '../support/memory-bucket.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {pagedSource, someRecords} from '../support/paged-source.ts';

const lost = new StateError('STATE_CONFLICT', 'another run has taken over');

describe('Fence', () => {
	it('asks the state, and no more once it is lost', async () => {
		let asked = 0;
		const state: StateStore = {
			...memoryStore(),
			async assertHeld() {
				if (++asked === 2) throw lost;
			},
		};
		const fence = new Fence(state);
		await fence.assertHeld();
		assert.equal(fence.isLost, false);
		for (let time = 0; time < 3; time++) await assert.rejects(fence.assertHeld(), lost);
		assert.deepEqual([fence.isLost, asked], [true, 2]);
	});

	it('refuses a state that does not say what it must', async () => {
		const checkpoint = {binding: {}, sources: {}, snapshots: {}, sinks: {}};
		const loading = {stop: new AbortController().signal, abort: new AbortController()};
		for (const stored of [checkpoint, {checkpoint: {}, version: 1}, {checkpoint, version: '1'}, 'text', {}]) {
			const fence = new Fence({...memoryStore(), load: async () => stored as never});
			await assert.rejects(fence.load(loading, new Meter()), {code: 'CONFIG', message: /load\(\) to resolve with/});
		}
		for (const version of [undefined, null, '2', Number.NaN]) {
			const state = {...memoryStore(), commit: async () => version as never};
			const committing = new Fence(state).commit(state, checkpoint, 0, loading.stop);
			await assert.rejects(committing, {code: 'CONFIG', message: /commit\(\) to resolve with the new version/});
		}
	});

	it('is never lost without a state, or with one that only compares', async () => {
		for (const state of [undefined, memoryStore()]) {
			const fence = new Fence(state);
			assert.equal(
				await fence.load({stop: new AbortController().signal, abort: new AbortController()}, new Meter()),
				undefined,
			);
			await fence.assertHeld();
			assert.equal(fence.isLost, false);
		}
	});

	it('ends the run when the state says that it was lost, and hands on what there is to say and to hear', async () => {
		let context!: StoreContext;
		const fence = new Fence({
			...memoryStore(),
			async load(run) {
				context = run!;
				return undefined;
			},
		});
		const [stop, abort, meter] = [new AbortController(), new AbortController(), new Meter()];
		const notes: string[] = [];
		meter.onNote = note => notes.push(note);
		await fence.load({stop: stop.signal, abort}, meter);
		context.note('waiting');
		assert.deepEqual(notes, ['waiting']);
		stop.abort(new Error('stopped'));
		assert.equal(context.signal.aborted, true);
		context.lost(lost);
		assert.equal(abort.signal.reason, lost);
		await assert.rejects(fence.assertHeld(), lost);
	});
});

describe('a run whose state was taken over', () => {
	/** Runs until the state is lost before or behind the n-th effect; returns what it did from there on. */
	async function loseAt(at: number): Promise<{steps: string[]; fenced: boolean | undefined} | undefined> {
		let seen = 0;
		let isLost = false;
		const after: string[] = [];
		const step = (name: string) => {
			if (isLost) after.push(name);
			// all sinks are asked at once
			if (++seen === at) queueMicrotask(() => (isLost = true));
		};
		let isFenced: (() => boolean) | undefined;
		const file = memorySink({step, refuses: ['e3'], onOpen: context => (isFenced = context.isFenced)});
		const sinks = [file, memoryBucket({step})];
		const state = memoryStore({step});
		const deadLetters = memorySink({target: 'letters', step});
		const fenced: StateStore = {
			...state,
			async assertHeld() {
				if (isLost) throw lost;
			},
		};
		const build: Build = start => pagedSource(someRecords(6), {start, pageSize: 2}).pipe(dedupe(start));
		const running = run(build, sinks, {state: fenced, deadLetters, commitSize: {pages: 2}});
		if (
			await running.then(
				() => true,
				() => false,
			)
		)
			return undefined;
		await assert.rejects(running, lost);
		return {steps: after, fenced: isFenced?.()};
	}

	it('writes nothing more: no sink, no dead letter, no journal, no state, whenever that was', async () => {
		let losses = 0;
		for (let at = 1; ; at++) {
			const found = await loseAt(at);
			if (found === undefined) break;
			losses += 1;
			// What was begun is done: one flush may put several objects, whose names and bytes are the same in any run.
			const more = found.steps.filter(name => !/^(close|put|written|flushed|appended|committed|rewritten)/.test(name));
			assert.deepEqual(more, [], `lost at step ${at}`);
			assert.notEqual(found.fenced, false, `lost at step ${at}`);
		}
		assert(losses > 20, `${losses} steps`);
	});
});
