import assert from 'node:assert/strict';
import {brotliDecompressSync, gunzipSync, inflateRawSync} from 'node:zlib';
import {jsonAnswer} from '../../lib/emulator/server/answer.ts';
import {spoilBody} from '../../lib/emulator/server/body-faults.ts';
import type {RecordFlaw} from '../../lib/emulator/server/faults.ts';

const text = '{"meta":{"n":[]},"data":[ {"id":"Zoë"},{"id":"two"}]}';
const right = jsonAnswer(200, Buffer.from(text));

describe('emulator/body-faults', () => {
	it('packs the body as it says', () => {
		const {headers, body} = spoilBody(right, {kind: 'coding', coding: 'GZIP, br', junk: true});
		assert.equal(headers['content-encoding'], 'GZIP, br');
		assert.equal(gunzipSync(brotliDecompressSync(body)).toString(), text);
		const raw = spoilBody(right, {kind: 'coding', coding: 'raw-deflate'});
		assert.equal(raw.headers['content-encoding'], 'deflate');
		assert.equal(inflateRawSync(raw.body).toString(), text);
		const plain = spoilBody(right, {kind: 'coding', coding: 'none', junk: true});
		assert.equal(plain.body.toString(), `${text}\r\njunk`);
	});

	it('writes the body in another charset, announced or not', () => {
		const latin1 = spoilBody(right, {kind: 'charset', charset: 'iso-8859-1'});
		assert.equal(latin1.headers['content-type'], 'application/json;charset=iso-8859-1');
		assert.equal(latin1.body.toString('latin1'), text);
		const wide = spoilBody(right, {kind: 'charset', charset: 'utf-16', silent: true});
		assert.equal(wide.headers['content-type'], 'application/json');
		assert.equal(wide.body.toString('utf16le'), `\ufeff${text}`);
	});

	it('spoils the first record alone', () => {
		for (const flaw of ['control', 'nan', 'escape', 'byte'] as RecordFlaw[]) {
			const {body} = spoilBody(right, {kind: 'bad-record', flaw});
			const spoilt = body.toString('latin1');
			assert.match(spoilt, /^\{"meta":\{"n":\[\]\},"data":\[ \{"flaw":[^,]*,"id":"Zo/);
			assert.ok(flaw === 'byte' || !isJson(spoilt), flaw);
		}
		const empty = jsonAnswer(200, Buffer.from('{"data":[]}'));
		assert.deepEqual(spoilBody(empty, {kind: 'bad-record', flaw: 'nan'}), empty);
	});

	it('puts so many records in front', () => {
		const {body} = spoilBody(right, {kind: 'many-records', records: 1000});
		assert.ok(body.length < 200);
		const page = JSON.parse(gunzipSync(body).toString()) as {data: unknown[]};
		assert.equal(page.data.length, 1002);
	});
});

function isJson(candidate: string): boolean {
	try {
		JSON.parse(candidate);
		return true;
	} catch {
		return false;
	}
}
