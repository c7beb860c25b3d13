import assert from 'node:assert/strict';
import fs from 'node:fs';
import {join} from 'node:path';
import {gunzipSync, gzipSync} from 'node:zlib';
import ndjson from '../../../sinks/ndjson.ts';
import {batchOf, sinkContext} from '../../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

/** About as repetitive as audit records are. */
function record(n: number): string {
	return JSON.stringify({
		id: ((n * 2_654_435_761) % 2 ** 32).toString(16),
		attributes: {time: 1_760_000_000_000 + n * 977, action: `action_${n % 37}`, ip: `10.${n % 7}.${n % 83}.${n % 251}`},
		actor: {name: `User ${n % 211}`, email: `user${n % 211}@example.com`},
	});
}

describe('gzip members', () => {
	const folder = temporaryFolder();

	it('together are nearly as small as one stream, at the commit size that the sink asks for', async () => {
		const path = join(folder(), 'events.ndjson.gz');
		const {commitSize, open} = ndjson({path, durability: 'process'});
		const batches = Array.from({length: 60}, (_, page) =>
			batchOf(Array.from({length: 1000}, (_event, n) => ({id: String(n), text: record(page * 1000 + n)}))),
		);
		const sink = await open(sinkContext());
		let pending = 0;
		for (const batch of batches) {
			await sink.write(batch);
			pending += batch.lines.length;
			if (pending < commitSize!.bytes!) continue;
			await sink.flush();
			pending = 0;
		}
		await sink.flush();
		await sink.close();
		const lines = Buffer.concat(batches.map(batch => batch.lines));
		assert.ok(lines.length > 2 * commitSize!.bytes!);
		assert.deepEqual(gunzipSync(fs.readFileSync(path)), lines);
		assert.ok(fs.statSync(path).size <= 1.15 * gzipSync(lines).length);
	});
});
