import type {Budget, BudgetPlace} from '../model/budget.ts';
import {keepsBounds} from './bounds.ts';
import {SourceError} from '../model/errors.ts';
import {forgetValue} from '../model/own-record.ts';
import type {SourceRecord} from '../model/page.ts';
import {GivenRows} from './given-rows.ts';
import type {Fetched, ReadPage, Scan} from './scan.ts';
import {
	countPage,
	type Cut,
	cutScan,
	dropWindow,
	holdsAny,
	isElsewhere,
	isOf,
	keyOf,
	lengthOf,
	newWindow,
	readMsOf,
	type Window,
} from './window.ts';

export interface ReadAheadOptions {
	/** Of the source. */
	readonly name: string;
	readonly order: 'newest-first' | 'oldest-first';
	/** How many windows are read side by side, the one that is being written among them. */
	readonly concurrency: number;
	/** Where pages that are read ahead have their places. */
	readonly budget: Budget;
	/** No request after. */
	readonly signal: AbortSignal;
}

/** A pass is cut behind so many pages, */
export const pagesBefore = 4;
/** where so many more seem to be left of it. */
export const manyPages = 16;
/** A window is to have about so many pages: fewer waste requests on its ends, more keep those behind it waiting. */
const pagesWanted = {least: 4, most: 12};
/** So many pages are held of one window at most. */
export const mostHeld = 2 * pagesWanted.most;
/** The next window is at most so many times as long as the one before, and at least so many times as short. */
const maxGrowth = 8;
/** Most often there is nothing at all behind an empty window. */
const growthBehindNone = 1000;
/** Times are not cut finer. */
const shortestMs = 1000;

/**
 * Cuts a pass into windows, and reads those to come while the first one is being written. All that is written is in the
 * order of the pass, as if its windows had been read one after the other: a checkpoint knows of nothing else, and what
 * was read ahead is read again after a crash. How long a window is follows from how many rows the ones before had.
 */
export class ReadAhead<T> {
	readonly #read: ReadPage<T>;
	readonly #options: ReadAheadOptions;
	readonly #isNewest: boolean;
	readonly #stop = new AbortController();
	readonly #signal: AbortSignal;
	readonly #deafen: () => void;
	/** The windows to come, in order, and what is not yet cut, in its place. */
	#parts: (Window<T> | Scan)[] = [];
	/** The window that is being written. */
	#head: Window<T> | undefined;
	/** What is left of the pass, as `next()` gave it. */
	#rest: Scan | undefined;
	#spanMs = 0;
	#pagesWanted = pagesWanted.most;
	#pageRows = 1;
	/** The pass as it is read before it is cut. */
	#whole: Window<T> | undefined;
	/** Its rows, which come again, and those that came with a window that they are not of. */
	readonly #given: GivenRows;
	#isPumping = false;

	constructor(read: ReadPage<T>, options: ReadAheadOptions) {
		this.#read = read;
		this.#options = options;
		this.#isNewest = options.order === 'newest-first';
		this.#given = new GivenRows(options.order);
		this.#signal = AbortSignal.any([this.#stop.signal, options.signal]);
		this.#deafen = options.budget.onRelease(() => this.#pump());
	}

	/** Nothing is read ahead any more. */
	close(): void {
		this.#deafen();
		this.#stop.abort();
		this.#drop();
	}

	/**
	 * Takes note of a page of a pass that is read as it is. Behind the fourth, where many more follow: the first window,
	 * and what is left then. The pass begins again with it, and what was given does not come again.
	 */
	async cut(pass: Scan, answer: Fetched<T>): Promise<Cut | undefined> {
		const {concurrency, budget} = this.#options;
		const isNewest = this.#isNewest;
		if (!isFresh(pass) || (pass === this.#whole?.scan && this.#whole.pages >= pagesBefore)) return undefined;
		if (this.#whole?.scan !== pass) {
			this.#drop();
			this.#whole = newWindow(pass);
		}
		countPage(this.#whole, answer);
		this.#given.add(answer);
		const {pages, firstMs, lastMs, rows} = this.#whole;
		if (pages < pagesBefore || answer.next === undefined || firstMs > lastMs || !budget.readsAhead) return undefined;
		const pageMs = Math.max(shortestMs, lastMs - firstMs) / pages;
		const readMs = readMsOf(this.#whole, isNewest);
		const [, far] = cutScan(pass, readMs + pageMs * manyPages, isNewest);
		if (!far || !(await this.#holdsFrom(far, rows / pages))) return undefined;
		this.#pagesWanted = pagesOfWindow(answer.bytes, concurrency, budget.limits.maxBytes);
		this.#spanMs = pageMs * this.#pagesWanted;
		this.#pageRows = rows / pages;
		// what was read is in the first one, which is longer where nothing happened at its end
		const [first, rest] = cutScan(pass, readMs + pageMs * (this.#pagesWanted - pages), isNewest);
		if (!rest) return undefined;
		this.#parts = [newWindow<T>(first, false), rest];
		this.#rest = pass;
		this.#given.begin(pass);
		return {first, rest: this.#leftOf(pass, 1)};
	}

	/** The first window of a pass, and what is left of the pass then. */
	next(pass: Scan): Cut {
		if (pass !== this.#rest) {
			this.#drop();
			return {first: pass};
		}
		this.#cut();
		if (this.#head) {
			dropWindow(this.#head);
			this.#given.forget(this.#head.scan);
		}
		this.#head = this.#parts.shift() as Window<T>;
		this.#rest = this.#leftOf(pass, 0);
		this.#pump();
		return {first: this.#head.scan, rest: this.#rest};
	}

	/** One page, which may have been asked for already. */
	readonly read: ReadPage<T> = async (scan, signal) => {
		const head = this.#head;
		if (!head || !isOf(scan, head)) return this.#read(scan, signal);
		const key = keyOf(scan.cursor);
		const asked = head.answers.get(key);
		if (!asked) {
			const answer = await this.#read(scan, signal);
			this.#count(head, answer);
			if (this.#rest && isElsewhere(answer, head.scan)) this.#join(this.#rest);
			return this.#inTurn(answer, scan, head);
		}
		head.answers.delete(key);
		return asked.answer.then(answer => this.#inTurn(answer, scan, head)).finally(() => asked.place.release());
	};

	/** Whether anything is so far away, and windows hold all that they are to; whatever fails here fails again later. */
	async #holdsFrom(far: Scan, pageRows: number): Promise<boolean> {
		const place = this.#options.budget.takeAhead();
		if (!place) return false;
		const keeps = () => keepsBounds(this.#read, this.#given.records, this.#signal, pageRows);
		const holds = async () => holdsAny(await this.#read(far, this.#signal), far) && (await keeps()) === true;
		return holds()
			.catch(() => false)
			.finally(() => place.release());
	}

	readonly strays = (record: SourceRecord): boolean => this.#given.isStray(record);

	/** A page without what was given; rejects where that has not come again at the end of the first window. */
	#inTurn(answer: Fetched<T>, scan: Scan, {isTypical}: Window<T>): Fetched<T> {
		const page = this.#given.inTurn(answer, scan);
		// the oldest ones may have been deleted meanwhile
		const missing = page.next === undefined && !isTypical && this.#isNewest ? this.#given.missingOf(scan) : 0;
		if (missing === 0) return page;
		if (this.#rest) this.#join(this.#rest);
		throw new SourceError(
			'BAD_BODY',
			`${this.#options.name}: asked for a part of its time, the server left out ${missing} records that it had given before; run again with concurrency 1`,
		);
	}

	/** Makes windows of the first parts, as many as are read side by side. */
	#cut(): void {
		for (let at = 0; at < Math.min(this.#parts.length, this.#options.concurrency); at++) {
			const part = this.#parts[at]!;
			if ('answers' in part) continue;
			const [one, rest] = cutScan(part, this.#spanMs, this.#isNewest);
			this.#parts.splice(at, 1, newWindow<T>(one), ...(rest ? [rest] : []));
		}
	}

	/** What is left of a pass from one of its parts on. */
	#leftOf(pass: Scan, at: number): Scan | undefined {
		const part = this.#parts[at];
		if (!part) return undefined;
		const {sinceMs, untilMs} = 'answers' in part ? part.scan : part;
		if (!this.#isNewest) return {...pass, sinceMs};
		return {...pass, untilMs, coversToMs: Math.min(pass.coversToMs, untilMs)};
	}

	/** Asks for what there is room for, the first windows first; soon, since who calls may be at work on them. */
	#pump(): void {
		if (this.#isPumping) return;
		this.#isPumping = true;
		queueMicrotask(() => {
			this.#isPumping = false;
			if (this.#signal.aborted || !this.#head) return;
			this.#cut();
			for (const window of this.#parts.slice(0, this.#options.concurrency - 1)) {
				if (!('answers' in window) || window.isWaiting || window.answers.size >= 2 * this.#pagesWanted) continue;
				const place = this.#options.budget.takeAhead();
				if (!place) return;
				this.#ask(window, place);
			}
		});
	}

	/** What fails is for whoever takes the page. */
	#ask(window: Window<T>, place: BudgetPlace): void {
		const {cursor, scan, unwanted, answers} = window;
		window.isWaiting = true;
		const signal = AbortSignal.any([this.#signal, unwanted.signal]);
		const answer = this.#read(cursor === undefined ? scan : {...scan, cursor}, signal);
		answers.set(keyOf(cursor), {answer, place});
		answer.then(
			page => this.#came(window, page, place),
			() => {},
		);
	}

	#came(window: Window<T>, answer: Fetched<T>, place: BudgetPlace): void {
		place.hold(answer.bytes);
		for (const record of answer.records) forgetValue(record);
		this.#count(window, answer);
		const at = this.#parts.indexOf(window);
		if (at < 0) return;
		const {next} = answer;
		if (isElsewhere(answer, window.scan)) this.#join(this.#rest!);
		else if (next !== undefined && !window.answers.has(keyOf(next))) {
			window.cursor = next;
			window.isWaiting = false;
			if (window.pages >= 2 * this.#pagesWanted) this.#split(window, at);
		}
		this.#pump();
	}

	/** The windows to come are as long as this one would have had to be. */
	#count(window: Window<T>, answer: Fetched<T>): void {
		countPage(window, answer);
		const {rows} = window;
		this.#pageRows = Math.max(this.#pageRows, answer.records.length);
		if (answer.next !== undefined || !window.isTypical) return;
		const wanted = (this.#pagesWanted * this.#pageRows) / rows;
		const growth = rows === 0 ? growthBehindNone : clamp(wanted, 1 / maxGrowth, maxGrowth);
		this.#spanMs = Math.max(shortestMs, lengthOf(window.scan) * growth);
	}

	/** Puts shorter windows in the place of one with far more pages than were wanted. */
	#split(window: Window<T>, at: number): void {
		const {scan, pages} = window;
		const length = lengthOf(scan);
		const expected = (pages * length) / clamp(readMsOf(window, this.#isNewest), 1, length);
		if (expected < 2 * pages || length < 4 * shortestMs) return;
		dropWindow(window);
		this.#spanMs = Math.max(shortestMs, (length * this.#pagesWanted) / expected);
		this.#parts[at] = scan;
	}

	/** Reads in one piece what a server gives that does not keep to the bounds of a window. */
	#join(rest: Scan): void {
		for (const part of this.#parts) if ('answers' in part) dropWindow(part);
		this.#parts = [{...newWindow<T>({...rest}), isWaiting: true}];
	}

	#drop(): void {
		for (const part of this.#head ? [this.#head, ...this.#parts] : this.#parts) if ('answers' in part) dropWindow(part);
		this.#head = undefined;
		this.#parts = [];
		this.#rest = undefined;
		this.#whole = undefined;
		this.#given.clear();
	}
}

/** How many pages of so many bytes a window is to have, of so many side by side, in half of the memory. */
export function pagesOfWindow(bytes: number, concurrency: number, maxBytes: number): number {
	const held = maxBytes / 2 / Math.max(1, bytes);
	return clamp(Math.floor(held / concurrency), pagesWanted.least, pagesWanted.most);
}

/** Whether nothing of it is read yet, by this run or another one. */
function isFresh({cursor, edgeMs, lastMs, reason}: Scan): boolean {
	return [cursor, edgeMs, lastMs, reason].every(known => known === undefined);
}

function clamp(value: number, least: number, most: number): number {
	return Math.min(most, Math.max(least, value));
}
