import {createHash} from 'node:crypto';
import fs from 'node:fs';
import {setImmediate as turn} from 'node:timers/promises';
import {discard} from '../../lib/state/durable-file.ts';
import type {Format} from './compression.ts';
import type {Encoder} from '../_files/encoder.ts';
import {type Retry, retryWhenFull} from '../_files/file-errors.ts';
import {tempPath} from '../_files/temp-files.ts';

const sliceBytes = 4 * 1024 * 1024;
/** A file that somebody has removed meanwhile is an error, not a new one. */
const goOn = fs.constants.O_WRONLY | fs.constants.O_APPEND;

export interface SpoolOptions extends Retry {
	/** Where its file lies, which is to be swept with `sweepTempFiles()`. */
	readonly folder: string;
	readonly format: Format;
}

export interface SpooledFile {
	readonly file: string;
	readonly bytes: number;
	/** Of all its bytes, in hex. */
	readonly sha256: string;
}

/** A compressed file in the making. */
export interface Spool {
	/** Resolves when the bytes are with the operating system, or in the compressor. */
	add(bytes: Uint8Array): Promise<void>;
	/** Lets go of compressor and descriptor until the next `add()`. It costs some compression. */
	park(): Promise<void>;
	/** Ends it. */
	finish(): Promise<SpooledFile>;
	/** Removes its file. */
	discard(): void;
}

/** A file that comes into being with its first bytes. */
export function createSpool(options: SpoolOptions): Spool {
	const {folder, format} = options;
	const file = tempPath(folder);
	const hash = createHash('sha256');
	let bytes = 0;
	let encoder: Encoder | undefined;
	let descriptor: number | undefined;

	async function put(chunk: Uint8Array): Promise<void> {
		const open = (descriptor ??= await retryWhenFull(options, file, () => fs.openSync(file, bytes === 0 ? 'a' : goOn)));
		for (let offset = 0; offset < chunk.length;) {
			if (offset > 0) await turn();
			const length = Math.min(sliceBytes, chunk.length - offset);
			const written = await retryWhenFull(options, file, () => fs.writeSync(open, chunk, offset, length));
			hash.update(chunk.subarray(offset, offset + written));
			offset += written;
			bytes += written;
		}
	}

	function close(): void {
		if (descriptor !== undefined) fs.closeSync(descriptor);
		descriptor = undefined;
	}

	async function park(): Promise<void> {
		const ended = encoder;
		encoder = undefined;
		if (ended) await put(await ended.end());
		close();
	}

	return {
		async add(added) {
			encoder ??= format.start();
			await put(await encoder.add(added));
		},
		park,
		async finish() {
			await park();
			return {file, bytes, sha256: hash.digest('hex')};
		},
		discard() {
			encoder?.destroy();
			encoder = undefined;
			close();
			discard(file);
		},
	};
}
