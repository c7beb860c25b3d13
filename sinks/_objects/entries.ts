import {createHash} from 'node:crypto';
import fs from 'node:fs';
import {text} from 'node:stream/consumers';
import {discard, writeFully} from '../../lib/state/durable-file.ts';
import {type Chain, emptyChain, openEntry} from '../../lib/sink/manifest.ts';
import {entryName, entryOf, type EntryPlace, manifestPrefix} from '../../lib/sink/archive-names.ts';
import {changed} from '../_files/file-errors.ts';
import type {ObjectStore} from './object-store.ts';
import {tempPath} from '../_files/temp-files.ts';

/** The chains of an archive, where each entry is an object of its own. Errors name the sink. */

/** The ways out where what a state says was written is not there. */
export const orElse =
	'. If the archive lies elsewhere now, rxaudit state rebind STATE --to SINK. Else begin a new state with ?mode=append, ' +
	'which writes everything again: what is here already is doubled';

/** What is written for the line of an entry. */
function contentOf(line: string): Buffer {
	return Buffer.from(`${line}\n`);
}

/** The line of an entry, or undefined where there is none. */
async function readEntry(store: ObjectStore, place: EntryPlace): Promise<string | undefined> {
	const name = entryName(place);
	return (await store.stat(name)) && (await text(store.read(name))).replace(/\n$/, '');
}

/** Whether an entry is there, and is this one. */
export async function findEntry(
	store: ObjectStore,
	place: EntryPlace,
	line: string,
): Promise<'none' | 'same' | 'other'> {
	const object = await store.stat(entryName(place));
	if (!object) return 'none';
	return (await store.isSame(object, digestOf(contentOf(line)))) ? 'same' : 'other';
}

/** Resolves when the entry is durable; false when another one has its place. */
export async function putEntry(store: ObjectStore, place: EntryPlace, line: string): Promise<boolean> {
	const content = contentOf(line);
	const file = tempPath(store.spoolFolder);
	try {
		writeNew(file, content);
		const {sha256, bytes} = digestOf(content);
		const spooled = {file, bytes, sha256, contentType: 'application/json', metadata: {sha256}};
		return (await store.put(entryName(place), spooled)) === 'stored';
	} finally {
		discard(file);
	}
}

/** Rejects with `TARGET_CHANGED` unless the part ends where the state says; `written` may be there already. */
export async function checkChain(
	sink: string,
	store: ObjectStore,
	{part, chain}: {readonly part: string; readonly chain: Chain},
	written: string | undefined,
): Promise<void> {
	const {entries, head} = chain;
	const last = entryName({part, entry: entries - 1});
	if (entries > 0) {
		const line = await readEntry(store, {part, entry: entries - 1});
		const opened = line === undefined ? undefined : openEntry(line, emptyChain);
		if (!opened) {
			throw changed(
				sink,
				`${store.title}: ${last} is missing, but the state says that it was written: put it back${orElse}`,
			);
		}
		if (!('chain' in opened) || opened.chain.head !== head || opened.chain.entries !== entries) {
			throw changed(sink, `${store.title}: ${last} is not what was written`);
		}
	}
	const next = {part, entry: entries};
	if ((await findEntry(store, next, written ?? '')) === 'other') {
		throw changed(
			sink,
			`${store.title}: ${entryName(next)} is there, but the state does not know of it: if the state is an older copy, ` +
				`put the newest back${orElse}`,
		);
	}
}

/** The sources, as `name:tenant`, of which parts of other states hold events, by the first and last entry of each. */
export async function sourcesOfOthers(store: ObjectStore, own: string): Promise<ReadonlySet<string>> {
	const last = new Map<string, number>();
	for await (const {name} of store.list(manifestPrefix)) {
		const place = entryOf(name);
		if (place && place.part !== own) last.set(place.part, place.entry);
	}
	const sources = new Set<string>();
	for (const [part, end] of last) {
		for (const entry of new Set([0, end])) {
			const opened = openEntry((await readEntry(store, {part, entry})) ?? '', emptyChain);
			if (!('entry' in opened)) continue;
			const {sources: held, asked} = opened.entry;
			for (const source of [...Object.keys(held), ...(asked?.sources.map(one => one.source) ?? [])])
				sources.add(source);
		}
	}
	return sources;
}

function writeNew(file: string, content: Uint8Array): void {
	const descriptor = fs.openSync(file, 'wx');
	try {
		writeFully(descriptor, content, 0);
	} finally {
		fs.closeSync(descriptor);
	}
}

function digestOf(content: Buffer): {bytes: number; sha256: string} {
	return {bytes: content.length, sha256: createHash('sha256').update(content).digest('hex')};
}
