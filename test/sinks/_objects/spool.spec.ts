import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import {gunzipSync} from 'node:zlib';
import {formats} from '../../../sinks/_files/compression.ts';
import {createSpool} from '../../../sinks/_objects/spools.ts';
import {sinkContext, sinkError} from '../../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

describe('a spool', () => {
	const folder = temporaryFolder();
	const spoolOf = () =>
		createSpool({
			folder: folder(),
			format: formats.gzip,
			sink: 'some-sink',
			maxAttempts: 1,
			retryBaseMs: 0,
			context: sinkContext(),
		});

	it('goes on where it was parked', async () => {
		const spool = spoolOf();
		await spool.add(Buffer.from('one\n'));
		await spool.park();
		await spool.add(Buffer.from('two\n'));
		const {file, bytes, sha256} = await spool.finish();
		const content = fs.readFileSync(file);
		assert.equal(gunzipSync(content).toString(), 'one\ntwo\n');
		assert.deepEqual([bytes, sha256], [content.length, createHash('sha256').update(content).digest('hex')]);
		spool.discard();
		assert.deepEqual(fs.readdirSync(folder()), []);
	});

	it('fails when somebody has removed its file meanwhile, instead of beginning another', async () => {
		const spool = spoolOf();
		await spool.add(Buffer.from('one\n'));
		await spool.park();
		for (const name of fs.readdirSync(folder())) fs.rmSync(`${folder()}/${name}`);
		await assert.rejects(spool.add(Buffer.from('two\n')), sinkError('SINK_FAILED', /ENOENT/));
		spool.discard();
	});
});
