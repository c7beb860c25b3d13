import assert from 'node:assert/strict';
import {setImmediate as turn} from 'node:timers/promises';
import {unlessAborted} from '../../../sinks/_objects/bucket-retry.ts';

describe('sinks/_objects/bucket-retry', () => {
	it('leaves a request whose run is over already, however it ends: it ends no process', async () => {
		const unheard: unknown[] = [];
		const hear = (reason: unknown) => void unheard.push(reason);
		const others = process.rawListeners('unhandledRejection') as ((reason: unknown) => void)[];
		process.removeAllListeners('unhandledRejection').on('unhandledRejection', hear);
		try {
			const over = AbortSignal.abort(new Error('the run is over'));
			const refused = Promise.reject(new Error('No such object'));
			await assert.rejects(unlessAborted(refused, over), /the run is over/);
			await turn();
			await turn();
		} finally {
			process.off('unhandledRejection', hear);
			for (const other of others) process.on('unhandledRejection', other);
		}
		assert.deepEqual(unheard, []);
	});
});
