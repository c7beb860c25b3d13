import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import {codingsOf, unpack, unpackStart} from '../../lib/http/codings.ts';
import {BodyTooLarge, UnreadableBody} from '../../lib/http/unreadable.ts';

const json = Buffer.from('{"data":["é"]}');
const {gzipSync, deflateSync, deflateRawSync, brotliCompressSync} = zlib;

function member(head: Buffer): Buffer {
	const crc = Buffer.from(gzipSync(json).subarray(-8));
	return Buffer.concat([head, deflateRawSync(json), crc]);
}

async function read(encoding: string, body: Buffer, maxBytes = 1000): Promise<string> {
	return (await unpack(body, codingsOf(encoding), maxBytes)).toString();
}

describe('codingsOf', () => {
	it('has nothing where nothing is packed', () => {
		for (const encoding of [undefined, '', 'none', 'identity', 'UTF-8', ' Identity , none']) {
			assert.deepEqual(codingsOf(encoding), []);
		}
	});

	it('has the layers in the order in which they were applied', () => {
		assert.deepEqual(codingsOf('GZIP, identity, Br'), ['gzip', 'br']);
	});

	it('refuses what cannot be unpacked, and more layers than an answer has', () => {
		for (const encoding of ['lzma', 'gzip, aws-chunked', Array(5).fill('gzip').join()]) {
			assert.throws(() => codingsOf(encoding), UnreadableBody);
		}
		assert.throws(() => codingsOf('lzma'), /packed as "lzma"; expected at most 4 of gzip, x-gzip, deflate, br/);
	});
});

describe('unpack', () => {
	const named = member(Buffer.from('1f8b08180000000000036e616d6500776f726400', 'hex'));
	// an extra field, and a checksum of the head
	const head = Buffer.from('1f8b080600000000000302004142', 'hex');
	const checksum = Buffer.alloc(2);
	checksum.writeUInt16LE(zlib.crc32(head) & 0xffff);
	const extra = member(Buffer.concat([head, checksum]));
	const bodies: readonly (readonly [what: string, encoding: string, body: Buffer])[] = [
		['gzip', 'gzip', gzipSync(json)],
		['the old name of gzip', 'X-Gzip', gzipSync(json)],
		['zlib', 'deflate', deflateSync(json)],
		['raw deflate', 'deflate', deflateRawSync(json)],
		['Brotli', 'br', brotliCompressSync(json)],
		['gzip in gzip', 'gzip, gzip', gzipSync(gzipSync(json))],
		['gzip in Brotli', 'gzip, br', brotliCompressSync(gzipSync(json))],
		['raw deflate in gzip', 'deflate, identity, gzip', gzipSync(deflateRawSync(json))],
		['zeros behind gzip', 'gzip', Buffer.concat([gzipSync(json), Buffer.alloc(16)])],
		['junk behind gzip', 'gzip', Buffer.concat([gzipSync(json), Buffer.from('junk')])],
		['junk behind a member with a name', 'gzip', Buffer.concat([named, Buffer.from('junk')])],
		['junk behind a member with an extra field', 'gzip', Buffer.concat([extra, Buffer.from('junk')])],
		[
			'junk behind several members',
			'gzip',
			Buffer.concat([gzipSync(json.subarray(0, 3)), gzipSync(json.subarray(3)), Buffer.from('\r\n0\r\n')]),
		],
	];
	for (const [what, encoding, body] of bodies) {
		it(`reads ${what}`, async () => assert.equal(await read(encoding, body), json.toString()));
	}

	const damaged = Buffer.from(gzipSync(json));
	damaged[14]! ^= 0xff;
	const wrong: readonly (readonly [what: string, encoding: string, body: Buffer, words: RegExp])[] = [
		['plain JSON', 'gzip', json, /announced as gzip, and JSON came that is not packed/],
		['a page', 'br', Buffer.from(' <html>'), /announced as br, and a page came that is not packed/],
		['gzip', 'br', gzipSync(json), /announced as br, and gzip came/],
		['Brotli', 'gzip', Buffer.from('0b0180', 'hex'), /announced as gzip, and what came begins with the bytes 0b0180/],
		['a cut', 'gzip', gzipSync(json).subarray(0, -3), /what came is cut or damaged \(unexpected end of file\)/],
		['damage', 'gzip', damaged, /what came is cut or damaged/],
		['a damaged member behind a good one', 'gzip', Buffer.concat([gzipSync(json), damaged]), /cut or damaged/],
		['nothing', 'gzip', Buffer.alloc(0), /announced as gzip, and nothing came/],
		['one layer of two', 'gzip, br', gzipSync(json), /announced as gzip, br, and gzip came/],
	];
	for (const [what, encoding, body, words] of wrong) {
		it(`says what was announced, and that ${what} came`, () =>
			assert.rejects(read(encoding, body), (error: unknown) => {
				assert.ok(error instanceof UnreadableBody, String(error));
				assert.match(error.message, words);
				return true;
			}));
	}

	it('refuses a layer that is too large, be it not the last', async () => {
		const bomb = Buffer.alloc(100_000);
		for (const [encoding, body] of [
			['gzip', gzipSync(bomb)],
			['deflate', deflateRawSync(bomb)],
			['br', brotliCompressSync(bomb)],
			['gzip, br', brotliCompressSync(gzipSync(bomb, {level: 0}))],
			['gzip', Buffer.concat([gzipSync(bomb), Buffer.from('junk')])],
		] as const) {
			await assert.rejects(read(encoding, body, 50_000), BodyTooLarge, encoding);
		}
		assert.equal((await read('gzip', gzipSync(bomb), 100_000)).length, 100_000);
	});
});

describe('unpackStart', () => {
	it('gives what a beginning holds', async () => {
		const start = gzipSync(json).subarray(0, -9);
		assert.equal((await unpackStart(start, ['gzip'], 1000)).toString(), json.toString());
	});
});
