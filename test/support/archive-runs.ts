import assert from 'node:assert/strict';
import {gunzipSync} from 'node:zlib';
import type {Json} from '../../lib/model/event.ts';
import type {ManifestEntry} from '../../lib/sink/manifest.ts';
import type {Batch} from '../../lib/sink/sink.ts';
import {formats} from '../../sinks/_files/compression.ts';
import {archiveHolds} from '../../sinks/_objects/begin-archive.ts';
import {openObjectArchive} from '../../sinks/_objects/object-archive.ts';
import type {ObjectStore} from '../../sinks/_objects/object-store.ts';
import type {MemoryObjects} from './memory-objects.ts';
import {sinkContext} from '../../lib/testing/sink-batch.ts';

/** A checkpoint as the committer keeps it: how many pages, and what the sink returned. */
export interface ArchiveState {
	readonly pages: number;
	readonly sink: Json;
	readonly pending?: {readonly pages: number; readonly sink: Json};
}

export interface ArchiveRun {
	readonly store: ObjectStore;
	readonly batches: readonly Batch[];
	readonly perCommit: number;
	/** What the run before left. */
	readonly state: ArchiveState | undefined;
	save(state: ArchiveState): void;
}

/** Writes the batches that are not committed, as the committer does it; it may be cut short at any step of the store. */
export async function runArchive({store, batches, perCommit, state, save}: ArchiveRun): Promise<void> {
	let {pages, sink, pending} = state ?? {pages: 0, sink: undefined, pending: undefined};
	let replayed = pending && pending.pages - pages;
	if (pending && (await archiveHolds(store, pending.sink))) {
		({pages, sink} = pending);
		pending = undefined;
		replayed = undefined;
	}
	const open = await openObjectArchive({
		sink: 'archive',
		store,
		layout: '{date}',
		format: formats.gzip,
		mode: undefined,
		maxAttempts: 1,
		retryBaseMs: 0,
		context: {...sinkContext(sink), prepared: pending?.sink},
	});
	try {
		sink ??= await open.flush();
		if (!state) save({pages, sink});
		while (pages < batches.length) {
			const to = Math.min(batches.length, pages + (replayed ?? perCommit));
			for (const batch of batches.slice(pages, to)) await open.write(batch);
			const prepared = await open.prepare!();
			save({pages, sink, pending: {pages: to, sink: prepared}});
			assert.deepEqual(await open.flush(), prepared);
			save({pages: to, sink: prepared});
			[pages, sink, replayed] = [to, prepared, undefined];
		}
	} finally {
		await open.close();
	}
}

/** The entries of an archive's manifest, in order. */
export function entriesOf({objects}: MemoryObjects): ManifestEntry[] {
	return [...objects.keys()]
		.filter(name => name.endsWith('.entry'))
		.sort()
		.map(name => (JSON.parse(objects.get(name)!.content.toString()) as {entry: ManifestEntry}).entry);
}

/** The name that the next entry of a state gets, or one that it has. */
export function entryOfMark(mark: Json, entry: number): string {
	const {part} = mark as {readonly part: string};
	return `_rxaudit.manifest/${part}/${String(entry).padStart(12, '0')}.entry`;
}

/** The lines of the objects that the manifest lists. */
export function linesOf(store: MemoryObjects): string[] {
	const files = entriesOf(store).flatMap(({files: listed}) => listed ?? []);
	return files.flatMap(({path}) => {
		return gunzipSync(store.objects.get(path)!.content).toString().split('\n').slice(0, -1);
	});
}
