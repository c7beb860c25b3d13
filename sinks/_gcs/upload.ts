import type {CreateWriteStreamOptions, File, FileMetadata} from '@google-cloud/storage';
import fs from 'node:fs';
import {readFile} from 'node:fs/promises';
import {pipeline} from 'node:stream/promises';
import type {BucketApi, HeldObject as HeldInBucket} from '../_objects/bucket-objects.ts';
import {unlessAborted} from '../_objects/bucket-retry.ts';
import {type Failure, failureOf, isGarbled} from './errors.ts';
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

interface SilenceGuard {
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

/** More would need more memory, and one alone waits too much for answers. */
const chunkedAtOnce = 2;

/** An object as the store shows it. */
export interface HeldObject extends HeldInBucket {
	readonly crc32c: string;
}

interface SendOptions {
	/** Up to here it goes in one request, above in several: a broken connection then costs one of them and not all. */
	readonly chunkBytes: number;
	readonly timeoutMs: number;
	readonly signal: AbortSignal;
}

/** An upload in chunks that is under way. Its address lets anybody write there: it is never shown. */
interface Session {
	uri?: string;
}

export function createSend(
	options: SendOptions,
	files: {fileOf(name: string): File; heldOf(name: string, metadata: FileMetadata): HeldObject},
): BucketApi<Failure, HeldObject>['send'] {
	const lanes: Promise<unknown>[] = Array.from({length: chunkedAtOnce}, () => Promise.resolve());

	async function inLane<T>(action: () => Promise<T>): Promise<T> {
		const result = lanes.shift()!.then(action);
		lanes.push(result.catch(() => {}));
		return result;
	}

	return (name, spooled, onProgress) => {
		const {bytes, sha256, contentType, metadata} = spooled;
		const isChunked = bytes > options.chunkBytes;
		let session: Session = {};
		let crc32c: string | undefined;

		async function attempt(): Promise<{held: HeldObject} | {failure: Failure}> {
			crc32c ??= await checksumOf(spooled.file);
			const file = files.fileOf(name);
			const how = {
				preconditionOpts: {ifGenerationMatch: 0}, // the name must be free
				validation: false, // the client's own checksum is ten times as slow
				metadata: {contentType, metadata: {...metadata, sha256}, crc32c},
			};
			const failure = isChunked
				? await inChunks(file, session, how, {...options, spooled, onProgress})
				: await inOne(file, how, {...options, spooled});
			return failure ? {failure} : {held: files.heldOf(name, file.metadata)};
		}

		return {
			attempt: async () => (isChunked ? inLane(attempt) : attempt()),
			isWhole: held => held.sha256 === sha256 && held.bytes === bytes && held.crc32c === crc32c,
			restart(failure) {
				const isLost = session.uri !== undefined && (failure?.status === 404 || failure?.status === 410);
				const isUseless = !failure || isLost || failure.status === 412 || isGarbled(failure);
				if (isUseless) session = {};
				return isUseless;
			},
		};
	};
}

/** The failure of a try, if any: the object may be stored even so. */
async function inOne(
	file: File,
	how: CreateWriteStreamOptions,
	{spooled, timeoutMs, signal}: SendOptions & {readonly spooled: Spooled},
): Promise<Failure | undefined> {
	try {
		const content = await readFile(spooled.file);
		await unlessAborted(file.save(content, {...how, resumable: false, timeout: timeoutMs}), signal);
		return undefined;
	} catch (error) {
		signal.throwIfAborted();
		return failureOf(error);
	}
}

interface ChunkAnswer {
	readonly status: number;
	readonly headers: {readonly range?: string; readonly [name: string]: string | undefined};
}

async function inChunks(
	file: File,
	session: Session,
	how: CreateWriteStreamOptions,
	{
		spooled,
		chunkBytes,
		timeoutMs,
		signal,
		onProgress,
	}: SendOptions & {readonly spooled: Spooled; onProgress(bytes: number): void},
): Promise<Failure | undefined> {
	const guard = silenceGuard(timeoutMs, signal);
	let answer: ChunkAnswer | undefined;
	try {
		file.interceptors.push(stoppable(guard.signal));
		const stream = file.createWriteStream({
			...how,
			metadata: {...how.metadata, contentLength: spooled.bytes},
			resumable: true,
			chunkSize: chunkBytes,
			...session,
		});
		stream.on('uri', (uri: string) => (session.uri = uri));
		stream.on('progress', guard.heard);
		stream.on('response', (response: ChunkAnswer) => {
			guard.heard();
			answer = response;
			const last = /-(\d+)$/.exec(response.headers.range ?? '')?.[1];
			if (response.status === 308 && last !== undefined) onProgress(Number(last) + 1);
		});
		await pipeline(fs.createReadStream(spooled.file, {highWaterMark: readBytes}), stream, {signal: guard.signal});
		return undefined;
	} catch (error) {
		signal.throwIfAborted();
		return failureOf(guard.signal.aborted ? guard.signal.reason : error, answer);
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
async function checksumOf(file: string): Promise<string> {
	let crc = 0;
	for await (const bytes of fs.createReadStream(file, {highWaterMark: readBytes})) crc = crc32c(bytes as Buffer, crc);
	return crc32cText(crc);
}
