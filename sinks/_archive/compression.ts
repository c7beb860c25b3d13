import type {Transform} from 'node:stream';
import zlib from 'node:zlib';
import {type Encoder, encoderOf} from '../_files/encoder.ts';
import {startGzipMember} from '../_files/gzip-member.ts';

export const compressions = ['gzip', 'zstd', 'none'] as const;

export type Compression = (typeof compressions)[number];

export interface Format {
	/** How a name ends. */
	readonly ending: string;
	/**
	 * Of the bytes as they are stored. There is never a content encoding beside it: a bucket would unpack such an object
	 * for some readers and not for others, and then its length and its SHA-256 would not be those of the manifest.
	 */
	readonly contentType: string;
	start(): Encoder;
}

const gzipLevel = 6;

/** Node has it from 22.15 and 23.8 on; its types here are older. */
const {createZstdCompress} = zlib as typeof zlib & {readonly createZstdCompress?: () => Transform};

export const formats: Readonly<Record<Compression, Format>> = {
	gzip: {ending: '.ndjson.gz', contentType: 'application/gzip', start: () => startGzipMember(gzipLevel)},
	zstd: {ending: '.ndjson.zst', contentType: 'application/zstd', start: () => encoderOf(createZstdCompress!())},
	none: {ending: '.ndjson', contentType: 'application/x-ndjson', start: passOn},
};

/** What is wrong with a compression, as the end of `expected …`, or undefined. */
export function compressionProblem(compression: Compression): string | undefined {
	if (compression !== 'zstd' || createZstdCompress) return undefined;
	return `gzip or none: zstd needs Node 22.15 or 23.8, this is ${process.version}`;
}

function passOn(): Encoder {
	return {add: async bytes => bytes, end: async () => new Uint8Array(), destroy() {}};
}
