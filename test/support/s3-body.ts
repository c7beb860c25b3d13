import {createHash} from 'node:crypto';
import type {IncomingHttpHeaders} from 'node:http';
import {crc32} from 'node:zlib';
import {crc32c, crc32cText} from '../../sinks/_gcs/upload.ts';
import {Refusal} from './store-bucket.ts';

/** A checksum as S3 shows it; of an object in parts it ends in their number. */
export interface Checksum {
	/** As in `x-amz-checksum-sha256`. */
	readonly algorithm: string;
	readonly value: string;
}

const digests: Readonly<Record<string, (bytes: Buffer) => string>> = {
	crc32(bytes) {
		const sum = Buffer.alloc(4);
		sum.writeUInt32BE(crc32(bytes));
		return sum.toString('base64');
	},
	crc32c: bytes => crc32cText(crc32c(bytes)),
	sha1: bytes => createHash('sha1').update(bytes).digest('base64'),
	sha256: bytes => createHash('sha256').update(bytes).digest('base64'),
};

/** The bytes that a body holds, whose checksums were right. */
export interface Body {
	readonly bytes: Buffer;
	readonly checksum: Checksum | undefined;
}

/** Reads a body as it came: plain, or in signed or unsigned chunks with trailers. Refuses one that is not what it says. */
export function readBody(body: Buffer, headers: IncomingHttpHeaders, comparesChecksums = true): Body {
	const told = String(headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD');
	const {bytes, trailers} = told.startsWith('STREAMING-') ? unchunk(body) : {bytes: body, trailers: {}};
	const length = headers['x-amz-decoded-content-length'];
	if (length !== undefined && Number(length) !== bytes.length) {
		throw new Refusal(400, 'IncompleteBody', 'You did not provide the number of bytes specified by the header');
	}
	if (/^[0-9a-f]{64}$/.test(told) && told !== createHash('sha256').update(bytes).digest('hex')) {
		throw new Refusal(400, 'XAmzContentSHA256Mismatch', "The provided 'x-amz-content-sha256' does not match.");
	}
	const md5 = headers['content-md5'];
	if (md5 !== undefined && md5 !== createHash('md5').update(bytes).digest('base64')) {
		throw new Refusal(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
	}
	return {bytes, checksum: checked(bytes, {...headers, ...trailers}, comparesChecksums)};
}

/** The checksum of an object in parts: of the digests of its parts. */
export function compositeOf(parts: readonly Checksum[]): Checksum | undefined {
	const [first] = parts;
	if (!first || parts.some(({algorithm}) => algorithm !== first.algorithm)) return undefined;
	const bytes = Buffer.concat(parts.map(({value}) => Buffer.from(value, 'base64')));
	return {algorithm: first.algorithm, value: `${digests[first.algorithm]!(bytes)}-${parts.length}`};
}

function checked(bytes: Buffer, headers: IncomingHttpHeaders, compares: boolean): Checksum | undefined {
	for (const [algorithm, digest] of Object.entries(digests)) {
		const given = headers[`x-amz-checksum-${algorithm}`];
		if (given === undefined) continue;
		const value = digest(bytes);
		if (given === value || !compares) return {algorithm, value: String(given)};
		const name = algorithm.toUpperCase();
		throw new Refusal(400, 'BadDigest', `The ${name} you specified did not match the calculated checksum.`);
	}
	return undefined;
}

/** `size[;chunk-signature=…]\r\n` bytes `\r\n` …, a chunk of no bytes, then trailers. */
function unchunk(body: Buffer): {bytes: Buffer; trailers: Record<string, string>} {
	const chunks: Buffer[] = [];
	for (let at = 0; ;) {
		const end = body.indexOf('\r\n', at);
		const size = Number.parseInt(body.toString('latin1', at, end), 16);
		if (end === -1 || Number.isNaN(size) || end + 2 + size > body.length) {
			throw new Refusal(400, 'IncompleteBody', 'The request body terminated unexpectedly');
		}
		if (size === 0) {
			const lines = body
				.toString('latin1', end + 2)
				.split('\r\n')
				.filter(line => line.includes(':'));
			const trailers = lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);
			return {bytes: Buffer.concat(chunks), trailers: Object.fromEntries(trailers) as Record<string, string>};
		}
		chunks.push(body.subarray(end + 2, end + 2 + size));
		at = end + 4 + size;
	}
}
