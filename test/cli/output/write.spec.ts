import assert from 'node:assert/strict';
import {PassThrough, Writable} from 'node:stream';
import {write} from '../../../lib/cli/output/write.ts';

describe('write', () => {
	it('resolves when the text is out', async () => {
		const stream = new PassThrough();
		await write(stream, 'text');
		assert.equal(stream.read()?.toString(), 'text');
	});

	it('lets nothing through that drives a terminal', async () => {
		const stream = new PassThrough();
		await write(stream, 'a\x1b[2J\x9b\u202e\n');
		assert.equal(stream.read()?.toString(), 'a\\u001b[2J\\u009b\\u202e\n');
	});

	it('takes a gone reader for no error', async () => {
		const gone = new Writable({write: (_chunk, _encoding, done) => done(new Error('EPIPE'))});
		await write(gone, 'text');
	});
});
