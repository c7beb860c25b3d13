import type {CreateWriteStreamOptions, File, FileMetadata} from '@google-cloud/storage';
import fs from 'node:fs';
import {readFile} from 'node:fs/promises';
import {pipeline} from 'node:stream/promises';
import {unlessAborted} from '../_objects/bucket-retry.ts';
import {type Failure, failureOf} from './errors.ts';
import type {Spooled} from '../_objects/object-store.ts';

const table = Int32Array.from({length: 256}, (_, byte) => {
	let rest = byte;
	for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0x82f63b78 : rest >>> 1;
	return rest;
});

/** The CRC-32C of these bytes behind those that gave `before`. As a number; {@link crc32cText} is what stores show. */
export function crc32c(bytes: Uint8Array, before = 0): number {
	let rest = ~before;
	// an index is nine times as fast as `for … of` here
	for (let at = 0; at < bytes.length; at++) rest = table[(rest ^ bytes[at]!) & 0xff]! ^ (rest >>> 8);
	return ~rest;
}

/** As Google and S3 write it: base64 of the four bytes, the highest first. */
export function crc32cText(crc: number): string {
	const bytes = Buffer.alloc(4);
	bytes.writeInt32BE(crc);
	return bytes.toString('base64');
}

export interface SilenceGuard {
	readonly signal: AbortSignal;
	/** Something was heard: the silence begins anew. */
	heard(): void;
	/** Whatever still goes on under the signal ends. */
	end(): void;
}

/** Aborts its signal after so long a silence, or with the signal that it is given. */
export function silenceGuard(timeoutMs: number, signal: AbortSignal): SilenceGuard {
	const silence = new AbortController();
	const abort = () => silence.abort(signal.reason);
	const timer = setTimeout(() => {
		silence.abort(Object.assign(new Error(`nothing was heard for ${timeoutMs} ms`), {code: 'ETIMEDOUT'}));
	}, timeoutMs);
	if (signal.aborted) abort();
	signal.addEventListener('abort', abort, {once: true});
	return {
		signal: silence.signal,
		heard: () => void timer.refresh(),
		end() {
			clearTimeout(timer);
			signal.removeEventListener('abort', abort);
			silence.abort();
		},
	};
}

const readBytes = 256 * 1024;

export interface Upload {
	readonly spooled: Spooled;
	readonly crc32c: string;
	/** Up to here it goes in one request, above in several: a broken connection then costs one of them and not all. */
	readonly chunkBytes: number;
	readonly timeoutMs: number;
	readonly signal: AbortSignal;
	/** Called when the store has so many bytes of it for good. */
	onProgress(bytes: number): void;
}

/** An upload in chunks that is under way. Its address lets anybody write there: it is never shown. */
export interface Session {
	uri?: string;
}

/** What the store answered in the end. The object may be there whatever it was. */
export type Uploaded = {readonly stored: FileMetadata} | {readonly failure: Failure};

/** One try to store a file; rejects only when the run gives up. */
export async function upload(file: File, session: Session, what: Upload): Promise<Uploaded> {
	const {contentType, metadata, sha256, bytes} = what.spooled;
	const options = {
		preconditionOpts: {ifGenerationMatch: 0}, // the name must be free
		validation: false, // the client's own checksum is ten times as slow
		metadata: {
			contentType,
			metadata: {...metadata, sha256},
			crc32c: what.crc32c,
		},
	};
	return bytes <= what.chunkBytes ? inOne(file, options, what) : inChunks(file, session, options, what);
}

async function inOne(file: File, options: CreateWriteStreamOptions, what: Upload): Promise<Uploaded> {
	try {
		const content = await readFile(what.spooled.file);
		await unlessAborted(file.save(content, {...options, resumable: false, timeout: what.timeoutMs}), what.signal);
		return {stored: file.metadata};
	} catch (error) {
		what.signal.throwIfAborted();
		return {failure: failureOf(error)};
	}
}

interface Answer {
	readonly status: number;
	readonly headers: {readonly range?: string; readonly [name: string]: string | undefined};
}

async function inChunks(
	file: File,
	session: Session,
	options: CreateWriteStreamOptions,
	{spooled, chunkBytes, timeoutMs, signal, onProgress}: Upload,
): Promise<Uploaded> {
	const guard = silenceGuard(timeoutMs, signal);
	let answer: Answer | undefined;
	try {
		file.interceptors.push(stoppable(guard.signal));
		const stream = file.createWriteStream({
			...options,
			metadata: {...options.metadata, contentLength: spooled.bytes},
			resumable: true,
			chunkSize: chunkBytes,
			...session,
		});
		stream.on('uri', (uri: string) => (session.uri = uri));
		stream.on('progress', guard.heard);
		stream.on('response', (response: Answer) => {
			guard.heard();
			answer = response;
			const last = /-(\d+)$/.exec(response.headers.range ?? '')?.[1];
			if (response.status === 308 && last !== undefined) onProgress(Number(last) + 1);
		});
		await pipeline(fs.createReadStream(spooled.file, {highWaterMark: readBytes}), stream, {signal: guard.signal});
		return {stored: file.metadata};
	} catch (error) {
		signal.throwIfAborted();
		return {failure: failureOf(guard.signal.aborted ? guard.signal.reason : error, answer)};
	} finally {
		guard.end();
	}
}

type Interceptor = File['interceptors'][number];
type Next = (options: object) => Promise<unknown>;

/** Makes requests of an upload end with a signal, since the client gives them none that is heard. */
function stoppable(signal: AbortSignal): Interceptor {
	const adapter = (options: object, next: Next) => next({...options, signal});
	return {request: options => Object.assign(options, {adapter}) as ReturnType<Interceptor['request']>};
}

/** The checksum of a file as Google writes it. */
export async function checksumOf(file: string): Promise<string> {
	let crc = 0;
	for await (const bytes of fs.createReadStream(file, {highWaterMark: readBytes})) crc = crc32c(bytes as Buffer, crc);
	return crc32cText(crc);
}
