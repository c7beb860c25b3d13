import {createHash} from 'node:crypto';
import {text} from 'node:stream/consumers';
import {pipeline} from 'node:stream/promises';
import {AuditError} from '../../lib/model/errors.ts';
import {type ManifestFile, openEntry} from '../../lib/sink/manifest.ts';
import {
	ChainWalk,
	type Damage,
	needsManifest,
	type Verification,
	verificationOf,
	type VerifyOptions,
} from '../../lib/sink/verification.ts';
import {entryName, entryOf, type EntryPlace, manifestPrefix, objectOf} from './entries.ts';
import {refused} from '../_files/file-errors.ts';
import {inParallel, type ObjectStore} from './object-store.ts';

/** Objects that are read at the same time. */
const readsAtOnce = 4;
/** What is longer was not written by us. */
const maxEntryBytes = 64 * 1024 * 1024;

/**
 * Reads all objects of an archive and compares them with its manifest. Of each object it keeps the name, nothing else.
 * Rejects with `TARGET_REFUSED` where there is no manifest.
 */
export async function verifyArchive(
	sink: string,
	store: ObjectStore,
	options: VerifyOptions = {},
): Promise<Verification> {
	const walks = new Map<string, ChainWalk>();
	const damage: Damage[] = [];
	/** Objects that may be there: whether the manifest lists them or says that they are no part of the archive. */
	const named = new Set<string>();
	const missing: ManifestFile[] = [];
	await inParallel(readsAtOnce, listedFiles(), compare);
	if (walks.size === 0 && !needsManifest(options) && !(await holdsOurs()))
		throw refused(sink, `${store.title} has no manifest: nothing says what was written there`);
	const uncommitted: string[] = [];
	await inParallel(readsAtOnce, store.list(''), ({name}) => judge(name));
	for (const {path} of missing) damage.push({kind: 'missing', what: path, detail: 'the object is missing'});
	damage.sort((a, b) => (a.what < b.what ? -1 : 1));
	return verificationOf([...walks.values()], {damage, uncommitted: uncommitted.sort()}, options);

	/** Whether anything there has the name of a part of an archive. */
	async function holdsOurs(): Promise<boolean> {
		for await (const {name} of store.list('')) if (name.startsWith(manifestPrefix) || objectOf(name)) return true;
		return false;
	}

	async function* listedFiles(): AsyncGenerator<ManifestFile> {
		for await (const {name} of store.list(manifestPrefix)) {
			const place = entryOf(name);
			if (!place) continue;
			const walk = walkOf(place.part);
			const line = await lineOf(name);
			if (place.entry > walk.chain.entries) skipTo(walk, place, line);
			const {files = [], superseded = []} = walk.next(line) ?? {};
			for (const path of superseded) named.add(path);
			for (const file of files) named.add(file.path);
			yield* files;
		}
	}

	/** One that cannot be read is no entry, and the rest is read all the same. */
	async function lineOf(name: string): Promise<string> {
		const object = await unlessUnreadable(store.stat(name));
		if (!object || object.bytes > maxEntryBytes) return '';
		return ((await unlessUnreadable(text(store.read(name)))) ?? '').replace(/\n$/, '');
	}

	function walkOf(part: string): ChainWalk {
		const walk = walks.get(part) ?? new ChainWalk(options.publicKey, part);
		walks.set(part, walk);
		return walk;
	}

	/** A gap is said once, not again of the entry behind it. */
	function skipTo(walk: ChainWalk, {part, entry}: EntryPlace, line: string): void {
		const {entries, head} = walk.chain;
		const first = entryName({part, entry: entries});
		const what = entry === entries + 1 ? first : `${first} to ${entryName({part, entry: entry - 1})}`;
		damage.push({kind: 'entry', what, detail: 'the entry is missing from the manifest'});
		const opened = openEntry(line, walk.chain);
		walk.chain = {entries: entry, head: 'entry' in opened ? opened.entry.previous : head};
	}

	async function compare(file: ManifestFile): Promise<void> {
		const {path, bytes, sha256} = file;
		options.onProgress?.(path);
		const object = await unlessUnreadable(store.stat(path));
		if (!object) return void missing.push(file);
		const hash = object.bytes === bytes ? await unlessUnreadable(sha256Of(store, path)) : undefined;
		const found =
			object.bytes === bytes ? `SHA-256 ${hash ?? 'of nothing: it cannot be read'}` : `${object.bytes} bytes`;
		const expected = object.bytes === bytes ? `SHA-256 ${sha256}` : `${bytes} bytes`;
		if (found !== expected) damage.push({kind: 'changed', what: path, detail: `expected ${expected}, got ${found}`});
	}

	/** What an object is that is not listed. */
	async function judge(name: string): Promise<void> {
		if (named.has(name) || entryOf(name) !== undefined) return;
		const from = await missingLike(name);
		if (!from && mayBeUncommitted(name)) uncommitted.push(name);
		else if (!from) damage.push({kind: 'added', what: name, detail: 'no entry of the manifest lists it'});
		else damage.push({kind: 'moved', what: from.path, detail: `its content is under the name ${name}`});
	}

	/** A run puts its objects before the entry that lists them, and before its part has any. */
	function mayBeUncommitted(name: string): boolean {
		const object = objectOf(name);
		if (!object) return false;
		const walk = walks.get(object.run) ?? walks.get('');
		return object.entry === (walk?.chain.entries ?? 0);
	}

	/** Takes the missing file that has the same content off the list. */
	async function missingLike(name: string): Promise<ManifestFile | undefined> {
		const object = missing.length > 0 ? await unlessUnreadable(store.stat(name)) : undefined;
		if (!missing.some(({bytes}) => bytes === object?.bytes)) return undefined;
		const sha256 = await unlessUnreadable(sha256Of(store, name));
		const index = missing.findIndex(file => file.bytes === object?.bytes && file.sha256 === sha256);
		return index < 0 ? undefined : missing.splice(index, 1)[0];
	}
}

/** Undefined where the system has no way to it; a bucket that fails is an error of the run. */
async function unlessUnreadable<T>(reading: Promise<T>): Promise<T | undefined> {
	try {
		return await reading;
	} catch (error) {
		if (error instanceof AuditError || error instanceof DOMException) throw error;
		return undefined;
	}
}

async function sha256Of(store: ObjectStore, name: string): Promise<string> {
	const hash = createHash('sha256');
	await pipeline(store.read(name), hash);
	return hash.digest('hex');
}
