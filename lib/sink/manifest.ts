import {createHash, createPublicKey, type KeyObject, sign as signBytes, verify as verifyBytes} from 'node:crypto';
import {z} from 'zod';
import type {Json} from '../model/event.ts';
import type {Asked} from './asked.ts';
import type {Batch} from './sink.ts';

/** How much of one source is in an entry, by event time. */
export interface SourceTally {
	readonly events: number;
	/** The times of the earliest and the latest event, ISO 8601 in UTC. */
	readonly first: string;
	readonly last: string;
	/** How many events each day has, in UTC, for example `{"2026-08-01": 17}`. */
	readonly days: Readonly<Record<string, number>>;
}

/** A file or object of the target, by its path below it. */
export interface ManifestFile {
	readonly path: string;
	readonly bytes: number;
	/** Of all its bytes as they lie there, in hex. */
	readonly sha256: string;
	readonly [member: string]: Json;
}

/** What one commit added to a target: whole files, or a range of the one file that the target is. */
export interface EntryContent {
	/** By `name:tenant`. */
	readonly sources: Readonly<Record<string, SourceTally>>;
	readonly files?: readonly ManifestFile[];
	readonly range?: {readonly from: number; readonly to: number; readonly sha256: string};
	/** The range was there before the manifest was: who wrote it is not known, and its events are not counted. */
	readonly found?: true;
	/** Files of a run that died which could not be removed: what they hold is in other files. */
	readonly superseded?: readonly string[];
	/** What was asked for it, and what of the time of its sources was read up to here; an entry may say only that. */
	readonly asked?: Asked;
}

export interface ManifestEntry extends EntryContent {
	/** Its place in the chain, from 0. */
	readonly entry: number;
	/** The hash of the entry before it. */
	readonly previous: string;
}

/** How far a chain goes: as `verify` prints it, and as the state remembers it. */
export interface Chain {
	readonly entries: number;
	/** The hash of the last entry. */
	readonly head: string;
	readonly [member: string]: Json;
}

/** The signature of a text, in base64. */
export interface Sign {
	(text: string): string;
	/** The fingerprint of the public key, which the state is bound to: another key would spoil the archive for good. */
	readonly key?: string;
}

export const emptyChain: Chain = {entries: 0, head: '0'.repeat(64)};

/** The chain that a sink's state holds as its member `chain`, as the states of all sinks with a manifest do. */
export function chainIn(state: Json | undefined): Chain | undefined {
	const {chain} = (state ?? {}) as {readonly chain?: Partial<Chain>};
	return typeof chain?.head === 'string' && typeof chain.entries === 'number' ? (chain as Chain) : undefined;
}

/** The line of the next entry, without line break, and the chain with it. Equal content gives an equal line. */
export function sealEntry(chain: Chain, content: EntryContent, sign?: Sign): {line: string; chain: Chain} {
	const entry: ManifestEntry = {entry: chain.entries, previous: chain.head, ...content};
	const head = hashOf(entry);
	const signature = sign?.(signedText(head));
	return {line: lineOf(entry, head, signature), chain: {entries: chain.entries + 1, head}};
}

/** An entry that is whole, and where the chain goes on behind it. */
export interface OpenedEntry {
	readonly entry: ManifestEntry;
	readonly chain: Chain;
	/** Whether it carries a signature; where a key is given, of that key. */
	readonly isSigned: boolean;
	readonly problem?: string;
}

/** The entry of a line, checked against the chain before it; `problem` says how it differs from what was written. */
export function openEntry(line: string, chain: Chain, publicKey?: KeyObject): OpenedEntry | {readonly problem: string} {
	const sealed = parse(line);
	if (!sealed || lineOf(sealed.entry, sealed.hash, sealed.signature) !== line || hashOf(sealed.entry) !== sealed.hash) {
		return {problem: 'the entry is not what was written'};
	}
	const {entry, hash, signature} = sealed;
	const isSigned = signature !== undefined && (!publicKey || isSignatureOf(publicKey, hash, signature));
	const opened = {entry, chain: {entries: entry.entry + 1, head: hash}, isSigned};
	if (entry.entry !== chain.entries || entry.previous !== chain.head) {
		return {...opened, problem: `the entry does not follow the one before it: it is entry ${entry.entry}`};
	}
	if (publicKey && signature === undefined) return {...opened, problem: 'the entry is not signed'};
	if (publicKey && !isSigned) return {...opened, problem: 'the signature is not of this key'};
	return opened;
}

/** Counts the events of batches until they are committed. */
export class Tally {
	readonly #sources = new Map<string, {events: number; firstMs: number; lastMs: number; days: Map<number, number>}>();

	add({records, source}: Pick<Batch, 'records' | 'source'>): void {
		if (records.length === 0) return;
		const key = `${source.name}:${source.tenant}`;
		const tally = this.#sources.get(key) ?? {events: 0, firstMs: Infinity, lastMs: -Infinity, days: new Map()};
		this.#sources.set(key, tally);
		tally.events += records.length;
		for (const {timeMs} of records) {
			if (timeMs < tally.firstMs) tally.firstMs = timeMs;
			if (timeMs > tally.lastMs) tally.lastMs = timeMs;
			const day = Math.floor(timeMs / dayMs);
			tally.days.set(day, (tally.days.get(day) ?? 0) + 1);
		}
	}

	/** The counts since the last call. */
	take(): Record<string, SourceTally> {
		const counted = [...this.#sources].map(([key, {events, firstMs, lastMs, days}]) => [
			key,
			{
				events,
				first: new Date(firstMs).toISOString(),
				last: new Date(lastMs).toISOString(),
				days: Object.fromEntries([...days].sort(([a], [b]) => a - b).map(([day, count]) => [isoDay(day), count])),
			},
		]);
		this.#sources.clear();
		return Object.fromEntries(counted) as Record<string, SourceTally>;
	}
}

/** The sum of tallies of one source. */
export function addTally(sum: SourceTally | undefined, tally: SourceTally): SourceTally {
	if (!sum) return tally;
	const days = {...sum.days};
	for (const [day, count] of Object.entries(tally.days)) days[day] = (days[day] ?? 0) + count;
	return {
		events: sum.events + tally.events,
		first: sum.first < tally.first ? sum.first : tally.first,
		last: sum.last > tally.last ? sum.last : tally.last,
		days,
	};
}

const dayMs = 24 * 60 * 60 * 1000;

function isoDay(day: number): string {
	return new Date(day * dayMs).toISOString().replace(/T.*/, ''); // a year beyond 9999 has more than four digits
}

/** What a public key is known by: `SHA256:` and its hash. */
export function keyFingerprint(publicKey: KeyObject): string {
	return `SHA256:${createHash('sha256')
		.update(publicKey.export({type: 'spki', format: 'der'}))
		.digest('base64url')}`;
}

/** Signs with an Ed25519 private key. */
export function signer(privateKey: KeyObject): Sign {
	const key = keyFingerprint(createPublicKey(privateKey));
	return Object.assign((text: string) => signBytes(null, Buffer.from(text), privateKey).toString('base64'), {key});
}

interface Sealed {
	readonly entry: ManifestEntry;
	readonly hash: string;
	readonly signature?: string | undefined;
}

function lineOf(entry: ManifestEntry, hash: string, signature: string | undefined): string {
	return JSON.stringify({entry, hash, ...(signature === undefined ? {} : {signature})});
}

function hashOf(entry: ManifestEntry): string {
	return createHash('sha256').update(JSON.stringify(entry)).digest('hex');
}

/** The signed text names its purpose, so that a signature of anything else does not count here. */
function signedText(hash: string): string {
	return `rxaudit manifest entry ${hash}`;
}

function isSignatureOf(publicKey: KeyObject, hash: string, signature: string): boolean {
	const bytes = Buffer.from(signature, 'base64');
	// Buffer skips characters that are no base64, so another line could hold the same signature.
	return bytes.toString('base64') === signature && verifyBytes(null, Buffer.from(signedText(hash)), publicKey, bytes);
}

function parse(line: string): Sealed | undefined {
	try {
		const sealed: unknown = JSON.parse(line);
		// Not what the schema makes of it, which has its members in another order.
		return sealedEntry.safeParse(sealed).success ? (sealed as Sealed) : undefined;
	} catch {
		return undefined;
	}
}

const count = z.int().min(0);
const time = z.iso.datetime();

const sealedEntry = z.looseObject({
	entry: z.looseObject({
		entry: count,
		previous: z.string(),
		sources: z.record(
			z.string(),
			z.looseObject({events: count, first: z.string(), last: z.string(), days: z.record(z.string(), count)}),
		),
		files: z.array(z.looseObject({path: z.string(), bytes: count, sha256: z.string()})).optional(),
		range: z.looseObject({from: count, to: count, sha256: z.string()}).optional(),
		found: z.literal(true).optional(),
		superseded: z.array(z.string()).optional(),
		asked: z
			.looseObject({
				at: time,
				requests: count,
				sources: z.array(
					z.looseObject({
						source: z.string(),
						filters: z.record(z.string(), z.string()).optional(),
						keptFrom: time.optional(),
						covered: z.array(z.tuple([time, time])),
					}),
				),
			})
			.optional(),
	}),
	hash: z.string(),
	signature: z.string().optional(),
});
