import fs from 'node:fs';
import {resolve} from 'node:path';
import {ConfigError} from '../../lib/model/errors.ts';
import {
	ChainWalk,
	type Damage,
	needsManifest,
	type Verification,
	verificationOf,
	type VerifyOptions,
} from '../../lib/sink/verification.ts';
import {notOpened, refused} from './file-errors.ts';
import {hashOfRange, openPlain} from './plain-file.ts';
import {manifestPath} from './manifest-file.ts';
import {manifestLines, missingManifest} from './manifest-lines.ts';

/**
 * Reads a file and its manifest from beginning to end, and compares each range with its entry. Rejects with
 * `TARGET_REFUSED` where there is no manifest.
 */
export async function verifyFile(sink: string, given: string, options: VerifyOptions): Promise<Verification> {
	if (given === '-') throw new ConfigError(`${sink}: expected a file to verify, got standard output`);
	const path = resolve(given);
	const manifest = manifestPath(path);
	const stats = fs.statSync(path, {throwIfNoEntry: false});
	if (stats?.isDirectory()) {
		throw refused(
			sink,
			`${path} is a folder: expected a file; an archive in a folder is ndjson:DIR/ or filesystem:DIR`,
		);
	}
	if (stats && !stats.isFile()) throw refused(sink, `${path} is not a regular file`);
	// A plain file proves nothing, and one with a state, a head or a key is to have a manifest.
	if (!fs.existsSync(manifest) && !needsManifest(options)) throw missingManifest(sink, manifest);
	try {
		const descriptor = stats && openPlain(fs.realpathSync(path));
		try {
			return await compare(path, descriptor, options);
		} finally {
			if (descriptor !== undefined) fs.closeSync(descriptor);
		}
	} catch (error) {
		throw notOpened(sink, 'read', path, error);
	}
}

async function compare(path: string, descriptor: number | undefined, options: VerifyOptions): Promise<Verification> {
	const manifest = manifestPath(path);
	const size = descriptor === undefined ? 0 : fs.fstatSync(descriptor).size;
	const walk = new ChainWalk(options.publicKey);
	const damage: Damage[] = [];
	const uncommitted: string[] = [];
	let gone: Part | undefined;
	let covered = 0;
	let read = 0;
	const isThere = fs.existsSync(manifest);
	for await (const {text, end} of isThere ? manifestLines(manifest) : []) {
		read = end;
		const entry = walk.next(text);
		const range = entry?.range;
		if (!entry || (!range && entry.asked)) continue;
		// What follows a damaged entry need not be said twice.
		if (!range || range.to < range.from || (walk.damage.length === 0 && range.from !== covered)) {
			const found = range ? `bytes ${range.from} to ${range.to}` : 'no range';
			const detail = `expected a range from byte ${covered} on, got ${found}`;
			damage.push({kind: 'entry', what: `entry ${entry.entry}`, detail});
			if (!range || range.to < range.from) continue;
		}
		covered = Math.max(covered, range.to);
		const found = {...range, entry: entry.entry};
		options.onProgress?.(nameOf(path, found));
		if (descriptor === undefined || range.to > size) {
			// one cut removes every entry behind it
			gone = gone ? {...gone, to: covered, last: entry.entry} : found;
			continue;
		}
		const {sha256} = await hashOfRange(descriptor, range.from, range.to);
		if (sha256 === range.sha256) continue;
		const detail = `expected SHA-256 ${range.sha256}, got ${sha256}`;
		damage.push({kind: 'changed', what: nameOf(path, found), detail});
	}
	if (gone) {
		const detail = descriptor === undefined ? 'the file is missing' : `the file ends at byte ${size}`;
		damage.push({kind: 'missing', what: nameOf(path, gone), detail});
	}
	if (size > covered) uncommitted.push(`${path}: bytes ${covered} to ${size}`);
	const rest = isThere ? fs.statSync(manifest).size - read : 0;
	if (rest > 0) uncommitted.push(`${manifest}: the last ${rest} bytes, an entry that is not whole`);
	return verificationOf([walk], {damage, uncommitted}, options);
}

/** A range of the file, of one entry or of several. */
interface Part {
	readonly from: number;
	readonly to: number;
	readonly entry: number;
	readonly last?: number;
}

function nameOf(path: string, {from, to, entry, last}: Part): string {
	const entries = last === undefined ? `entry ${entry}` : `entries ${entry} to ${last}`;
	return `${path}: bytes ${from} to ${to} (${entries})`;
}
