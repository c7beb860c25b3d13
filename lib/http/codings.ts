import {promisify} from 'node:util';
import zlib, {type ZlibOptions} from 'node:zlib';
import {BodyTooLarge, UnreadableBody} from './unreadable.ts';

type Unpack = (bytes: Buffer, options: ZlibOptions) => Promise<Buffer>;

/** Node has it from 22.15 on. */
const {zstdDecompress} = zlib as unknown as {zstdDecompress?: typeof zlib.gunzip};
const unpackers = new Map<string, Unpack>([
	['gzip', gunzip],
	['x-gzip', gunzip],
	['deflate', inflate],
	['br', (bytes, {maxOutputLength}) => promisify(zlib.brotliDecompress)(bytes, {maxOutputLength})],
	...(zstdDecompress ? [['zstd', promisify(zstdDecompress) as Unpack] as const] : []),
]);
/** What servers write where nothing is packed; some of them name the charset there. */
const plain = new Set(['', 'identity', 'none', 'utf-8', 'utf8']);
/** More layers are no answer but an attack on memory. */
const maxLayers = 4;
/** Beyond so many members behind each other, junk behind the last is not looked for. */
const maxMembers = 1000;
const gzipTrailerBytes = 8;

/** What Content-Encoding announces, in the order in which it was applied. Throws for what cannot be unpacked. */
export function codingsOf(encoding: string | undefined): string[] {
	const codings = (encoding ?? '').split(',').map(coding => coding.trim().toLowerCase());
	const packed = codings.filter(coding => !plain.has(coding));
	if (packed.length <= maxLayers && packed.every(coding => unpackers.has(coding))) return packed;
	const known = [...unpackers.keys()].join(', ');
	throw new UnreadableBody(
		`it is packed as ${JSON.stringify(encoding)}; expected at most ${maxLayers} of ${known}, or nothing`,
	);
}

/** The body unpacked, layer by layer, off the main thread. Rejects with BodyTooLarge where one has more than `maxBytes`. */
export async function unpack(bytes: Buffer, codings: readonly string[], maxBytes: number): Promise<Buffer> {
	return unpackWith(bytes, codings, {maxOutputLength: maxBytes});
}

/** As much as a beginning of the body gives. */
export async function unpackStart(bytes: Buffer, codings: readonly string[], maxBytes: number): Promise<Buffer> {
	return unpackWith(bytes, codings, {maxOutputLength: maxBytes, finishFlush: zlib.constants.Z_SYNC_FLUSH});
}

async function unpackWith(bytes: Buffer, codings: readonly string[], options: ZlibOptions): Promise<Buffer> {
	let body = bytes;
	for (const coding of codings.toReversed()) {
		try {
			body = await unpackers.get(coding)!(body, options);
		} catch (error) {
			if (isTooLarge(error)) throw BodyTooLarge.than(options.maxOutputLength!);
			throw new UnreadableBody(`it is announced as ${codings.join(', ')}, and ${lookOf(body, coding, error)}`);
		}
	}
	return body;
}

/** Node's own takes what stands behind the last member for a damaged one. */
async function gunzip(bytes: Buffer, options: ZlibOptions): Promise<Buffer> {
	try {
		return await promisify<Buffer, ZlibOptions, Buffer>(zlib.gunzip)(bytes, options);
	} catch (error) {
		const end = isTooLarge(error) ? 0 : await endOfMembers(bytes, options).catch(() => 0);
		if (end === 0) throw error;
		return promisify<Buffer, ZlibOptions, Buffer>(zlib.gunzip)(bytes.subarray(0, end), options);
	}
}

/** The offset behind the whole gzip members; 0 where there is none. */
async function endOfMembers(bytes: Buffer, options: ZlibOptions): Promise<number> {
	let at = 0;
	for (let members = 0; members < maxMembers; members++) {
		if (!isGzip(bytes, at)) return at;
		const data = endOfHeader(bytes, at);
		at = data + (await inflatedBytes(bytes.subarray(data), options)) + gzipTrailerBytes;
	}
	return 0;
}

/** How many bytes of the input a raw stream took. */
function inflatedBytes(bytes: Buffer, {maxOutputLength}: ZlibOptions): Promise<number> {
	return new Promise((resolve, reject) => {
		zlib.inflateRaw(bytes, {maxOutputLength, info: true}, (error, result) => {
			if (error) reject(error);
			else resolve((result as unknown as {engine: {bytesWritten: number}}).engine.bytesWritten);
		});
	});
}

/** A member begins with ten bytes; the fourth says what else there is before the data. */
function endOfHeader(bytes: Buffer, start: number): number {
	const flags = bytes[start + 3]!;
	let at = start + 10;
	if (flags & 4) at += 2 + bytes.readUInt16LE(at);
	for (const text of [8, 16]) if (flags & text) at = bytes.indexOf(0, at) + 1;
	return flags & 2 ? at + 2 : at;
}

/** "deflate" is a zlib stream by the standard, and a raw one by many servers. */
async function inflate(bytes: Buffer, options: ZlibOptions): Promise<Buffer> {
	try {
		return await promisify<Buffer, ZlibOptions, Buffer>(zlib.inflate)(bytes, options);
	} catch (error) {
		if (isTooLarge(error)) throw error;
		return promisify<Buffer, ZlibOptions, Buffer>(zlib.inflateRaw)(bytes, options).catch((other: unknown) => {
			throw isTooLarge(other) ? other : error;
		});
	}
}

function isTooLarge(error: unknown): boolean {
	return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
}

function isGzip(bytes: Buffer, at = 0): boolean {
	return bytes[at] === 0x1f && bytes[at + 1] === 0x8b;
}

/** What a body is by its first bytes, in words. */
function lookOf(bytes: Buffer, coding: string, error: unknown): string {
	const damaged = `what came is cut or damaged (${(error as Error).message})`;
	if (bytes.length === 0) return 'nothing came';
	if (isGzip(bytes)) return coding.endsWith('gzip') ? damaged : 'gzip came';
	if (bytes.toString('hex', 0, 4) === '28b52ffd') return coding === 'zstd' ? damaged : 'zstd came';
	if (/^\s*[{[]/.test(bytes.toString('latin1', 0, 100))) return 'JSON came that is not packed';
	if (/^\s*</.test(bytes.toString('latin1', 0, 100))) return 'a page came that is not packed';
	return coding.endsWith('gzip') ? `what came begins with the bytes ${bytes.toString('hex', 0, 4)}` : damaged;
}
