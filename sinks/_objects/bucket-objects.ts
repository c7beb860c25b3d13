import {createHash} from 'node:crypto';
import {Readable} from 'node:stream';
import {type BucketFailure, type BucketRetry, type FailureFacts, request, Tries} from './bucket-retry.ts';
import type {ObjectStore, Spooled, StoredObject} from './object-store.ts';

/** An object as a bucket shows it. */
export interface HeldObject extends StoredObject {
	/** Of its content, in hex, where the bucket is to be believed. */
	readonly sha256: string | undefined;
	/** The SHA-256 of the spool that it was made from, by the object's own metadata. */
	readonly claimedSha256: string | undefined;
}

/** A file on its way to a bucket, in as many tries as it takes. */
interface Sending<F extends BucketFailure, H extends HeldObject> {
	/** One try. `held`: what the answer shows; rejects only when the run gives up. */
	attempt(): Promise<'stored' | {readonly held?: H; readonly failure?: F}>;
	/** Whether the object is the whole file, as it was sent. `read` is the SHA-256 of all its bytes, in hex. */
	isWhole(held: H, read: () => Promise<string>): Promise<boolean> | boolean;
	/** Forgets what a failure made useless, or all without one; true where another try is better for it. */
	restart(failure?: F): Promise<boolean> | boolean;
	/** Gives up what is under way. */
	end?(): Promise<void>;
}

/** The requests of one kind of bucket, one for each call. Names are below the prefix; errors are the client's. */
export interface BucketApi<F extends BucketFailure, H extends HeldObject> {
	readonly failures: FailureFacts<F>;
	head(name: string, generation: string | undefined): Promise<H>;
	delete(object: StoredObject): Promise<unknown>;
	/** Some stores of the kind overlook the condition of a removal: another look comes first. */
	readonly overlooksGenerations?: boolean;
	list(
		prefix: string,
		token: string | undefined,
	): Promise<{readonly objects: StoredObject[]; readonly next?: string | undefined}>;
	/** The bytes from an offset on. `shown` hears which generation they are of, and how long that is in all. */
	read(
		name: string,
		range: {readonly from: number; readonly generation: string | undefined},
		shown: (generation: string | undefined, size: number | undefined) => void,
	): AsyncIterable<Buffer>;
	send(name: string, spooled: Spooled, onProgress: (bytes: number) => void): Sending<F, H>;
	close?(): void;
}

/** What all names begin with, and how places are named in messages. */
export function rootOf(scheme: string, {bucket, prefix}: {readonly bucket: string; readonly prefix: string}) {
	const root = prefix === '' ? '' : `${prefix}/`;
	const title = `${scheme}://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
	return {root, title, addressOf: (name: string) => `${scheme}://${bucket}/${root}${name}`};
}

export interface BucketObjectsOptions extends BucketRetry {
	/** Without slashes at its ends; '' for none. */
	readonly prefix: string;
	readonly scheme: string;
	readonly spoolFolder: string;
}

/** The objects of a bucket below a prefix. */
export function bucketObjects<F extends BucketFailure, H extends HeldObject>(
	options: BucketObjectsOptions,
	api: BucketApi<F, H>,
): ObjectStore {
	const {scheme, spoolFolder, signal, bucket} = options;
	const {failures} = api;
	const {title, addressOf} = rootOf(scheme, options);

	async function find(name: string, generation?: string): Promise<H | undefined> {
		const doing = `look up ${addressOf(name)}`;
		const head = async () => api.head(name, generation);
		const found = await request(failures, options, doing, head, failure =>
			failures.isMissing(failure) ? 'missing' : undefined,
		);
		return found === 'missing' ? undefined : found;
	}

	async function remove(object: StoredObject): Promise<'removed' | 'locked'> {
		const {name, generation} = object;
		if (api.overlooksGenerations && (await find(name, generation))?.generation !== generation) return 'removed';
		const doing = `remove ${addressOf(name)}`;
		const removal = async () => {
			await api.delete(object);
			return 'removed' as const;
		};
		return request<F, 'removed', 'removed' | 'locked'>(failures, options, doing, removal, failure => {
			if (failures.isMissing(failure)) return 'removed';
			return failures.isLock(failure) ? 'locked' : undefined;
		});
	}

	async function* list(prefix: string): AsyncGenerator<StoredObject> {
		for (let token: string | undefined, more = true; more; more = token !== undefined) {
			const from = token;
			const page = await request(failures, options, `list ${title}`, async () => api.list(prefix, from));
			yield* page.objects;
			token = page.next;
		}
	}

	/** Goes on where a connection broke, in the same generation. */
	async function* bytesOf(name: string, given?: string): AsyncGenerator<Buffer> {
		const doing = `read ${addressOf(name)}`;
		const tries = new Tries(failures, options, doing);
		let generation = given;
		let size: number | undefined;
		for (let from = 0; size === undefined || from < size;) {
			let failure = failures.passing('the answer ended too early');
			try {
				const shown = (of: string | undefined, bytes: number | undefined) => {
					generation ??= of;
					size ??= bytes;
				};
				for await (const chunk of api.read(name, {from, generation}, shown)) {
					from += chunk.length;
					tries.reached(from);
					yield chunk;
				}
			} catch (error) {
				signal.throwIfAborted();
				failure = failures.failureOf(error);
				if (!failures.isPassing(failure)) throw failures.errorOf(failure, doing, bucket);
			}
			if (size === undefined || from < size) await tries.again(failure);
		}
	}

	/** Each try is decided by what is in the bucket: an answer may be lost, and a refusal be about what an earlier try left. */
	async function put(name: string, spooled: Spooled): Promise<'stored' | 'taken'> {
		const doing = `write ${addressOf(name)}`;
		const tries = new Tries(failures, options, doing);
		const sending = api.send(name, spooled, bytes => tries.reached(bytes));
		try {
			for (;;) {
				const tried = await sending.attempt();
				if (tried === 'stored') return 'stored';
				const held = tried.held ?? (await find(name));
				if (held && (await sending.isWhole(held, async () => sha256Of(bytesOf(name, held.generation)))))
					return 'stored';
				let {failure} = tried;
				if (held && (tried.held || held.claimedSha256 === spooled.sha256)) {
					// a try of this upload made the object, but not as it was sent
					failure = failures.passing('what is stored is not what was sent');
					if ((await remove(held)) === 'locked') throw failures.errorOf(failure, doing, bucket);
					await sending.restart();
				} else if (held) {
					return 'taken';
				} else {
					failure ??= failures.passing('the store said that it has it, but it has not');
					const isMended = await sending.restart(failure);
					if (!isMended && !failures.isPassing(failure)) throw failures.errorOf(failure, doing, bucket);
				}
				await tries.again(failure);
			}
		} finally {
			await sending.end?.();
		}
	}

	return {
		title,
		spoolFolder,
		put,
		async stat(name) {
			const held = await find(name);
			return held && {name, bytes: held.bytes, generation: held.generation};
		},
		async isSame({name, generation, bytes}, content) {
			if (bytes !== content.bytes) return false;
			const held = await find(name, generation);
			return held !== undefined && (held.sha256 ?? (await sha256Of(bytesOf(name, generation)))) === content.sha256;
		},
		remove,
		list,
		read: name => Readable.from(bytesOf(name), {objectMode: false}),
		async close() {
			api.close?.();
		},
	};
}

async function sha256Of(bytes: AsyncIterable<Buffer>): Promise<string> {
	const hash = createHash('sha256');
	for await (const chunk of bytes) hash.update(chunk);
	return hash.digest('hex');
}
