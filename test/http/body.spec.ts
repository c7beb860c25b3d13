import assert from 'node:assert/strict';
import {Readable} from 'node:stream';
import zlib from 'node:zlib';
import fc from 'fast-check';
import {readBody, readStart} from '../../lib/http/body.ts';
import {BodyTooLarge} from '../../lib/http/unreadable.ts';
import {scriptedServers} from '../support/scripted-server.ts';
import {openClient, rejection} from './open-client.ts';

const packers = {
	identity: (bytes: Buffer) => bytes,
	gzip: (bytes: Buffer) => zlib.gzipSync(bytes),
	'x-gzip': (bytes: Buffer) => zlib.gzipSync(bytes),
	deflate: (bytes: Buffer) => zlib.deflateSync(bytes),
	br: (bytes: Buffer) => zlib.brotliCompressSync(bytes),
};
const packed = (['gzip', 'deflate', 'br'] as const).map(encoding => [encoding, packers[encoding]] as const);
const ignore = () => {};

function streamOf(bytes: Uint8Array, pieceBytes = 1000): Readable {
	const pieces = Array.from({length: Math.ceil(bytes.length / pieceBytes)}, (_, n) =>
		bytes.subarray(n * pieceBytes, (n + 1) * pieceBytes),
	);
	return Readable.from(pieces, {objectMode: false});
}

describe('readBody', () => {
	it('gives the bytes that were packed, in whatever pieces they come', async () => {
		const encodings = fc.constantFrom(...(Object.keys(packers) as (keyof typeof packers)[]));
		await fc.assert(
			fc.asyncProperty(
				fc.uint8Array({maxLength: 3000}),
				encodings,
				fc.integer({min: 1, max: 500}),
				async (bytes, encoding, size) => {
					const body = packers[encoding](Buffer.from(bytes));
					const name = size % 2 ? encoding : ` ${encoding.toUpperCase()} `;
					assert.deepEqual(await readBody(streamOf(body, size), name, 3000, ignore), Buffer.from(bytes));
				},
			),
			{numRuns: 100},
		);
	});

	for (const [encoding, pack] of packed) {
		it(`refuses a cut or damaged ${encoding} stream, wherever`, async () => {
			const whole = pack(Buffer.from(JSON.stringify(Array.from({length: 300}, (_, n) => n * 7919))));
			for (let length = 1; length < whole.length; length += 37) {
				await assert.rejects(readBody(streamOf(whole.subarray(0, length)), encoding, 1e6, ignore));
			}
			await assert.rejects(readBody(streamOf(Buffer.from('{"data": []}')), encoding, 1e6, ignore));
		});

		it(`stops unpacking ${encoding} when the limit is passed`, async () => {
			const bomb = pack(Buffer.alloc(64 * 2 ** 20, ' '));
			assert.ok(bomb.length * 900 < 64 * 2 ** 20);
			const {rss} = process.memoryUsage();
			await assert.rejects(readBody(streamOf(bomb), encoding, 2 ** 20, ignore), BodyTooLarge);
			assert.ok(process.memoryUsage().rss - rss < 32 * 2 ** 20, 'far from all of it is in memory');
		});
	}

	it('takes a body of exactly the limit', async () => {
		assert.equal((await readBody(streamOf(Buffer.alloc(5000)), undefined, 5000, ignore)).length, 5000);
		await assert.rejects(readBody(streamOf(Buffer.alloc(5001)), undefined, 5000, ignore), BodyTooLarge);
	});

	it('refuses an unknown packing, or a packed body that is too large, and lets go of the stream', async () => {
		for (const [encoding, bytes] of [
			['aws-chunked', 2],
			['gzip', 100_000],
		] as const) {
			const stream = streamOf(Buffer.alloc(bytes));
			await assert.rejects(readBody(stream, encoding, 100, ignore));
			assert.ok(stream.destroyed);
		}
	});
});

describe('readStart', () => {
	it('gives the first bytes and lets go of the rest', async () => {
		const stream = streamOf(Buffer.alloc(100_000, 'x'));
		let pieces = 0;
		assert.equal((await readStart(stream, undefined, 1500, () => pieces++)).toString(), 'x'.repeat(1500));
		assert.equal(pieces, 2);
		assert.ok(stream.destroyed);
	});

	it('unpacks as much of it as came', async () => {
		const whole = zlib.gzipSync('sorry, '.repeat(50_000));
		const start = await readStart(streamOf(whole.subarray(0, whole.length - 20)), 'gzip', 1000, ignore);
		assert.equal(start.toString(), 'sorry, '.repeat(150).slice(0, 1000));
	});

	it('gives what came where the rest is missing', async () => {
		const cut = new Readable({read: ignore});
		cut.push('sorry');
		const start = readStart(cut, undefined, 100, () => cut.destroy(new Error('reset')));
		assert.equal((await start).toString(), 'sorry');
		assert.equal((await readStart(streamOf(Buffer.from('text')), 'lzma', 100, ignore)).length, 0);
		assert.equal((await readStart(streamOf(Buffer.from('text')), 'gzip', 100, ignore)).length, 0);
	});
});

describe('bodies over HTTP', () => {
	const serve = scriptedServers();
	const json = '{"data":["é"]}';

	const right: readonly (readonly [what: string, headers: Record<string, string>, body: string | Buffer])[] = [
		['a byte order mark', {}, `\uFEFF${json}`],
		['another content type', {'content-type': 'text/html'}, json],
		['white space around it', {}, `\r\n ${json}\n`],
		...packed.map(([encoding, pack]) => [encoding, {'content-encoding': encoding}, pack(Buffer.from(json))] as const),
	];
	for (const [what, headers, body] of right) {
		it(`takes JSON with ${what}`, async () => {
			const server = await serve(response => response.writeHead(200, headers).end(body));
			assert.deepEqual(await openClient(server.origin).get(), {data: ['é']});
		});
	}

	it('asks for what it can unpack', async () => {
		const server = await serve(response => response.end(json));
		await openClient(server.origin).get();
		assert.equal(server.requests[0]?.headers['accept-encoding'], 'gzip, br');
	});

	const wrong: readonly (readonly [
		what: string,
		headers: Record<string, string>,
		body: string | Buffer,
		code?: string,
	])[] = [
		['nothing', {}, ''],
		['half of it', {}, json.slice(0, 7)],
		['a page', {'content-type': 'text/html'}, '<!DOCTYPE html>\n<title>Oops</title>'],
		['two documents', {}, `${json}${json}`],
		['half of a gzip stream', {'content-encoding': 'gzip'}, zlib.gzipSync(json).subarray(0, 20)],
		['gzip that is none', {'content-encoding': 'gzip'}, json],
		['Brotli that is none', {'content-encoding': 'br'}, json],
		['an unknown packing', {'content-encoding': 'lzma'}, json],
		['too much', {}, Buffer.alloc(2 ** 21, ' '), 'BODY_TOO_LARGE'],
		['a bomb', {'content-encoding': 'gzip'}, zlib.gzipSync(Buffer.alloc(2 ** 26)), 'BODY_TOO_LARGE'],
	];
	for (const [what, headers, body, code = 'BAD_BODY'] of wrong) {
		it(`refuses ${what}`, async () => {
			const server = await serve(response => response.writeHead(200, headers).end(body));
			const error = await rejection(openClient(server.origin, {maxAttempts: 2}).get());
			assert.equal(error['code'], code);
			assert.equal(server.requests.length, code === 'BODY_TOO_LARGE' ? 1 : 2, 'the same is as large the next time');
			assert.doesNotMatch(error.message, /\n/);
			assert.ok(error.message.length < 500);
		});
	}

	it('shows the beginning of what came instead', async () => {
		const page = `<!DOCTYPE html>\n<title>Oops</title>${'x'.repeat(1000)}`;
		const server = await serve(response => response.writeHead(200, {'content-type': 'text/html'}).end(page));
		const error = await rejection(openClient(server.origin, {maxAttempts: 1}).get());
		assert.match(
			error.message,
			/expected JSON, but a page for people \("Oops"\) came: <!DOCTYPE html>\\n<title>Oops<\/title>x+…$/,
		);
	});

	it('refuses a body shorter than announced', async () => {
		const server = await serve(response => {
			response.writeHead(200, {'content-length': '100'}).write('{}');
			response.socket?.end();
		});
		const error = await rejection(openClient(server.origin, {maxAttempts: 2}).get());
		assert.equal(error['code'], 'UNREACHABLE');
		assert.equal(server.requests.length, 2);
	});
});
