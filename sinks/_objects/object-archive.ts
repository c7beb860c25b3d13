import {AuditError} from '../../lib/model/errors.ts';
import {sealEntry, Tally} from '../../lib/sink/manifest.ts';
import type {Asked} from '../../lib/sink/asked.ts';
import type {OpenSink, Sink} from '../../lib/sink/sink.ts';
import {entryName, objectName} from '../../lib/sink/archive-names.ts';
import {findEntry, putEntry} from './entries.ts';
import {
	type ArchiveMark,
	archiveHolds,
	type ArchiveTarget,
	beginArchive,
	guardSources,
	nextEntry,
	removeOwn,
} from './begin-archive.ts';
import {type Compression, type Format, formats} from '../_files/compression.ts';
import {eventPath} from '../_files/event-path.ts';
import {changed, failed, refused, type Retry, untilBroken} from '../_files/file-errors.ts';
import {type ArchiveOptions, archivePlan} from './archive-options.ts';
import {inParallel} from '../_files/verify-listed.ts';
import {type OpenStore, type Spooled, withStore} from './object-store.ts';
import {addPart, partition, type PartTally} from './partition.ts';
import {createSpools} from './spools.ts';

/** Objects that are put at the same time. */
const putsAtOnce = 4;
/** Ids may have any length; a bucket takes 8 KiB beside an object. */
const maxIdLength = 256;

export interface ObjectArchiveOptions extends ArchiveTarget, Retry {
	/** Of the partitions, as `partitionProblem()` allows it. */
	readonly layout: string;
	readonly format: Format;
}

/** How objects are written, with a compression. */
export type LoadFormat = (compression: Compression) => Promise<Format>;

/** A sink that keeps an archive in a store, and closes the store with itself. */
export function archiveSink(
	sink: string,
	target: string,
	options: ArchiveOptions & {mode?: 'append' | undefined} & Pick<Retry, 'maxAttempts' | 'retryBaseMs'>,
	openStore: OpenStore,
	loadFormat: LoadFormat = async compression => formats[compression],
): Omit<Sink, 'name' | 'delivery'> {
	const {mode, maxAttempts, retryBaseMs} = options;
	const {layout, compression, commitSize} = archivePlan(options);
	return {
		target,
		layout: {layout},
		...(mode === undefined ? {exclusive: 'source' as const} : {}),
		commitSize,
		holds: async (prepared, user) => withStore(openStore, store => archiveHolds(store, prepared), user),
		async open(context) {
			const format = await loadFormat(compression);
			const store = await openStore(context);
			const archive = {sink, store, layout, format, mode, maxAttempts, retryBaseMs, context};
			const opened = await openObjectArchive(archive);
			try {
				const {run} = (context.resume ?? {}) as Partial<ArchiveMark>;
				await store.begin?.({run, rollBytes: commitSize.bytes});
				return opened;
			} catch (error) {
				await opened.close();
				throw error;
			}
		},
	};
}

/** What the next `flush()` does. */
interface Prepared {
	readonly mark: ArchiveMark;
	readonly objects: ReadonlyMap<string, Spooled>;
	/** What runs that died have left, and this one does not put. */
	readonly leftovers: readonly string[];
}

/**
 * Opens an archive of whole objects with a manifest, in any store. Each commit makes one object a partition, and one
 * entry that lists them. After an error every later call but `close()` rejects with it.
 */
export async function openObjectArchive(options: ObjectArchiveOptions): Promise<OpenSink> {
	const {sink, store, format, context} = options;
	const pathOf = eventPath(options.layout);
	let committed = await beginArchive(options);
	const {run, part} = committed;
	const sources = guardSources(options, committed);
	const spools = createSpools({...options, folder: store.spoolFolder});
	const tallies = new Map<string, PartTally>();
	const tally = new Tally();
	let prepared: Prepared | undefined;
	let closed = false;

	const unlessBroken = untilBroken(error =>
		context.signal.aborted || error instanceof AuditError ? error : failed(sink, 'write to', store.title, error),
	);

	async function prepare(asked?: Asked): Promise<Prepared> {
		const objects = new Map<string, Spooled>();
		const known = new Set(committed.leftovers);
		for (const [path, file] of await spools.finish()) {
			const spooled = {...file, contentType: format.contentType, metadata: metadataOf(path, file.sha256)};
			objects.set(await nameOf(path, spooled, known), spooled);
		}
		const leftovers = [...known].filter(name => !objects.has(name)).sort();
		if (objects.size === 0 && !asked) return {mark: {...committed, leftovers}, objects, leftovers};
		const files = Array.from(objects, ([path, {bytes, sha256}]) => ({path, bytes, sha256}));
		files.sort((a, b) => (a.path < b.path ? -1 : 1));
		const superseded = leftovers.length > 0 ? {superseded: leftovers} : {};
		const content = {sources: tally.take(), files, ...superseded, ...(asked ? {asked} : {})};
		const {line, chain} = sealEntry(committed.chain, content, context.sign);
		if ((await findEntry(store, nextEntry(committed), line)) === 'other') throw otherWriter();
		return {mark: {run, part, chain, line, leftovers: []}, objects, leftovers};
	}

	/** A name that is free, or that a run which died gave to the same content. */
	async function nameOf(path: string, content: Spooled, known: ReadonlySet<string>): Promise<string> {
		const place = {partition: path, entry: committed.chain.entries, run, ending: format.ending};
		for (let attempt = 0; ; attempt++) {
			const name = objectName({...place, attempt});
			// Where no such run is known of, put() finds out.
			if (!known.has(name)) return name;
			const there = await store.stat(name);
			if (!there || (await store.isSame(there, content))) return name;
		}
	}

	async function flush({mark, objects, leftovers}: Prepared): Promise<ArchiveMark> {
		const isFirst = committed.chain.entries === 0 && mark.chain.entries > 0;
		if (isFirst) await sources.checkAgain();
		await inParallel(putsAtOnce, objects, async ([name, spooled]) => {
			if ((await store.put(name, spooled)) === 'stored') return;
			throw changed(sink, `${store.title}: ${name} is there with other content, which is not of this state`);
		});
		await removeOwn(store, run, leftovers);
		const place = nextEntry(committed);
		const isDone = mark.chain.entries === place.entry || (await putEntry(store, place, mark.line));
		if (!isDone) throw otherWriter();
		if (isFirst) await sources.checkAgain().catch(async (error: unknown) => withdraw([...objects.keys()], error));
		spools.discard();
		tallies.clear();
		committed = mark;
		return mark;
	}

	/** Two states that begin at the same time may both have found nothing: who sees the other one's entry takes his own back. */
	async function withdraw(objects: readonly string[], error: unknown): Promise<never> {
		if (error instanceof AuditError && error.code === 'TARGET_REFUSED') {
			const entry = await store.stat(entryName(nextEntry(committed)));
			if (!entry || (await store.remove(entry)) === 'removed') await removeOwn(store, run, objects);
		}
		throw error;
	}

	function otherWriter(): Error {
		const name = entryName(nextEntry(committed));
		return changed(sink, `${store.title}: ${name} was written by somebody else: one state, one writer`);
	}

	function metadataOf(path: string, sha256: string): Record<string, string> {
		const {events, firstMs, lastMs, firstId, lastId} = tallies.get(path)!;
		return {
			entry: String(committed.chain.entries),
			run,
			events: String(events),
			'first-time': new Date(firstMs).toISOString(),
			'last-time': new Date(lastMs).toISOString(),
			'first-id': excerptOf(firstId),
			'last-id': excerptOf(lastId),
			sha256,
		};
	}

	return {
		write: batch =>
			unlessBroken(async () => {
				if (batch.records.length === 0 && batch.lines.length > 0) {
					throw refused(sink, `${store.title} takes events, which have a time; dead letters need a file`);
				}
				if (batch.records.length > 0) await sources.check(batch.source);
				tally.add(batch);
				for (const [path, part] of partition(batch, pathOf)) {
					tallies.set(path, addPart(tallies.get(path), part.tally));
					await spools.add(path, part.lines);
				}
			}),
		prepare: asked =>
			unlessBroken(async () => {
				prepared = await prepare(asked);
				return prepared.mark;
			}),
		flush: asked =>
			unlessBroken(async () => {
				const mark = await flush(prepared ?? (await prepare(asked)));
				prepared = undefined;
				return mark;
			}),
		async close() {
			if (closed) return;
			closed = true;
			spools.discard();
			await store.close?.();
		},
	};
}

/** Well-formed, where half a surrogate pair is left. */
function excerptOf(id: string): string {
	return Buffer.from(id.slice(0, maxIdLength)).toString();
}
