import {createHash} from 'node:crypto';
import {text} from 'node:stream/consumers';
import {pipeline} from 'node:stream/promises';
import {AuditError} from '../../lib/model/errors.ts';
import {type ManifestEntry, openEntry} from '../../lib/sink/manifest.ts';
import {
	type ChainWalk,
	type Damage,
	needsManifest,
	type Verification,
	type VerifyOptions,
} from '../../lib/sink/verification.ts';
import {refused} from '../_files/file-errors.ts';
import {verifyListed} from '../_files/verify-listed.ts';
import {entryName, entryOf, type EntryPlace, manifestPrefix, objectOf} from '../../lib/sink/archive-names.ts';
import type {ObjectStore} from './object-store.ts';

/** What is longer was not written by us. */
export const maxEntryBytes = 64 * 1024 * 1024;

/**
 * Reads all objects of an archive and compares them with its manifest. Rejects with `TARGET_REFUSED` where there is
 * no manifest.
 */
export async function verifyArchive(
	sink: string,
	store: ObjectStore,
	options: VerifyOptions = {},
): Promise<Verification> {
	return verifyListed(
		{
			entries,
			async find(path) {
				const object = await store.stat(path);
				return object && {bytes: object.bytes, sha256: async () => sha256Of(store, path)};
			},
			async *list() {
				for await (const {name} of store.list('')) if (!entryOf(name)) yield name;
			},
			mayBeUncommitted,
		},
		options,
	);

	async function* entries(
		walkOf: (part: string) => ChainWalk,
		damage: Damage[],
	): AsyncGenerator<ManifestEntry | undefined> {
		let isEmpty = true;
		for await (const {name} of store.list(manifestPrefix)) {
			const place = entryOf(name);
			if (!place) continue;
			isEmpty = false;
			const walk = walkOf(place.part);
			const line = await lineOf(name);
			if (place.entry > walk.chain.entries) skipTo(walk, place, line, damage);
			yield walk.next(line);
		}
		if (isEmpty && !needsManifest(options) && !(await holdsOurs()))
			throw refused(sink, `${store.title} has no manifest: nothing says what was written there`);
	}

	/** Whether anything there has the name of a part of an archive. */
	async function holdsOurs(): Promise<boolean> {
		for await (const {name} of store.list('')) if (name.startsWith(manifestPrefix) || objectOf(name)) return true;
		return false;
	}

	/** One that cannot be read is no entry, and the rest is read all the same. */
	async function lineOf(name: string): Promise<string> {
		try {
			const object = await store.stat(name);
			if (!object || object.bytes > maxEntryBytes) return '';
			return (await text(store.read(name))).replace(/\n$/, '');
		} catch (error) {
			if (error instanceof AuditError || error instanceof DOMException) throw error;
			return '';
		}
	}
}

/** A gap is said once, not again of the entry behind it. */
function skipTo(walk: ChainWalk, {part, entry}: EntryPlace, line: string, damage: Damage[]): void {
	const {entries, head} = walk.chain;
	const first = entryName({part, entry: entries});
	const what = entry === entries + 1 ? first : `${first} to ${entryName({part, entry: entry - 1})}`;
	damage.push({kind: 'entry', what, detail: 'the entry is missing from the manifest'});
	const opened = openEntry(line, walk.chain);
	walk.chain = {entries: entry, head: 'entry' in opened ? opened.entry.previous : head};
}

/** A run puts its objects before the entry that lists them, and before its part has any. */
function mayBeUncommitted(name: string, walks: ReadonlyMap<string, ChainWalk>): boolean {
	const object = objectOf(name);
	if (!object) return false;
	const walk = walks.get(object.run) ?? walks.get('');
	return object.entry === (walk?.chain.entries ?? 0);
}

async function sha256Of(store: ObjectStore, name: string): Promise<string> {
	const hash = createHash('sha256');
	await pipeline(store.read(name), hash);
	return hash.digest('hex');
}
