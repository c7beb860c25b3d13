import {once} from 'node:events';
import type {Transform} from 'node:stream';

/** A piece of a compressed file in the making. Pieces one behind the other are a file too. */
export interface Encoder {
	/** The bytes that came out while these went in; often none. */
	add(bytes: Uint8Array): Promise<Uint8Array>;
	/** The rest of the piece. */
	end(): Promise<Uint8Array>;
	destroy(): void;
}

/** What comes out of a compressor of zlib, bytes by bytes. */
export function encoderOf(compressor: Transform): Encoder {
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
