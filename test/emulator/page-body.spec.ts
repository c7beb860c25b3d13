import assert from 'node:assert/strict';
import {createByteWriter} from '../../lib/emulator/data/byte-writer.ts';
import {pageBody, RECORD_DEPTH} from '../../lib/emulator/server/page-body.ts';
import {prettyPrint} from '../../lib/emulator/data/pretty-print.ts';

describe('emulator/page-body', () => {
	const envelope = {start: 0, items: [], links: {}};
	for (const pretty of [false, true]) {
		for (const count of [0, 1, 3]) {
			it(`puts ${count} records into the array${pretty ? ', indented' : ''}`, () => {
				const writer = createByteWriter();
				const record = pretty ? prettyPrint('{"a":1}', RECORD_DEPTH) : '{"a":1}';
				const body = pageBody(writer, envelope, 'items', count, () => writer.write(Buffer.from(record)), pretty);
				const expected = {...envelope, items: Array.from({length: count}, () => ({a: 1}))};
				assert.equal(body.toString(), JSON.stringify(expected, null, pretty ? 2 : undefined));
			});
		}
	}
});
