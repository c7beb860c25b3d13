import assert from 'node:assert/strict';
import fc from 'fast-check';
import {isoTimeBytes} from '../../lib/emulator/data/iso-time.ts';

describe('emulator/iso-time', () => {
	it('writes what toISOString writes, in any order of days', () => {
		fc.assert(
			fc.property(fc.integer({min: -1e12, max: 4e12}), timeMs => {
				const iso = new Date(timeMs).toISOString();
				assert.equal(Buffer.from(isoTimeBytes(timeMs, true)).toString(), iso);
				assert.equal(Buffer.from(isoTimeBytes(timeMs, false)).toString(), `${iso.slice(0, 19)}Z`);
			}),
		);
	});
});
