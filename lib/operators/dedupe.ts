import {defer, map, type MonoTypeOperatorFunction} from 'rxjs';
import type {Json} from '../model/event.ts';
import {entryBytes, IdentitySet, secondOf} from '../model/identity-set.ts';
import type {Entry, Page} from '../model/page.ts';
import {pageFor} from './each-page.ts';
import {bytesAsText, type Gap, gapsIn, isPlain, type SourcePosition} from '../source/scan.ts';
import type {Start} from '../model/start.ts';

export interface DedupeOptions {
	/** The most identities that are remembered, in bytes of 20 each. Default: 64 MB. */
	readonly maxBytes?: number;
}

/** What `dedupe` says in a checkpoint, for each source. */
type Snapshot = {
	/** Identities of all records from this time on are in the journal, epoch milliseconds. */
	readonly floorMs: number;
	/** The second of the last record: what a refused cursor makes the source read again. */
	readonly edgeSecond: number;
	/** The newest record, epoch milliseconds. */
	readonly watermarkMs: number;
	/** The overlap behind the watermark of the passes before: what the one that is going on reads at its end. */
	readonly reread?: Seconds;
	/** What its identities begin with, where its server has moved and is another tenant now: `name:tenant` as it was. */
	readonly scope?: string;
	/** What may be read again when gaps are: all of them, and the edges of those that are gone on with. */
	readonly gaps?: readonly Seconds[];
};

/** From the first to the last of them, both inclusive. */
type Seconds = readonly [first: number, last: number];

/** So many of the newest identities are kept, however old: those of the last pages, which may be read again. */
const recentEntries = 40_000;
const minCompaction = 65_536;

/**
 * The same pages without the events that went through before: in this run, or, where the run has a state, in the runs
 * before it. A run with a state puts it behind the last operator where it stands nowhere else. It remembers the last
 * pages, and the identities of the overlap behind the newest record, which the next run reads again; memory is bounded,
 * so an older record that comes again passes. Where even the overlap does not fit, it shrinks, with a warning.
 *
 * ```ts
 * merge(orgEvents(one), orgEvents(other)).pipe(dedupe(), normalize());
 * ```
 */
export function dedupe<P extends Page>(given: DedupeOptions | Start = {}): MonoTypeOperatorFunction<P> {
	const {maxBytes = 64 * 1024 * 1024} = given as DedupeOptions;
	const maxEntries = Math.floor(maxBytes / entryBytes);
	const dropSeen = (start: Start) => {
		let seen = new IdentitySet(start.identities.length / entryBytes);
		seen.addEntries(wordsOf(start.identities));
		const recent = new RecentEntries(wordsOf(start.identities));
		let compactAt = Math.max(minCompaction, seen.size * 2);
		const tracks = new Map<string, Track>();

		function compact(): void {
			for (let share = 1; ; share /= 2) {
				for (const track of tracks.values()) track.forget(share);
				const isNeeded = neededByAny([...tracks.values()].map(track => track.snapshot()));
				seen = seen.filter(isNeeded);
				if (seen.size <= maxEntries || share < 1e-4) break;
				start.meter.warn(
					`dedupe: more than ${maxEntries} identities within the overlap; it shrinks to ${share * 50} % of what was asked for`,
				);
			}
			recent.addTo(seen);
			compactAt = Math.min(Math.max(minCompaction, seen.size * 2), Math.max(maxEntries, seen.size) + minCompaction);
		}

		return (page: P): P => {
			const {name, tenant, overlapMs} = page.source;
			const key = page.stream?.key ?? `${name}:${tenant}`;
			const snapshotName = `dedupe:${key}`;
			let track = tracks.get(key);
			if (!track) tracks.set(key, (track = new Track(start.snapshots[snapshotName] as Snapshot | undefined)));
			track.see(page.entries, overlapMs, page.position);
			const {scope = `${name}:${tenant}`} = track;
			const count = page.entries.length + page.rejected.length;
			const entries = new Uint32Array(count * (entryBytes / 4));
			let fresh = 0;
			const isNew = (identity: string, second: number): boolean => {
				if (!seen.add(`${scope}\n${identity}`, second)) return false;
				seen.writeLast(entries, fresh++, second);
				return true;
			};
			const kept = page.entries.filter(({record: {id, identity, orderMs}}) => isNew(identity ?? id, secondOf(orderMs)));
			// they have no id or no time: their text stands for the one, the newest record for the other
			const rejected = page.rejected.filter(({identity, text}) =>
				isNew(`rejected\n${identity ?? bytesAsText(text)}`, secondOf(track.watermarkMs)),
			);
			const added = entries.subarray(0, fresh * (entryBytes / 4));
			recent.push(added);
			if (seen.size >= compactAt) compact();
			const snapshot = track.snapshot();
			return page.with({
				entries: kept,
				rejected,
				duplicates: page.duplicates + count - fresh,
				...(snapshot ? {snapshots: {...page.snapshots, [snapshotName]: snapshot}} : {}),
				identities: new Uint8Array(added.buffer, added.byteOffset, added.byteLength),
				steps: [...page.steps, 'dedupe'],
			}) as P;
		};
	};
	// each subscription remembers for itself
	return pages =>
		defer(() => {
			let drop: ReturnType<typeof dropSeen> | undefined;
			return pages.pipe(
				map(given => {
					const page = pageFor('dedupe', given) as P;
					return page.steps.includes('dedupe') ? page : (drop ??= dropSeen(page.run))(page);
				}),
			);
		});
}

/** What is remembered of one source: which of its identities a later read may meet again. */
class Track {
	watermarkMs: number;
	readonly scope: string | undefined;
	#floorMs: number;
	#overlapMs = 0;
	#edgeSecond: number;
	#reread: Seconds | undefined;
	#gaps: readonly Seconds[];
	/** The gap that is being read, where it was read before. */
	#reading: readonly Seconds[] = [];

	constructor(saved: Snapshot | undefined) {
		this.watermarkMs = saved?.watermarkMs ?? -Infinity;
		this.scope = saved?.scope;
		this.#floorMs = saved?.floorMs ?? -Infinity;
		this.#edgeSecond = saved?.edgeSecond ?? 0;
		this.#reread = saved?.reread;
		this.#gaps = saved?.gaps ?? [];
	}

	see(entries: readonly Entry[], overlapMs: number, position: Json): void {
		this.#overlapMs = overlapMs;
		this.#gaps = gapsIn(position).map(secondsOf);
		this.#reading = readAgainIn(position);
		const newestMs = entries.reduce((newest, {record: {orderMs}}) => Math.max(newest, orderMs), -Infinity);
		// Newest first, only the first page of a pass brings a newer second.
		if (Number.isFinite(this.watermarkMs) && secondOf(newestMs) > secondOf(this.watermarkMs)) {
			const first = Math.max(this.#floorMs, this.watermarkMs - overlapMs);
			this.#reread = [secondOf(first), secondOf(this.watermarkMs)];
		}
		this.watermarkMs = Math.max(this.watermarkMs, newestMs);
		const last = entries.at(-1);
		if (last) this.#edgeSecond = secondOf(last.record.orderMs);
	}

	/** Gives up what lies behind this share of the overlap. */
	forget(share: number): void {
		if (share < 1) this.#reading = [];
		this.#floorMs = Math.max(this.#floorMs, this.watermarkMs - this.#overlapMs * share);
	}

	/** Undefined while there was no record. */
	snapshot(): Snapshot | undefined {
		const floorMs = Math.max(this.#floorMs, this.watermarkMs - this.#overlapMs);
		if (!Number.isFinite(floorMs)) return undefined;
		const gaps = [...this.#gaps, ...this.#reading];
		return {
			floorMs,
			edgeSecond: this.#edgeSecond,
			watermarkMs: this.watermarkMs,
			...(this.#reread ? {reread: this.#reread} : {}),
			...(gaps.length > 0 ? {gaps} : {}),
			...(this.scope === undefined ? {} : {scope: this.scope}),
		};
	}
}

function secondsOf({sinceMs, untilMs, lastMs, ...gap}: Gap): Seconds {
	const edgeMs = lastMs ?? sinceMs;
	return isPlain(gap) || gap.again ? [secondOf(sinceMs), secondOf(untilMs)] : [secondOf(edgeMs), secondOf(edgeMs)];
}

/** The span of the gap that is being read, where it was read before. */
function readAgainIn(position: Json): Seconds[] {
	const {scan} = (position ?? {}) as Partial<SourcePosition>;
	return scan?.again ? [[secondOf(scan.sinceMs), secondOf(scan.untilMs)]] : [];
}

/** Tells whether the entries of a second are needed for one of the sources, however many came after them. */
function neededByAny(snapshots: readonly (Snapshot | undefined)[]): (second: number) => boolean {
	const known = snapshots.filter(snapshot => snapshot !== undefined);
	if (known.length === 0) return () => true;
	const spans = known.flatMap(({floorMs, edgeSecond, reread, gaps = []}): Seconds[] => [
		[secondOf(floorMs), Infinity],
		[edgeSecond, edgeSecond],
		...gaps,
		...(reread ? [reread] : []),
	]);
	return second => spans.some(([first, last]) => second >= first && second <= last);
}

/** The entries of a journal that these snapshots still need, and the newest ones. */
export function keepNeeded(entries: Uint8Array, snapshots: Readonly<Record<string, Json>>): Uint8Array {
	const own = Object.entries(snapshots).filter(([name]) => name.startsWith('dedupe:'));
	const isNeeded = neededByAny(own.map(([, snapshot]) => snapshot as Snapshot));
	const words = wordsOf(entries);
	const firstRecent = words.length - recentEntries * 5;
	const kept = new Uint32Array(words.length);
	let length = 0;
	for (let at = 0; at < words.length; at += 5) {
		if (at < firstRecent && !isNeeded(words[at + 4]!)) continue;
		kept.set(words.subarray(at, at + 5), length);
		length += 5;
	}
	return new Uint8Array(kept.buffer, 0, length * 4);
}

/** The bytes as words; copied only where they do not lie on a word's border. */
function wordsOf(bytes: Uint8Array): Uint32Array {
	const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
	return new Uint32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.length / entryBytes) * 5);
}

/** A ring of the newest entries. */
class RecentEntries {
	readonly #ring = new Uint32Array(recentEntries * 5);
	#at = 0;

	constructor(entries: Uint32Array) {
		this.push(entries);
	}

	push(entries: Uint32Array): void {
		let rest = entries.length > this.#ring.length ? entries.subarray(entries.length - this.#ring.length) : entries;
		while (rest.length > 0) {
			const part = rest.subarray(0, this.#ring.length - this.#at);
			this.#ring.set(part, this.#at);
			this.#at = (this.#at + part.length) % this.#ring.length;
			rest = rest.subarray(part.length);
		}
	}

	addTo(set: IdentitySet): void {
		for (let at = 0; at < this.#ring.length; at += 5) {
			if (this.#ring[at] !== 0) set.addEntries(this.#ring.subarray(at, at + 5));
		}
	}
}
