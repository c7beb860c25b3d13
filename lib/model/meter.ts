import type {Page, SourceFacts} from './page.ts';
import type {GapReport, Progress} from './report.ts';

export type {GapReport, Progress} from './report.ts';

/** What could not be read, and why: from `sinceMs`, inclusive, to `untilMs`, exclusive. */
interface Gap {
	readonly sinceMs: number;
	readonly untilMs: number;
	readonly reason: string;
}

/** What an API last said of its quota: a limit, what is left of it, and the span that it holds for. */
export interface Quota {
	readonly limit: number;
	readonly left: number | undefined;
	readonly perMs: number | undefined;
}

/** A gap for people. */
export function gapReport(source: string, {sinceMs, untilMs, reason}: Gap): GapReport {
	return {source, from: iso(sinceMs), to: iso(untilMs), reason};
}

/** Most quotas are by the minute, where nobody says. */
export const unsaidSpanMs = 60_000;

/** So many names are kept: whoever writes records chooses them. */
const maxUnknownActions = 1000;
const maxActionLength = 200;

/** The time that a source is read through, epoch milliseconds, and the event that it has come to. */
interface Way {
	readonly fromMs: number;
	readonly toMs: number;
	atMs: number;
}

/** Counts what a run does. One per run; a source that is used without `run()` has its own. */
export class Meter implements Progress {
	rounds = 0;
	pages = 0;
	events = 0;
	requests = 0;
	failing?: string;
	trouble?: string;
	retries = 0;
	waits = 0;
	waitedMs = 0;
	duplicates = 0;
	deadLetters = 0;
	positionMs?: number;
	newestMs?: number;
	readUpToMs?: number;
	succeededMs?: number;
	waitingUntilMs?: number;
	readonly warnings: string[] = [];
	quota?: Quota;
	/** How far the server's clock was ahead of ours, in milliseconds. */
	clockAheadMs?: number;
	/** Says what is in flight; a run puts its budget in. */
	bytesInFlight: () => number = () => 0;
	readonly #sources = new Map<string, Pick<SourceFacts, 'name' | 'tenant'>>();
	readonly #ways = new Map<string, Way>();
	readonly #answers = new Map<string, number>();
	readonly #gaps = new Map<string, readonly GapReport[]>();
	readonly #pending = new Set<{readonly what: string; readonly sinceMs: number}>();
	readonly #unknownActions = new Map<string, number>();
	#waiting = 0;
	#waitingSinceMs = 0;
	#isFollow = false;
	/** Called after each change that a user would like to see. */
	onChange: (() => void) | undefined;
	/** Called with each note: there may be one for every event, so none is kept. */
	onNote: ((message: string) => void) | undefined;

	/** The numbers as they are now. */
	snapshot(): Progress {
		const {sources, rounds, pages, events, requests, answers, retries, waits, waitedMs, duplicates, deadLetters} = this;
		return {
			sources,
			rounds,
			pages,
			events,
			requests,
			answers,
			...(this.failing === undefined ? {} : {failing: this.failing}),
			...(this.trouble === undefined ? {} : {trouble: this.trouble}),
			retries,
			waits,
			waitedMs,
			duplicates,
			deadLetters,
			unknownActions: this.unknownActions,
			...(this.positionMs === undefined ? {} : {positionMs: this.positionMs}),
			...(this.share === undefined ? {} : {share: this.share}),
			...(this.quotaMs === undefined ? {} : {quotaMs: this.quotaMs}),
			...(this.newestMs === undefined ? {} : {newestMs: this.newestMs}),
			...(this.readUpToMs === undefined ? {} : {readUpToMs: this.readUpToMs}),
			...(this.succeededMs === undefined ? {} : {succeededMs: this.succeededMs}),
			inFlightBytes: this.inFlightBytes,
			...(this.waitingUntilMs === undefined ? {} : {waitingUntilMs: this.waitingUntilMs}),
			warnings: [...this.warnings],
			gaps: this.gaps,
		};
	}

	get sources(): Progress['sources'] {
		return [...this.#sources.values()];
	}

	get answers(): Readonly<Record<string, number>> {
		return Object.fromEntries(this.#answers);
	}

	get inFlightBytes(): number {
		return this.bytesInFlight();
	}

	/** Says that a source takes part. */
	addSource({name, tenant}: Pick<SourceFacts, 'name' | 'tenant'>): void {
		this.#sources.set(`${name}:${tenant}`, {name, tenant});
	}

	/** Says through what time a source is read now, from `fromMs` to `toMs` in the order of its log. */
	setWay({name, tenant}: Pick<SourceFacts, 'name' | 'tenant'>, fromMs: number, toMs: number): void {
		this.#ways.set(`${name}:${tenant}`, {fromMs, toMs, atMs: fromMs});
	}

	get share(): number | undefined {
		const ways = [...this.#ways.values()];
		// a follow has no end
		if (this.#isFollow || ways.length === 0 || ways.length < this.#sources.size) return undefined;
		const whole = ways.reduce((sum, {fromMs, toMs}) => sum + Math.abs(toMs - fromMs), 0);
		const read = ways.reduce((sum, {fromMs, atMs}) => sum + Math.abs(atMs - fromMs), 0);
		return whole === 0 ? undefined : Math.min(1, read / whole);
	}

	get quotaMs(): number | undefined {
		const {limit, perMs = unsaidSpanMs} = this.quota ?? {};
		return limit ? perMs / limit : undefined;
	}

	/** Counts a request that has ended, by its status or what came in place of one; `failing` says why it was of no use. */
	answered(status: number | string, failing?: string): void {
		const key = String(status);
		this.#answers.set(key, (this.#answers.get(key) ?? 0) + 1);
		if (failing === undefined) delete this.failing;
		else this.failing = failing;
	}

	get gaps(): readonly GapReport[] {
		return [...this.#gaps.values()].flat();
	}

	/** Says which spans of a source are open now. */
	setGaps({name, tenant}: Pick<SourceFacts, 'name' | 'tenant'>, gaps: readonly Gap[]): void {
		this.#gaps.set(
			`${name}:${tenant}`,
			gaps.map(gap => gapReport(name, gap)),
		);
	}

	get unknownActions(): Readonly<Record<string, number>> {
		return Object.fromEntries(this.#unknownActions);
	}

	/** Counts a page that every sink has taken, but for its dead letters. */
	written(page: Page, events: number, deadLetters: number): void {
		this.pages++;
		this.events += events;
		this.duplicates += page.duplicates;
		this.deadLetters += deadLetters;
		for (const [action, times] of page.unknownActions ?? []) {
			const known = this.#unknownActions.has(action) || this.#unknownActions.size < maxUnknownActions;
			const name = known && action.length <= maxActionLength ? action : '…';
			this.#unknownActions.set(name, (this.#unknownActions.get(name) ?? 0) + times);
		}
		this.addSource(page.source);
		const [first, last] = [page.entries[0], page.entries.at(-1)];
		if (first && last) {
			this.positionMs = last.record.orderMs;
			const way = this.#ways.get(`${page.source.name}:${page.source.tenant}`);
			if (way) way.atMs = this.positionMs;
			// pages are in order, so that the newest is at one of their ends
			const newestMs = Math.max(first.record.orderMs, last.record.orderMs, this.newestMs ?? -Infinity);
			if (page.source.order !== 'none') this.newestMs = newestMs;
		}
		this.changed();
	}

	changed(): void {
		this.onChange?.();
	}

	/** Says that a round begins: what was warned of in the one before is not kept. */
	beginRound(): void {
		this.#isFollow = true;
		if (this.warnings.length === 0) return;
		this.warnings.length = 0;
		this.changed();
	}

	/** Says how a round ended: at the end of the source, or why before it. */
	endRound(trouble?: string): void {
		delete this.trouble;
		if (trouble !== undefined) this.trouble = trouble;
		this.changed();
	}

	warn(message: string): void {
		this.warnings.push(message);
		this.changed();
	}

	note(message: string): void {
		this.onNote?.(message);
	}

	/** Does something that others may have to wait for, and says so as long as it takes. */
	async during<T>(what: string, work: () => Promise<T>): Promise<T> {
		const entry = {what, sinceMs: performance.now()};
		this.#pending.add(entry);
		try {
			return await work();
		} finally {
			this.#pending.delete(entry);
		}
	}

	/** What goes on, the oldest first, in words; undefined when nothing does. */
	pending(): string | undefined {
		const now = performance.now();
		const parts = [...this.#pending].map(
			({what, sinceMs}) => `${what} (since ${((now - sinceMs) / 1000).toFixed(1)} s)`,
		);
		return parts.length > 0 ? parts.join(', ') : undefined;
	}

	/** Counts a wait while it goes on. */
	async wait(untilMs: number, wait: () => Promise<void>): Promise<void> {
		this.waits++;
		if (this.#waiting++ === 0) this.#waitingSinceMs = performance.now();
		this.waitingUntilMs = Math.max(untilMs, this.waitingUntilMs ?? 0);
		this.changed();
		try {
			await wait();
		} finally {
			// several wait for the same quota at once
			if (--this.#waiting === 0) {
				this.waitedMs += performance.now() - this.#waitingSinceMs;
				delete this.waitingUntilMs;
			}
			this.changed();
		}
	}
}

function iso(ms: number): string {
	return new Date(ms).toISOString();
}
