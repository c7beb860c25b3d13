import type {Readable} from 'node:stream';
import type {SinkContext} from '../../lib/sink/sink.ts';

/** A file on the local disk that is to become an object. */
export interface Spooled {
	readonly file: string;
	readonly bytes: number;
	/** Of all its bytes, in hex. */
	readonly sha256: string;
	readonly contentType: string;
	/** Metadata, where the store can hold any: counts, times, the SHA-256. */
	readonly metadata: Readonly<Record<string, string>>;
}

export interface StoredObject {
	/** Below the root of the store, with `/`. */
	readonly name: string;
	readonly bytes: number;
	/** Which content has the name now: it changes with every write. */
	readonly generation: string;
}

/** A place that holds whole objects by name: each appears at once or not at all. */
export interface ObjectStore {
	/** For messages, for example `gs://bucket/prefix`. */
	readonly title: string;
	/** The folder in which spools are made. */
	readonly spoolFolder: string;
	/**
	 * Stores a file under a name that is free. `stored`: the object is there with this content and is durable, whether
	 * it came now, with a reply that was lost, or had been there before. `taken`: the name has other content; nothing
	 * was changed.
	 */
	put(name: string, spooled: Spooled): Promise<'stored' | 'taken'>;
	/** The object, or undefined. */
	stat(name: string): Promise<StoredObject | undefined>;
	/** Whether the object has this content: by the store's checksum where it has one, else by reading it. */
	isSame(object: StoredObject, content: {readonly bytes: number; readonly sha256: string}): Promise<boolean>;
	/** Removes that generation; `locked` where it must stay. One that is gone is no error. */
	remove(object: StoredObject): Promise<'removed' | 'locked'>;
	/** All objects whose name begins so, by name. */
	list(prefix: string): AsyncIterable<StoredObject>;
	/** The bytes as they are stored: not decompressed on the way. */
	read(name: string): Readable;
	/**
	 * Called before anything is put: rejects where the store cannot be written to as an archive must be. `run` is the mark
	 * of the archive, where a state knows it; `rollBytes` how large objects may get.
	 */
	begin?(archive: {readonly run: string | undefined; readonly rollBytes: number}): Promise<void>;
	close?(): Promise<void>;
}

/** What a store needs to know of whoever uses it: when to stop, and whom to warn. */
export type StoreUser = Pick<SinkContext, 'signal' | 'warn'>;

export type OpenStore = (user: StoreUser) => Promise<ObjectStore>;

const unheard: StoreUser = {signal: new AbortController().signal, warn() {}};

/** What comes of a store that is open for this only. */
export async function withStore<T>(
	open: OpenStore,
	use: (store: ObjectStore) => Promise<T>,
	user = unheard,
): Promise<T> {
	const store = await open(user);
	try {
		return await use(store);
	} finally {
		await store.close?.();
	}
}
