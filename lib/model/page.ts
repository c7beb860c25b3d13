import type {ActionRule} from './activity.ts';
import type {Json} from './event.ts';
import {watchPage} from './lost-pages.ts';

/** One record as the API gave it. */
export interface SourceRecord {
	/** The record's own id, or what stands for it: the same record has the same id in every run. */
	readonly id: string;
	/** What tells this record from others where that is more than its id: what `dedupe` goes by. Default: the id. */
	readonly identity?: string;
	/** When it occurred, epoch milliseconds. */
	readonly timeMs: number;
	/** What the API sorts by, epoch milliseconds: the time, for most. */
	readonly orderMs: number;
	/** True when the API gave whole seconds, so that the true time lies anywhere in that second. */
	readonly wholeSecond: boolean;
	/** The record's own text, UTF-8, on one line: the slice of the answer. */
	readonly text: Uint8Array;
	/** `text` as a string, where it is at hand. */
	readonly raw?: string;
	/** The parsed record that `text` is the text of. */
	readonly value: unknown;
}

/** The record's own text as a string. */
export function ownText({raw, text}: Pick<SourceRecord, 'raw' | 'text'>): string {
	return raw ?? Buffer.from(text.buffer, text.byteOffset, text.length).toString('utf8');
}

/** An event that cannot be processed: what is known of it, and why. */
export interface Rejected {
	readonly id?: string;
	/** What `dedupe` goes by where the text was left out. Default: the text. */
	readonly identity?: string;
	/** The record's own text. */
	readonly text: Uint8Array;
	readonly reason: string;
}

export interface Product {
	readonly vendor?: string;
	readonly name: string;
}

/** What the pages of a source have in common, as operators and sinks need to know it. */
export interface SourceFacts {
	readonly name: string;
	readonly tenant: string;
	/** `global`: ids are unique everywhere; `tenant`: within this tenant only. */
	readonly ids: 'global' | 'tenant';
	readonly order: 'newest-first' | 'oldest-first' | 'none';
	/** True where the lists of a record are sets, which the API gives in another order each time. */
	readonly unorderedLists?: boolean | undefined;
	/** How far the next run reads back behind the newest record, in milliseconds. */
	readonly overlapMs: number;
	/** The largest record that is let through, in bytes. */
	readonly maxEventBytes: number;
	/** The product that keeps the log. */
	readonly product: Product;
	/** True where records have ids of their own, false where theirs are made from their content. */
	readonly ownIds: boolean;
	/** The common record's members of one parsed record, without those that are the same for all sources. */
	normalize(value: unknown): Json;
	/** The rule that says what an action is; absent where the source states no rules. */
	readonly ruleOf?: ((action: string) => ActionRule | undefined) | undefined;
	/** Binds the limiter of this source's credential, for `rateLimit()`. */
	limit(requests: number, perMs: number): void;
}

/**
 * The events of one API answer, the position to go on from, and an acknowledgement: the unit of fetching, of rate
 * limiting, of backpressure, of writing and of checkpointing.
 *
 * Operators make a new page from an old one with a spread: `{...page, events, records}`. Whoever takes a page out
 * of the stream must settle it with `ack()` or `nack()`.
 */
export interface Page<T = unknown> {
	readonly events: readonly T[];
	/** `records[i]` is what `events[i]` was made from. */
	readonly records: readonly SourceRecord[];
	/** True while the events are the parsed records, untouched: what is written is then each record's own text. */
	readonly verbatim: boolean;
	/** Events that were taken out because they cannot be processed. */
	readonly rejected: readonly Rejected[];
	readonly source: SourceFacts;
	/** Counts from 0 within one source of one run. */
	readonly sequence: number;
	/** The source's checkpoint as of this page: what `start` needs to go on behind it. */
	readonly position: Json;
	/** The snapshots of stateful operators as of this page, by operator name. */
	readonly snapshots: Readonly<Record<string, Json>>;
	/** Identities that became known with this page, for the journal: entries of 20 bytes. */
	readonly identities?: Uint8Array;
	/** Events that an operator dropped as already seen. */
	readonly duplicates: number;
	/** How many events have an action that no rule of their source knows, by action. */
	readonly unknownActions?: ReadonlyMap<string, number>;
	/** What this page holds in memory, in bytes. */
	readonly bytes: number;
	/** Gives the in-flight budget back: the bytes are out of memory. */
	taken(): void;
	/** All of it is durable, or not wanted. Implies `taken()`. */
	ack(): void;
	/** It could not be processed: ends the source with this reason. */
	nack(reason: unknown): void;
}

/** What a new page is made from; everything else has a sensible beginning. */
export type PageContent<T> = Pick<Page<T>, 'events' | 'records' | 'source' | 'sequence' | 'position' | 'bytes'> & {
	readonly rejected?: readonly Rejected[];
};

export interface PageSettlement {
	taken(): void;
	acked?(): void;
	nacked(reason: unknown): void;
}

/** A page whose events are the parsed records themselves. It settles once: later calls do nothing. */
export function createPage<T>(content: PageContent<T>, settlement: PageSettlement): Page<T> {
	let settled = false;
	const take = () => {
		if (watched.settled) return;
		watched.settled = true;
		settlement.taken();
	};
	const page: Page<T> = {
		rejected: [],
		snapshots: {},
		duplicates: 0,
		verbatim: true,
		...content,
		taken: take,
		ack() {
			take();
			if (settled) return;
			settled = true;
			settlement.acked?.();
		},
		nack(reason) {
			take();
			if (settled) return;
			settled = true;
			settlement.nacked(reason);
		},
	};
	const watched = watchPage(page.ack, content.sequence, settlement.nacked);
	return page;
}

/** The page with only those events for which `keep` is true; the same page when that is all of them. */
export function keepEvents<T>(page: Page<T>, keep: readonly boolean[], rejected: readonly Rejected[] = []): Page<T> {
	const isKept = (_: unknown, index: number) => keep[index] === true;
	if (rejected.length === 0 && keep.every(Boolean)) return page;
	return {
		...page,
		events: page.events.filter(isKept),
		records: page.records.filter(isKept),
		rejected: rejected.length === 0 ? page.rejected : [...page.rejected, ...rejected],
	};
}
