import fs from 'node:fs';
import {resolve} from 'node:path';
import {reasonOf} from '../../lib/model/errors.ts';
import {IdentitySet} from '../../lib/model/identity-set.ts';
import type {ManifestFile} from '../../lib/sink/manifest.ts';
import {
	ChainWalk,
	type Damage,
	needsManifest,
	type Verification,
	verificationOf,
	type VerifyOptions,
} from '../../lib/sink/verification.ts';
import {notOpened, refused} from './file-errors.ts';
import {filesBelow} from './folders.ts';
import {isOwnFile, manifestsIn} from './folder-manifest.ts';
import {hashOfRange, openPlain} from './plain-file.ts';
import {manifestLines, missingManifest} from './manifest-lines.ts';

/**
 * Reads a folder and its manifest, and compares each file with the entry that lists it. Of a file that is as it was
 * only 20 bytes are kept. Rejects with `TARGET_REFUSED` where there is no manifest.
 */
export async function verifyFolder(sink: string, given: string, options: VerifyOptions): Promise<Verification> {
	const dir = resolve(given);
	const manifest = `${dir}/rxaudit.manifest`;
	const stats = fs.statSync(dir, {throwIfNoEntry: false});
	if (!stats && needsManifest(options)) return verificationOf([], {damage: [], uncommitted: []}, options);
	if (!stats?.isDirectory()) throw missingManifest(sink, manifest);
	if (fs.statSync(manifest, {throwIfNoEntry: false})?.isDirectory())
		throw refused(sink, `${dir} is an archive of ndjson:DIR/: write ndjson:DIR/ to verify it`);
	const {parts, markers} = manifestsIn(dir);
	const isOurs = needsManifest(options) || parts.size > 0 || markers.length > 0;
	if (!isOurs && !(await holdsEvents(dir))) throw missingManifest(sink, manifest);
	try {
		return await compare(dir, parts, options);
	} catch (error) {
		throw notOpened(sink, 'read', dir, error);
	}
}

/** Nothing but events has such a name in a folder of ours. */
async function holdsEvents(dir: string): Promise<boolean> {
	for await (const path of filesBelow(dir)) if (path.endsWith('.json')) return true;
	return false;
}

async function compare(dir: string, parts: ReadonlyMap<string, string>, options: VerifyOptions): Promise<Verification> {
	const walks: ChainWalk[] = [];
	const listed = new IdentitySet();
	const damage: Damage[] = [];
	const missing = new Map<string, ManifestFile>();
	const torn: string[] = [];
	for (const [part, name] of parts) {
		const walk = new ChainWalk(options.publicKey, part);
		walks.push(walk);
		await readPart(walk, name);
	}
	const {added, uncommitted} = await unlisted(dir, listed, missing, damage);
	for (const {path, bytes} of missing.values()) {
		damage.push({kind: 'missing', what: path, detail: `expected a file of ${bytes} bytes, got none`});
	}
	return verificationOf(walks, {damage: [...damage, ...added], uncommitted: [...uncommitted, ...torn]}, options);

	async function readPart(walk: ChainWalk, name: string): Promise<void> {
		let read = 0;
		for await (const {text, end} of manifestLines(`${dir}/${name}`)) {
			read = end;
			for (const file of walk.next(text)?.files ?? []) await compareFile(file);
		}
		const rest = fs.statSync(`${dir}/${name}`).size - read;
		if (rest > 0) torn.push(`${name}: the last ${rest} bytes, an entry that is not whole`);
	}

	async function compareFile(file: ManifestFile): Promise<void> {
		listed.add(file.path, 0);
		options.onProgress?.(file.path);
		const change = await changeOf(dir, file).catch(unreadable);
		if (change === missingFile) missing.set(file.path, file);
		else if (change !== undefined) damage.push({kind: 'changed', what: file.path, detail: change});
	}
}

/** What no entry lists; a missing file that is found under another name is missing no more. */
async function unlisted(dir: string, listed: IdentitySet, missing: Map<string, ManifestFile>, damage: Damage[]) {
	const isOpen = manifestsIn(dir).markers.length > 0;
	const lost = new Map([...missing.values()].map(file => [file.sha256, file]));
	const added: Damage[] = [];
	const uncommitted: string[] = [];
	for await (const path of filesBelow(dir)) {
		if (isOwnFile(path) || !listed.add(path, 0)) continue;
		const from =
			lost.size > 0 ? lost.get((await hashOfFile(`${dir}/${path}`).catch(() => undefined)) ?? '') : undefined;
		if (from && missing.delete(from.path)) {
			damage.push({kind: 'moved', what: from.path, detail: `it is at ${path} now`});
		} else if (isOpen) uncommitted.push(path);
		else added.push({kind: 'added', what: path, detail: 'no entry lists it'});
	}
	return {added, uncommitted};
}

/** One that cannot be read is named, and the rest is read all the same. */
function unreadable(error: unknown): string {
	return `expected a file, got one that cannot be read: ${reasonOf(error)}`;
}

const missingFile = 'expected a file, got none';

/** In what a file is not what was written; undefined when it is. */
async function changeOf(dir: string, {path, bytes, sha256}: ManifestFile): Promise<string | undefined> {
	if (path.split('/').includes('..') || path.includes('\0'))
		return 'expected a file below the folder, got a path that leads out of it';
	const stats = fs.lstatSync(`${dir}/${path}`, {throwIfNoEntry: false});
	if (stats === undefined) return missingFile;
	if (!stats.isFile()) return 'expected a file, got something else';
	if (stats.size !== bytes) return `expected ${bytes} bytes, got ${stats.size}`;
	const found = await hashOfFile(`${dir}/${path}`);
	return found === sha256 ? undefined : `expected SHA-256 ${sha256}, got ${found}`;
}

/** Undefined for what is no file. */
async function hashOfFile(path: string): Promise<string | undefined> {
	const stats = fs.lstatSync(path);
	if (!stats.isFile()) return undefined;
	const descriptor = openPlain(path);
	if (descriptor === undefined) return undefined;
	try {
		return (await hashOfRange(descriptor, 0, stats.size)).sha256;
	} finally {
		fs.closeSync(descriptor);
	}
}
