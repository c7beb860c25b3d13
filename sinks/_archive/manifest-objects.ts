import {createHash} from 'node:crypto';
import fs from 'node:fs';
import {text} from 'node:stream/consumers';
import {discard, writeFully} from '../../lib/durable-file.ts';
import {type Chain, emptyChain, openEntry} from '../../lib/manifest.ts';
import {entryName, entryOf, manifestPrefix} from './archive-names.ts';
import {changed, refused} from '../_files/file-errors.ts';
import type {ObjectStore} from './object-store.ts';
import {tempPath} from '../_files/temp-files.ts';

/** The chain of an archive, where each entry is an object of its own. Errors name the sink. */

/** What is written for the line of an entry. */
function contentOf(line: string): Buffer {
	return Buffer.from(`${line}\n`);
}

/** The line of an entry, or undefined where there is none. */
export async function readEntry(store: ObjectStore, entry: number): Promise<string | undefined> {
	const name = entryName(entry);
	return (await store.stat(name)) && (await text(store.read(name))).replace(/\n$/, '');
}

/** Whether an entry is there, and is this one. */
export async function findEntry(store: ObjectStore, entry: number, line: string): Promise<'none' | 'same' | 'other'> {
	const object = await store.stat(entryName(entry));
	if (!object) return 'none';
	return (await store.isSame(object, digestOf(contentOf(line)))) ? 'same' : 'other';
}

/** Resolves when the entry is durable; false when another one has its place. */
export async function putEntry(store: ObjectStore, entry: number, line: string): Promise<boolean> {
	const content = contentOf(line);
	const file = tempPath(store.spoolFolder);
	try {
		writeNew(file, content);
		const {sha256, bytes} = digestOf(content);
		const spooled = {file, bytes, sha256, contentType: 'application/json', metadata: {sha256}};
		return (await store.put(entryName(entry), spooled)) === 'stored';
	} finally {
		discard(file);
	}
}

/** Rejects with `TARGET_CHANGED` unless the archive ends where the state says; `written` may be there already. */
export async function checkChain(
	sink: string,
	store: ObjectStore,
	chain: Chain,
	written: string | undefined,
): Promise<void> {
	const {entries, head} = chain;
	if (entries > 0) {
		const line = await readEntry(store, entries - 1);
		const opened = line === undefined ? undefined : openEntry(line, emptyChain);
		if (!opened) {
			throw changed(
				sink,
				`${store.title}: ${entryName(entries - 1)} is missing, but the state says that it was written`,
			);
		}
		if (!('chain' in opened) || opened.chain.head !== head || opened.chain.entries !== entries) {
			throw changed(sink, `${store.title}: ${entryName(entries - 1)} is not what was written`);
		}
	}
	const next = await findEntry(store, entries, written ?? '');
	if (next === 'other') {
		throw changed(sink, `${store.title}: ${entryName(entries)} is there, but the state does not know of it`);
	}
}

/** Where the chain of an archive ends that no state knows. */
export async function findChain(sink: string, store: ObjectStore): Promise<Chain> {
	let entries = 0;
	for await (const {name} of store.list(manifestPrefix)) {
		const entry = entryOf(name);
		if (entry === undefined) continue;
		if (entry !== entries)
			throw refused(sink, `${store.title}: ${entryName(entries)} is missing; rxaudit verify tells more`);
		entries++;
	}
	if (entries === 0) return emptyChain;
	const opened = openEntry((await readEntry(store, entries - 1)) ?? '', emptyChain);
	if (!('chain' in opened)) {
		throw refused(sink, `${store.title}: ${entryName(entries - 1)} is not what was written; rxaudit verify tells more`);
	}
	return opened.chain;
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
