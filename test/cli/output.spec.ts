import assert from 'node:assert/strict';
import {PassThrough, Writable} from 'node:stream';
import {write} from '../../lib/cli/output.ts';

describe('write', () => {
	it('resolves when the text is out', async () => {
		const stream = new PassThrough();
		await write(stream, 'text');
		assert.equal(stream.read()?.toString(), 'text');
	});

	it('takes a gone reader for no error', async () => {
		const gone = new Writable({write: (_chunk, _encoding, done) => done(new Error('EPIPE'))});
		await write(gone, 'text');
	});
});
