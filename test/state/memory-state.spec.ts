import assert from 'node:assert/strict';
import {memoryState} from '../../lib/state/memory-state.ts';
import type {Checkpoint} from '../../lib/state/state.ts';

describe('memoryState', () => {
	it('keeps the last checkpoint, and takes none for another version', async () => {
		const state = memoryState();
		const checkpoint: Checkpoint = {binding: {}, sources: {}, snapshots: {}, sinks: {}};
		assert.equal(await state.load(), undefined);
		assert.equal(await state.commit(checkpoint, 0), 1);
		await assert.rejects(state.commit(checkpoint, 0), {code: 'STATE_CONFLICT'});
		assert.deepEqual(await state.load(), {checkpoint, version: 1});
	});
});
