import {AuditError, reasonOf} from '../../lib/model/errors.ts';
import {IdentitySet} from '../../lib/model/identity-set.ts';
import type {ManifestEntry, ManifestFile} from '../../lib/sink/manifest.ts';
import {
	ChainWalk,
	type Damage,
	type Verification,
	verificationOf,
	type VerifyOptions,
} from '../../lib/sink/verification.ts';

/** Files that are read at the same time. */
const readsAtOnce = 4;

/** A target of many files, as a verification reads it. What throws a system's error cannot be read, and is damage. */
interface ListedTarget {
	/** What the manifest says, part by part, each in order; each line goes through the walk of its part. */
	entries(walkOf: (part: string) => ChainWalk, damage: Damage[]): AsyncIterable<ManifestEntry | undefined>;
	/** What lies there under a path; undefined for nothing. */
	find(path: string): Promise<FoundFile | {readonly problem: string} | undefined>;
	/** All that lies there beside the manifest. */
	list(): AsyncIterable<string>;
	/** Whether what no entry lists may be of a run that died, or that is at work. */
	mayBeUncommitted(path: string, walks: ReadonlyMap<string, ChainWalk>): boolean;
}

export interface FoundFile {
	readonly bytes: number;
	/** Of all of them, in hex. */
	sha256(): Promise<string>;
}

/**
 * Reads all files of a target and compares them with its manifest. Of a file that is as it was only 20 bytes are kept.
 * `torn` are the ends of manifests that are no whole entry, once all of them are read.
 */
export async function verifyListed(
	target: ListedTarget,
	options: VerifyOptions,
	torn: readonly string[] = [],
): Promise<Verification> {
	const walks = new Map<string, ChainWalk>();
	/** The names that may be there: an entry lists them, or says that they are no part of the archive. */
	const named = new IdentitySet();
	const missing = new Map<string, ManifestFile>();
	const damage: Damage[] = [];
	const uncommitted: string[] = [];
	await inParallel(readsAtOnce, files(), compare);
	await inParallel(readsAtOnce, target.list(), judge);
	for (const {path, bytes} of missing.values()) {
		damage.push({kind: 'missing', what: path, detail: `expected a file of ${bytes} bytes, got none`});
	}
	damage.sort((a, b) => (a.what < b.what ? -1 : 1));
	return verificationOf([...walks.values()], {damage, uncommitted: [...uncommitted.sort(), ...torn]}, options);

	function walkOf(part: string): ChainWalk {
		const walk = walks.get(part) ?? new ChainWalk(options.publicKey, part);
		walks.set(part, walk);
		return walk;
	}

	async function* files(): AsyncGenerator<ManifestFile> {
		for await (const entry of target.entries(walkOf, damage)) {
			const {files: listed = [], superseded = []} = entry ?? {};
			for (const path of [...superseded, ...listed.map(file => file.path)]) named.add(path, 0);
			yield* listed;
		}
	}

	async function compare(file: ManifestFile): Promise<void> {
		options.onProgress?.(file.path);
		const change = await changeOf(file).catch(unreadable);
		if (change === missingFile) missing.set(file.path, file);
		else if (change !== undefined) damage.push({kind: 'changed', what: file.path, detail: change});
	}

	/** In what a file is not what was written; undefined when it is. */
	async function changeOf({path, bytes, sha256}: ManifestFile): Promise<string | undefined> {
		const found = await target.find(path);
		if (!found) return missingFile;
		if ('problem' in found) return found.problem;
		if (found.bytes !== bytes) return `expected ${bytes} bytes, got ${found.bytes}`;
		const hash = await found.sha256();
		return hash === sha256 ? undefined : `expected SHA-256 ${sha256}, got ${hash}`;
	}

	/** What a file is that is not listed. */
	async function judge(path: string): Promise<void> {
		if (!named.add(path, 0)) return;
		const from = await missingLike(path).catch(error => void unreadable(error));
		if (from && missing.delete(from.path)) {
			damage.push({kind: 'moved', what: from.path, detail: `it is at ${path} now`});
		} else if (target.mayBeUncommitted(path, walks)) uncommitted.push(path);
		else damage.push({kind: 'added', what: path, detail: 'no entry lists it'});
	}

	/** A missing file that has the same content. */
	async function missingLike(path: string): Promise<ManifestFile | undefined> {
		const found = missing.size > 0 ? await target.find(path) : undefined;
		if (!found || 'problem' in found) return undefined;
		const alike = [...missing.values()].filter(({bytes}) => bytes === found.bytes);
		const hash = alike.length > 0 ? await found.sha256() : '';
		return alike.find(({sha256}) => sha256 === hash);
	}
}

const missingFile = 'expected a file, got none';

/** One that cannot be read is named, and the rest is read all the same; a bucket that fails is an error of the run. */
function unreadable(error: unknown): string {
	if (error instanceof AuditError || error instanceof DOMException) throw error;
	return `expected a file, got one that cannot be read: ${reasonOf(error)}`;
}

/** Resolves when the action has been done for each item, for some of them at a time; the first failure ends it. */
export async function inParallel<T>(
	atOnce: number,
	items: Iterable<T> | AsyncIterable<T>,
	action: (item: T) => Promise<void>,
): Promise<void> {
	// A generator gives each item to one of those who ask it.
	const queue = (async function* () {
		yield* items;
	})();
	const work = async () => {
		for await (const item of queue) await action(item);
	};
	// All must have ended before anybody cleans up behind them.
	const ended = await Promise.allSettled(Array.from({length: atOnce}, work));
	const failed = ended.find(({status}) => status === 'rejected');
	if (failed) throw (failed as PromiseRejectedResult).reason;
}
