import type {SourceRecord} from '../model/page.ts';
import type {Known} from './bounds.ts';
import {bytesAsText, type Fetched, isWithin, type Scan} from './scan.ts';

/** A server that means other times by bounds rounds them to days at most, or takes them for times of another zone. */
const maxStrayMs = 26 * 3_600_000;

/** What was given of a pass that is read in windows, where it is to come again or has come with the wrong window. */
export class GivenRows {
	readonly #isNewest: boolean;
	/** How often each is still to come again, by what tells it from others. */
	readonly #rows = new Map<string, {times: number; readonly record: Known | undefined}>();
	#pass: Scan | undefined;
	/** The time of the last record that was given, in the order of the pass. */
	#reachedMs: number | undefined;
	#strays = new WeakSet<SourceRecord>();

	constructor(order: 'newest-first' | 'oldest-first') {
		this.#isNewest = order === 'newest-first';
	}

	/** The records that are to come again. */
	get records(): Known[] {
		return [...this.#rows.values()].flatMap(({record}) => record ?? []);
	}

	add(answer: Pick<Fetched<unknown>, 'records' | 'rejected'>): void {
		keysOf(answer).forEach((key, index) => {
			const {id, orderMs, wholeSecond} = answer.records[index] ?? {};
			const record = id === undefined ? undefined : {id, orderMs: orderMs!, wholeSecond: wholeSecond!};
			this.#rows.set(key, {times: (this.#rows.get(key)?.times ?? 0) + 1, record});
		});
	}

	/** The pass begins again, in windows. */
	begin(pass: Scan): void {
		this.#pass = pass;
		this.#reachedMs = undefined;
	}

	clear(): void {
		this.#rows.clear();
		this.#pass = undefined;
	}

	/** Those of a window that is over do not come again. */
	forget(window: Scan): void {
		for (const [key, {record}] of this.#rows) if (record && isWithin(record, window)) this.#rows.delete(key);
	}

	/** How many records of a window have not come again. */
	missingOf(window: Scan): number {
		let missing = 0;
		for (const {times, record} of this.#rows.values()) if (record && isWithin(record, window)) missing += times;
		return missing;
	}

	/** Whether it came with a window that it is not of, and is given with it all the same. */
	isStray(record: SourceRecord): boolean {
		return this.#strays.has(record);
	}

	/**
	 * A page without what was given before. With a server that means other times by the bounds of a window than those, what
	 * comes with one may come with no other: it is given when it comes.
	 */
	inTurn<T>(answer: Fetched<T>, window: Scan): Fetched<T> {
		const {events, records, rejected = [], rows = records.length + rejected.length} = answer;
		const strays = records.filter(record => this.#comesWith(record, window));
		for (const record of strays) this.#strays.add(record);
		if (this.#rows.size === 0 && strays.length === 0) return this.#reach(answer, window);
		const keep = keysOf(answer).map((key, index) => {
			const record = records[index];
			return (record && !isWithin(record, window) && !this.isStray(record)) || !this.#take(key);
		});
		const page = {
			...answer,
			events: events?.filter((_, index) => keep[index]),
			records: records.filter((_, index) => keep[index]),
			rejected: rejected.filter((_, index) => keep[records.length + index]),
			rows,
		};
		this.add({records: page.records.filter(record => this.isStray(record))});
		return this.#reach(page, window);
	}

	/** Whether it is of the pass, not of the window, and was not given yet. */
	#comesWith(record: SourceRecord, window: Scan): boolean {
		if (!this.#pass || isWithin(record, window) || !isWithin(record, this.#pass)) return false;
		const {orderMs} = record;
		const [aheadMs, isBehind] = this.#isNewest
			? [window.sinceMs - orderMs, orderMs < (this.#reachedMs ?? -Infinity)]
			: [orderMs - window.untilMs, orderMs > (this.#reachedMs ?? Infinity)];
		return aheadMs >= 0 ? aheadMs < maxStrayMs : isBehind;
	}

	#reach<T>(page: Fetched<T>, window: Scan): Fetched<T> {
		const further = this.#isNewest ? Math.min : Math.max;
		for (const record of page.records) {
			if (isWithin(record, window) || this.isStray(record))
				this.#reachedMs = further(this.#reachedMs ?? record.orderMs, record.orderMs);
		}
		return page;
	}

	#take(key: string): boolean {
		const row = this.#rows.get(key);
		if (!row) return false;
		if (--row.times === 0) this.#rows.delete(key);
		return true;
	}
}

/** What tells the rows of a page from others: first those that could be read, then the others. */
function keysOf({records, rejected = []}: Pick<Fetched<unknown>, 'records' | 'rejected'>): string[] {
	return [...records.map(({id}) => `id ${id}`), ...rejected.map(({text}) => bytesAsText(text))];
}
