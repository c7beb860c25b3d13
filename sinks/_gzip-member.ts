import {once} from 'node:events';
import {createGzip} from 'node:zlib';

/** One gzip member in the making. */
export interface GzipMember {
	/** The compressed bytes that came out while these went in; often none. */
	add(bytes: Uint8Array): Promise<Uint8Array>;
	/** The rest of the member. */
	end(): Promise<Uint8Array>;
	destroy(): void;
}

/** Starts a member; level 6 is zlib's own default. */
export function startGzipMember(level: number): GzipMember {
	const gzip = createGzip({level});
	let output: Uint8Array[] = [];
	gzip.on('data', (chunk: Uint8Array) => output.push(chunk));
	const drain = () => {
		const bytes = Buffer.concat(output);
		output = [];
		return bytes;
	};
	return {
		async add(bytes) {
			await new Promise<void>((resolve, reject) => {
				gzip.write(bytes, error => (error ? reject(error) : resolve()));
			});
			return drain();
		},
		async end() {
			gzip.end();
			await once(gzip, 'end');
			return drain();
		},
		destroy: () => void gzip.destroy(),
	};
}
