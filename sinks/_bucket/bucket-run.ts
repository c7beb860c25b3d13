import type {SinkContext} from '../../lib/sink/sink.ts';
import type {ObjectStore} from '../_archive/object-store.ts';

/** What a bucket needs to know of whoever uses it: when to stop, and whom to warn. */
export type BucketRun = Pick<SinkContext, 'signal' | 'warn'>;

const unheard: BucketRun = {signal: new AbortController().signal, warn() {}};

/** What comes of a store that is open for this only. */
export async function withStore<T>(
	open: (run: BucketRun) => Promise<ObjectStore>,
	use: (store: ObjectStore) => Promise<T>,
	run = unheard,
): Promise<T> {
	const store = await open(run);
	try {
		return await use(store);
	} finally {
		await store.close?.();
	}
}
