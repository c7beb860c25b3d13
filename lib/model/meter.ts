import type {Page, SourceFacts} from './page.ts';
import type {GapReport, Progress} from './report.ts';

export type {GapReport, Progress} from './report.ts';

/** What could not be read, and why: from `sinceMs`, inclusive, to `untilMs`, exclusive. */
interface Gap {
	readonly sinceMs: number;
	readonly untilMs: number;
	readonly reason: string;
}

/** A gap for people. */
export function gapReport(source: string, {sinceMs, untilMs, reason}: Gap): GapReport {
	return {source, from: iso(sinceMs), to: iso(untilMs), reason};
}

/** So many names are kept: whoever writes records chooses them. */
const maxUnknownActions = 1000;
const maxActionLength = 200;

/** Counts what a run does. One per run; a source that is used without `run()` has its own. */
export class Meter implements Progress {
	pages = 0;
	events = 0;
	requests = 0;
	retries = 0;
	waits = 0;
	waitedMs = 0;
	duplicates = 0;
	deadLetters = 0;
	positionMs?: number;
	waitingUntilMs?: number;
	readonly warnings: string[] = [];
	readonly #gaps = new Map<string, readonly GapReport[]>();
	readonly #pending = new Set<{readonly what: string; readonly sinceMs: number}>();
	readonly #unknownActions = new Map<string, number>();
	/** Called after each change that a user would like to see. */
	onChange: (() => void) | undefined;
	/** Called with each note: there may be one for every event, so none is kept. */
	onNote: ((message: string) => void) | undefined;

	/** The numbers as they are now. */
	snapshot(): Progress {
		const {pages, events, requests, retries, waits, waitedMs, duplicates, deadLetters} = this;
		return {
			pages,
			events,
			requests,
			retries,
			waits,
			waitedMs,
			duplicates,
			deadLetters,
			unknownActions: this.unknownActions,
			...(this.positionMs === undefined ? {} : {positionMs: this.positionMs}),
			...(this.waitingUntilMs === undefined ? {} : {waitingUntilMs: this.waitingUntilMs}),
			warnings: [...this.warnings],
			gaps: this.gaps,
		};
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
		const last = page.entries.at(-1);
		if (last) this.positionMs = last.record.orderMs;
		this.changed();
	}

	changed(): void {
		this.onChange?.();
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
		const before = performance.now();
		this.waits++;
		this.waitingUntilMs = Math.max(untilMs, this.waitingUntilMs ?? 0);
		this.changed();
		try {
			await wait();
		} finally {
			this.waitedMs += performance.now() - before;
			delete this.waitingUntilMs;
			this.changed();
		}
	}
}

function iso(ms: number): string {
	return new Date(ms).toISOString();
}
