import fs from 'node:fs';
import {resolve} from 'node:path';
import {needsManifest, type Verification, verificationOf, type VerifyOptions} from '../../lib/sink/verification.ts';
import {notOpened, refused} from './file-errors.ts';
import {isOwnFile, manifestsIn} from './folder-manifest.ts';
import {filesBelow} from './folders.ts';
import {manifestLines, missingManifest} from './manifest-lines.ts';
import {hashOfRange, openPlain} from './plain-file.ts';
import {type FoundFile, verifyListed} from './verify-listed.ts';

/**
 * Reads a folder and its manifest, and compares each file with the entry that lists it. Rejects with `TARGET_REFUSED`
 * where there is no manifest.
 */
export async function verifyFolder(sink: string, given: string, options: VerifyOptions): Promise<Verification> {
	const dir = resolve(given);
	const manifest = `${dir}/_rxaudit.manifest`;
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
	const torn: string[] = [];
	let isOpen = false;
	return verifyListed(
		{
			async *entries(walkOf) {
				for (const [part, name] of parts) {
					const walk = walkOf(part);
					let read = 0;
					for await (const {text, end} of manifestLines(`${dir}/${name}`)) {
						read = end;
						yield walk.next(text);
					}
					const rest = fs.statSync(`${dir}/${name}`).size - read;
					if (rest > 0) torn.push(`${name}: the last ${rest} bytes, an entry that is not whole`);
				}
			},
			find: async path => find(dir, path),
			async *list() {
				isOpen = manifestsIn(dir).markers.length > 0;
				for await (const path of filesBelow(dir)) if (!isOwnFile(path)) yield path;
			},
			mayBeUncommitted: () => isOpen,
		},
		options,
		torn,
	);
}

function find(dir: string, path: string): FoundFile | {readonly problem: string} | undefined {
	if (leadsOut(path)) return {problem: 'expected a file below the folder, got a path that leads out of it'};
	const stats = fs.lstatSync(`${dir}/${path}`, {throwIfNoEntry: false});
	if (stats && !stats.isFile()) return {problem: 'expected a file, got something else'};
	return stats && {bytes: stats.size, sha256: async () => hashOfFile(`${dir}/${path}`)};
}

/** Whether a path of a manifest, which anybody may have written, is not below its folder. */
export function leadsOut(path: string): boolean {
	return path.split('/').includes('..') || path.includes('\0');
}

async function hashOfFile(path: string): Promise<string> {
	const descriptor = openPlain(path);
	if (descriptor === undefined) throw new Error('it is gone');
	try {
		return (await hashOfRange(descriptor, 0, fs.fstatSync(descriptor).size)).sha256;
	} finally {
		fs.closeSync(descriptor);
	}
}
