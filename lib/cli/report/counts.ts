/** So many texts are counted apart. */
const capacity = 50_000;

export interface Counted {
	readonly text: string;
	readonly count: number;
}

/**
 * How often each text comes: exact up to 50,000 texts. Of more, what comes seldom is dropped (Misra and Gries): a count is
 * too low by `error` at most, and a text that comes more often than that is never dropped.
 */
export class TopCounts {
	error = 0;
	#counts = new Map<string, number>();
	readonly #capacity: number;

	constructor(most = capacity) {
		this.#capacity = most;
	}

	add(text: string, times = 1): void {
		this.#counts.set(text, (this.#counts.get(text) ?? 0) + times);
		if (this.#counts.size > this.#capacity * 2) this.#reduce();
	}

	/** How many texts there are; undefined where some were dropped. */
	get distinct(): number | undefined {
		return this.error === 0 ? this.#counts.size : undefined;
	}

	/** The most frequent ones; of equals in the order of their letters. */
	top(most: number): Counted[] {
		const all = [...this.#counts].map(([text, count]) => ({text, count}));
		return all.sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1)).slice(0, most);
	}

	#reduce(): void {
		const counts = [...this.#counts.values()].sort((a, b) => b - a);
		const less = counts[this.#capacity]!;
		this.error += less;
		const left = [...this.#counts].filter(([, count]) => count > less);
		this.#counts = new Map(left.map(([text, count]) => [text, count - less]));
	}
}

export interface Sighting<Detail> {
	readonly text: string;
	readonly timeMs: number;
	readonly detail: Detail;
}

/** When each text was seen first, of the first 50,000 texts that come. */
export class FirstSeen<Detail> {
	/** Whether more came than are looked at. */
	isFull = false;
	readonly #seen = new Map<string, Sighting<Detail>>();
	readonly #capacity: number;

	constructor(most = capacity) {
		this.#capacity = most;
	}

	add(text: string, timeMs: number, detail: () => Detail): void {
		const before = this.#seen.get(text);
		if (before && before.timeMs <= timeMs) return;
		if (!before && this.#seen.size >= this.#capacity) this.isFull = true;
		else this.#seen.set(text, {text, timeMs, detail: detail()});
	}

	get distinct(): number {
		return this.#seen.size;
	}

	/** The newest first. */
	all(): Sighting<Detail>[] {
		return [...this.#seen.values()].sort((a, b) => b.timeMs - a.timeMs || (a.text < b.text ? -1 : 1));
	}
}

/** The latest of many things, by their time. */
export class Latest<T extends {readonly timeMs: number}> {
	count = 0;
	#kept: T[] = [];
	readonly #most: number;

	constructor(most: number) {
		this.#most = most;
	}

	add(one: T): void {
		this.count++;
		this.#kept.push(one);
		if (this.#kept.length > this.#most * 4) this.#kept = this.all();
	}

	/** The newest first; of one time in the order in which they came. */
	all(): T[] {
		return [...this.#kept].sort((a, b) => b.timeMs - a.timeMs).slice(0, this.#most);
	}
}

/** Counts by day, in UTC: days since 1970. */
export class DayCounts {
	readonly days = new Map<number, number>();

	add(timeMs: number): void {
		const day = Math.floor(timeMs / dayMs);
		this.days.set(day, (this.days.get(day) ?? 0) + 1);
	}
}

export const dayMs = 24 * 60 * 60 * 1000;
export const hourMs = 60 * 60 * 1000;

/** `2026-08-01` of days since 1970. */
export function isoDay(day: number): string {
	return new Date(day * dayMs).toISOString().replace(/T.*/, '');
}
