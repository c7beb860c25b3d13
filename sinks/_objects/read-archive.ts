import {buffer, text} from 'node:stream/consumers';
import {entryOf, manifestPrefix} from '../../lib/sink/archive-names.ts';
import {emptyChain, openEntry} from '../../lib/sink/manifest.ts';
import type {ReadOptions, Records} from '../../lib/sink/reading.ts';
import {recordsOfLines, sayUnreadable} from '../_files/read-records.ts';
import {recordsOfParquet} from '../_parquet/decode.ts';
import type {ObjectStore} from './object-store.ts';
import {maxEntryBytes} from './verify-archive.ts';

/** The records of the objects that the manifest of an archive lists. A Parquet file is held in memory as a whole. */
export async function* readArchive(sink: string, store: ObjectStore, options: ReadOptions): Records {
	for await (const {name, bytes} of store.list(manifestPrefix)) {
		if (!entryOf(name) || bytes > maxEntryBytes) continue;
		const opened = openEntry((await text(store.read(name))).replace(/\n$/, ''), emptyChain);
		const files = 'entry' in opened ? (opened.entry.files ?? []) : []; // what is no entry is for verify to say
		for (const {path} of files) {
			if (path.endsWith('.parquet')) yield* recordsOfObject(sink, store, path, options);
			else yield* recordsOfLines(path, () => store.read(path), options);
		}
	}
}

async function* recordsOfObject(sink: string, store: ObjectStore, path: string, options: ReadOptions): Records {
	try {
		for await (const records of recordsOfParquet(sink, await buffer(store.read(path)))) {
			options.signal?.throwIfAborted();
			yield records;
		}
	} catch (error) {
		sayUnreadable(path, error, options);
	}
}
