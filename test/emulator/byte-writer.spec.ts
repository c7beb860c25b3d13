import assert from 'node:assert/strict';
import {createByteWriter} from '../../lib/emulator/data/byte-writer.ts';

describe('emulator/byte-writer', () => {
	it('gives what was written since the last call, larger than its buffer too', () => {
		const writer = createByteWriter();
		writer.write(Buffer.from('first'));
		const first = writer.take();
		writer.write(Buffer.from('second '));
		writer.write(Buffer.alloc(200_000, 'x'));
		assert.equal(first.toString(), 'first');
		assert.equal(writer.take().toString(), `second ${'x'.repeat(200_000)}`);
		assert.equal(writer.take().length, 0);
	});
});
