import {formats} from '../../sinks/_files/compression.ts';
import {join} from 'node:path';
import type {Json} from '../../lib/model/event.ts';
import type {Batch, OpenSink} from '../../lib/sink/sink.ts';
import {type ObjectArchiveOptions, openObjectArchive} from '../../sinks/_objects/object-archive.ts';
import {entriesOf} from './archive-runs.ts';
import {type MemoryObjects, memoryObjects} from './memory-objects.ts';
import {batchOf, sinkContext} from '../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

export const dayMs = 24 * 60 * 60 * 1000;
export const firstDay = Date.UTC(2026, 0, 1);

/** Pages of numbered events, days apart; another version has the same ids with other texts, some on other days. */
export function pagesOf(sizes: readonly number[], version = 0): Batch[] {
	let id = 0;
	return sizes.map(size =>
		batchOf(
			Array.from({length: size}, () => {
				const day = (id * 7) % 3;
				const timeMs = firstDay + (version > 0 && id % 2 ? day + version : day) * dayMs;
				return {id: `${id}`, timeMs, text: JSON.stringify({id: id++, version})};
			}),
		),
	);
}

export const [first, second] = pagesOf([3, 4]) as [Batch, Batch];

/** The ids of such events, in order. */
export function idsOf(lines: readonly string[]): number[] {
	return lines.map(line => (JSON.parse(line) as {id: number}).id).sort((a, b) => a - b);
}

/** An archive in memory, uncompressed and by day, a new one for each test. */
export function archiveUnderTest() {
	const temporary = temporaryFolder();
	let store: MemoryObjects;
	const spoolFolder = () => join(temporary(), 'spools');
	beforeEach(() => (store = memoryObjects(spoolFolder())));

	const open = (options: Partial<ObjectArchiveOptions> = {}, resume?: Json, prepared?: Json): Promise<OpenSink> =>
		openObjectArchive({
			sink: 'archive',
			store,
			layout: '{date}',
			format: formats.none,
			mode: undefined,
			maxAttempts: 1,
			retryBaseMs: 0,
			context: {...sinkContext(resume), prepared},
			...options,
		});

	/** An archive of one commit, and what its flush returned. */
	async function committed(batch = first, options: Partial<ObjectArchiveOptions> = {}): Promise<Json> {
		const sink = await open(options);
		await sink.write(batch);
		const mark = await sink.flush();
		await sink.close();
		return mark;
	}

	return {
		store: () => store,
		spoolFolder,
		open,
		committed,
		/** What is in the store, by name. */
		contents: () => new Map(Array.from(store.objects, ([name, {content}]) => [name, content.toString()])),
		/** The lines of the objects that the manifest lists. */
		lines: () =>
			entriesOf(store).flatMap(({files = []}) =>
				files.flatMap(({path}) => store.objects.get(path)!.content.toString().split('\n').slice(0, -1)),
			),
	};
}
