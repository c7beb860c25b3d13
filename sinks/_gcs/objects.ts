import type {FileMetadata} from '@google-cloud/storage';
import {createHash} from 'node:crypto';
import {Readable} from 'node:stream';
import type {CertificateOptions} from '../../lib/http/certificates.ts';
import {refused} from '../_files/file-errors.ts';
import {openBucket} from './client.ts';
import {request, Tries} from '../_objects/bucket-retry.ts';
import {
	type Failure,
	failureOf,
	gcsError,
	gcsFailures,
	isLock,
	isMissingBucket,
	isPassing,
	passingFailure,
} from './errors.ts';
import {createPut, type HeldObject, type PutOptions} from './put.ts';
import {silenceGuard} from './upload.ts';
import type {ObjectStore, StoredObject} from '../_objects/object-store.ts';

export interface GcsObjectsOptions extends PutOptions, CertificateOptions {
	/** Without slashes at its ends; may be empty. */
	readonly prefix: string;
	readonly apiEndpoint: string | undefined;
	readonly spoolFolder: string;
}

export interface GcsObjects extends ObjectStore {
	/** Throws where conditions are overlooked: of two writers the second would win. A proper store keeps nothing of it. */
	refuseUnconditional(): Promise<void>;
}

/** The objects of a bucket below a prefix. */
export async function openGcsObjects(options: GcsObjectsOptions): Promise<GcsObjects> {
	const {signal, timeoutMs} = options;
	const bucket = await openBucket(options.apiEndpoint, options);
	const root = options.prefix === '' ? '' : `${options.prefix}/`;
	const title = `gs://${options.bucket}${options.prefix === '' ? '' : `/${options.prefix}`}`;

	const addressOf = (name: string) => `gs://${options.bucket}/${root}${name}`;
	const fileOf = (name: string, generation?: string) =>
		bucket.file(root + name, generation === undefined ? {} : {generation});
	const heldOf = (name: string, {size, generation, crc32c, metadata}: FileMetadata): HeldObject => ({
		name,
		bytes: Number(size),
		generation: String(generation),
		crc32c: crc32c ?? '',
		sha256: typeof metadata?.['sha256'] === 'string' ? metadata['sha256'] : undefined,
	});

	async function find(name: string, generation?: string): Promise<HeldObject | undefined> {
		const found = await request(
			gcsFailures,
			options,
			`look up ${addressOf(name)}`,
			async () => (await fileOf(name, generation).getMetadata())[0],
			failure => (failure.status === 404 && !isMissingBucket(failure) ? 'missing' : undefined),
		);
		return found === 'missing' ? undefined : heldOf(name, found);
	}

	async function remove({name, generation}: StoredObject): Promise<'removed' | 'locked'> {
		return request<Failure, 'removed', 'removed' | 'locked'>(
			gcsFailures,
			options,
			`remove ${addressOf(name)}`,
			async () => {
				await bucket.file(root + name).delete({ifGenerationMatch: Number(generation)});
				return 'removed';
			},
			failure => {
				if (failure.status === 412 || (failure.status === 404 && !isMissingBucket(failure))) return 'removed';
				return isLock(failure) ? 'locked' : undefined;
			},
		);
	}

	async function* list(prefix: string): AsyncGenerator<StoredObject> {
		for (let pageToken: string | undefined, more = true; more; more = pageToken !== undefined) {
			const query = {
				prefix: root + prefix,
				autoPaginate: false,
				...(pageToken === undefined ? {} : {pageToken}),
			};
			const [files, next] = await request(gcsFailures, options, `list ${title}`, async () => bucket.getFiles(query));
			for (const {name, metadata} of files) yield stored(heldOf(name.slice(root.length), metadata));
			pageToken = (next as {pageToken?: string} | undefined)?.pageToken;
		}
	}

	/** Goes on where a connection broke, in the same generation. */
	async function* bytesOf(name: string): AsyncGenerator<Buffer> {
		const doing = `read ${addressOf(name)}`;
		const tries = new Tries(gcsFailures, options, doing);
		let generation: string | undefined;
		let size: number | undefined;
		for (let at = 0; size === undefined || at < size;) {
			const guard = silenceGuard(timeoutMs, signal);
			const range = at === 0 ? {} : {start: at};
			const stream = fileOf(name, generation).createReadStream({decompress: false, validation: false, ...range});
			guard.signal.addEventListener('abort', () => stream.destroy(guard.signal.reason as Error), {once: true});
			stream.on('response', ({headers}: {headers: Record<string, string | undefined>}) => {
				const length = headers['x-goog-stored-content-length'];
				if (length === undefined) return; // of an error
				generation ??= headers['x-goog-generation'];
				size ??= Number(length);
			});
			let failure = passingFailure('the answer ended too early');
			try {
				for await (const chunk of stream as AsyncIterable<Buffer>) {
					guard.heard();
					at += chunk.length;
					tries.reached(at);
					yield chunk;
				}
			} catch (error) {
				signal.throwIfAborted();
				failure = failureOf(error);
				if (!isPassing(failure)) throw gcsError(failure, doing, options.bucket);
			} finally {
				guard.end();
			}
			if (size === undefined || at < size) await tries.again(failure);
		}
	}

	async function refuseUnconditional(): Promise<void> {
		const file = fileOf('rxaudit.manifest/conditional-write');
		const stored = await request<Failure, 'stored', 'stored' | 'refused'>(
			gcsFailures,
			options,
			`use ${title}`,
			async () => {
				const never = {preconditionOpts: {ifGenerationMatch: 1}, validation: false}; // no object has this generation
				await file.save('x', {...never, resumable: false, timeout: timeoutMs});
				return 'stored';
			},
			// credentials that may not do this are found out by what is written
			failure => (isPassing(failure) ? undefined : 'refused'),
		);
		if (stored === 'refused') return;
		await file.delete().catch(() => {});
		throw refused(
			'gcs',
			`${title} is behind something that overlooks ifGenerationMatch: two writers would overwrite each other's evidence; ` +
				'use Google itself, or an emulator that keeps conditions',
		);
	}

	return {
		title,
		refuseUnconditional,
		spoolFolder: options.spoolFolder,
		put: createPut(options, {addressOf, fileOf, heldOf, find, remove}),
		async stat(name) {
			const held = await find(name);
			return held && stored(held);
		},
		async isSame({name, generation, bytes}, content) {
			if (bytes !== content.bytes) return false;
			const held = await find(name, generation);
			if (held?.sha256 !== undefined || !held) return held?.sha256 === content.sha256;
			const hash = createHash('sha256');
			for await (const chunk of bytesOf(name)) hash.update(chunk);
			return hash.digest('hex') === content.sha256;
		},
		remove,
		list,
		read: name => Readable.from(bytesOf(name), {objectMode: false}),
	};
}

function stored({name, bytes, generation}: HeldObject): StoredObject {
	return {name, bytes, generation};
}
