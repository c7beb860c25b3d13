import {once} from 'node:events';
import type {Transform} from 'node:stream';
import zlib, {createGzip} from 'node:zlib';

/** A piece of a compressed file in the making. Pieces one behind the other are a file too. */
export interface Encoder {
	/** The bytes that came out while these went in; often none. */
	add(bytes: Uint8Array): Promise<Uint8Array>;
	/** The rest of the piece. */
	end(): Promise<Uint8Array>;
	destroy(): void;
}

/** What comes out of a compressor of zlib, bytes by bytes. */
function encoderOf(compressor: Transform): Encoder {
	let output: Uint8Array[] = [];
	compressor.on('data', (chunk: Uint8Array) => output.push(chunk));
	const drain = () => {
		const bytes = Buffer.concat(output);
		output = [];
		return bytes;
	};
	return {
		async add(bytes) {
			await new Promise<void>((resolve, reject) => {
				compressor.write(bytes, error => (error ? reject(error) : resolve()));
			});
			return drain();
		},
		async end() {
			compressor.end();
			await once(compressor, 'end');
			return drain();
		},
		destroy: () => void compressor.destroy(),
	};
}

export type GzipMember = Encoder;

/** Starts a member; level 6 is zlib's own default. */
export function startGzipMember(level: number): GzipMember {
	return encoderOf(createGzip({level}));
}

export const compressions = ['gzip', 'zstd', 'none'] as const;

export type Compression = (typeof compressions)[number];

export interface Format {
	/** How a name ends. */
	readonly ending: string;
	/**
	 * The type of the stored bytes. There is no content encoding: a bucket would decompress such an object for some
	 * readers, and its length and SHA-256 would not be those of the manifest.
	 */
	readonly contentType: string;
	start(): Encoder;
	/** For a format that cannot grow: makes the object of the file that `start()` has made, piece by piece. */
	convert?(file: string): AsyncIterable<Uint8Array>;
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
