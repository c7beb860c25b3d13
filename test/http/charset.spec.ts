import assert from 'node:assert/strict';
import fc from 'fast-check';
import {assertUtf8, decodeBody} from '../../lib/http/charset.ts';
import {UnreadableBody} from '../../lib/http/unreadable.ts';
import {scriptedServers} from '../support/scripted-server.ts';
import {openClient, rejection} from './open-client.ts';

const text = '{"m":"Änderung für Zoë"}';
const utf8 = Buffer.from(text);
const latin1 = Buffer.from(text, 'latin1');
const little = Buffer.from(text, 'utf16le');
const big = Buffer.from(little).swap16();
const marked = (mark: string, body: Buffer) => Buffer.concat([Buffer.from(mark, 'hex'), body]);

const readable: readonly (readonly [contentType: string | undefined, body: Buffer])[] = [
	['application/json;charset=ISO-8859-1', latin1],
	['application/json; Charset="windows-1252"', latin1],
	["application/json; a=b; charset='latin1'", latin1],
	['application/json;charset=UTF-8', utf8],
	['application/json;charset=us-ascii', utf8],
	['application/json;charset=UTF-16', marked('fffe', little)],
	['application/json;charset=utf-16', marked('feff', big)],
	['application/json;charset=utf-16', big],
	['application/json;charset=utf-16', little],
	['application/json;charset=utf-16be', big],
	['application/json', marked('fffe', little)],
	['application/json;charset=ISO-8859-1', marked('efbbbf', utf8)],
	['application/json;charset=klingon', utf8],
	['application/json', utf8],
	[undefined, utf8],
];

describe('decodeBody', () => {
	it('gives UTF-8 whatever is announced', () => {
		for (const [contentType, bytes] of readable) {
			const {body} = decodeBody(bytes, contentType);
			assert.equal(body.toString().replace('\ufeff', ''), text, contentType);
		}
	});

	it('says whether anything was announced', () => {
		const isAnnounced = (type?: string) => decodeBody(utf8, type).isAnnounced;
		assert.deepEqual([undefined, 'application/json', 'a/b;charset=klingon', 'a/b;charset=utf-8'].map(isAnnounced), [
			false,
			false,
			false,
			true,
		]);
	});

	it('refuses what is not written in what it is announced as', () => {
		const half = Buffer.from('{"m":"\ud800"}', 'utf16le');
		for (const [type, bytes] of [
			['a/b;charset=utf-16le', half],
			['a/b;charset=shift_jis', Buffer.from([0x7b, 0x81, 0xff])],
		] as const) {
			assert.throws(() => decodeBody(bytes, type), UnreadableBody);
		}
	});
});

describe('assertUtf8', () => {
	it('names the first byte that is wrong', () => {
		const good = fc.string({unit: 'binary', maxLength: 50});
		const bad = fc.constantFrom('ff', 'c0', 'e4', 'e282', 'f09f98', 'eda080', '80');
		fc.assert(
			fc.property(good, bad, good, (before, wrong, behind) => {
				const start = Buffer.from(before);
				// nothing that would make the wrong bytes right again
				const body = Buffer.concat([start, Buffer.from(wrong, 'hex'), Buffer.from(`"${behind}`)]);
				assert.throws(() => assertUtf8(body), {
					message: new RegExp(`at byte ${start.length} \\(0x${wrong.slice(0, 2)}\\)`),
				});
			}),
		);
		assert.doesNotThrow(() => assertUtf8(Buffer.from('漢😀\ufffd')));
	});
});

describe('charsets over HTTP', () => {
	const serve = scriptedServers();

	for (const [contentType, body] of readable) {
		it(`reads what comes as ${contentType}`, async () => {
			const headers = contentType === undefined ? {} : {'content-type': contentType};
			const server = await serve(response => response.writeHead(200, headers).end(body));
			assert.deepEqual(await openClient(server.origin).get(), JSON.parse(text));
		});
	}

	for (const contentType of ['application/json', 'application/json;charset=utf-8']) {
		it(`refuses letters that are none as ${contentType}`, async () => {
			const server = await serve(response => response.writeHead(200, {'content-type': contentType}).end(latin1));
			const error = await rejection(openClient(server.origin, {maxAttempts: 1}).get());
			assert.equal(error['code'], 'BAD_BODY');
			assert.match(error.message, /not UTF-8 at byte 6 \(0xc4\)/);
		});
	}
});
