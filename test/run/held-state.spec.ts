import assert from 'node:assert/strict';
import {holdState} from '../../lib/run/held-state.ts';
import {StateError} from '../../lib/model/errors.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import type {Checkpoint, StateStore, StoreContext} from '../../lib/state/state.ts';

const checkpoint: Checkpoint = {binding: {}, sources: {a: 1}, snapshots: {}, sinks: {}};

describe('holdState', () => {
	/** A store with what was asked of it. */
	function held() {
		const log: string[] = [];
		let lost: StoreContext['lost'] | undefined;
		const inner = memoryStore({step: name => void log.push(name)});
		const load = inner.load.bind(inner);
		inner.load = context => {
			lost = context?.lost;
			return load(context);
		};
		return {log, inner, lose: (error: Error) => lost!(error), ...holdState(inner)};
	}

	function contextOf(lost: (error: Error) => void = () => assert.fail()): StoreContext {
		return {signal: new AbortController().signal, note() {}, lost};
	}

	it('loads once, and gives what was committed since as if it came from a file', async () => {
		const {store, log} = held();
		assert.equal(await store.load(contextOf()), undefined);
		assert.equal(await store.commit(checkpoint, 0), 1);
		await store.close?.();
		const again = await store.load(contextOf());
		assert.deepEqual(again, {checkpoint, version: 1});
		assert.notEqual(again!.checkpoint, checkpoint);
		assert.deepEqual(log, ['load', 'commit', 'committed']);
	});

	it('loads anew once it was let go', async () => {
		const {store, letGo, inner, log} = held();
		await store.load(contextOf());
		await letGo();
		inner.stored = {checkpoint, version: 7};
		assert.deepEqual(await store.load(contextOf()), {checkpoint, version: 7});
		assert.deepEqual(log, ['load', 'close state', 'load']);
	});

	it('loads anew after a load that failed', async () => {
		const {store, inner} = held();
		const failure = new StateError('STATE_FAILED', 'no disk');
		const {load} = inner;
		inner.load = async () => Promise.reject(failure);
		await assert.rejects(async () => store.load(contextOf()), failure);
		inner.load = load;
		assert.equal(await store.load(contextOf()), undefined);
	});

	it('tells the round that is going on that it is lost, and no round begins with it any more', async () => {
		const {store, lose} = held();
		const error = new StateError('STATE_CONFLICT', 'taken over');
		const heard: Error[] = [];
		await store.load(contextOf());
		await store.load(contextOf(one => heard.push(one)));
		lose(error);
		assert.deepEqual(heard, [error]);
		await assert.rejects(async () => store.load(contextOf()), error);
	});

	it('has a journal and a lease where the store has', async () => {
		const plain: StateStore = {load: async () => undefined, commit: async () => 1};
		assert.equal('journal' in holdState(plain).store, false);
		await holdState(plain).store.assertHeld!();
		const {store, inner} = held();
		assert.equal(store.journal, inner.journal);
		const error = new StateError('STATE_CONFLICT', 'gone');
		inner.assertHeld = async () => Promise.reject(error);
		await assert.rejects(async () => store.assertHeld!(), error);
	});
});
