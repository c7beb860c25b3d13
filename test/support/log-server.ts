import type {Client} from '../../lib/http/client.ts';
import {parseAnswer} from '../../lib/source/records.ts';

/** A row of a log; `rank` orders rows of one time. */
export interface LogRow {
	readonly key: string;
	readonly ms: number;
	readonly rank: number;
}

/** How the server compares a row's time with the bound: to the millisecond, or with one of them cut to its second. */
export type Rounding = 'none' | 'bound' | 'both' | 'shown';

/** What happens to the log between two requests; a `ratio` picks a row or a time. */
export interface Mutation {
	readonly beforeRequest: number;
	readonly kind: 'insert above' | 'insert anywhere' | 'insert at reader' | 'purge' | 'remove at reader' | 'remove';
	readonly key: string;
	readonly ratio: number;
}

export interface LogOptions {
	readonly rounding: Rounding;
	readonly maxLimit: number;
	readonly mutations: readonly Mutation[];
	/** True: nothing happens within two seconds of the last row served. */
	readonly sparesReader?: boolean;
}

/** A log with offsets, newest first, bounds inclusive, that changes while it is read. */
export class LogServer {
	readonly everThere: LogRow[];
	requests = 0;
	#rows: readonly LogRow[];
	#served: LogRow | undefined;
	readonly #options: LogOptions;

	constructor(rows: readonly LogRow[], options: LogOptions) {
		this.everThere = [...rows];
		this.#rows = sorted(rows);
		this.#options = options;
	}

	get rows(): readonly LogRow[] {
		return this.#rows;
	}

	readonly client: Client = async ({query = []}) => {
		for (const mutation of this.#options.mutations)
			if (mutation.beforeRequest === this.requests) this.#mutate(mutation);
		this.requests++;
		const asked = Object.fromEntries(query.map(([name, value]) => [name, Number(value)]));
		const {from = 0, to = Infinity, start = 0, limit = Infinity} = asked;
		const found = this.#rows.filter(({ms}) => ms >= from && this.#isUpTo(ms, to));
		const rows = found.slice(start, start + Math.min(limit, this.#options.maxLimit));
		this.#served = rows.at(-1) ?? this.#served;
		const shown = rows.map(({key, ms}) => ({key, at: this.#shown(ms)}));
		const body = Buffer.from(JSON.stringify({rows: shown, more: start + rows.length < found.length}));
		return {bytes: body.length, content: parseAnswer(body, 'rows'), headers: {}};
	};

	#isUpTo(ms: number, to: number): boolean {
		if (this.#options.rounding === 'both') return cut(ms) <= cut(to);
		return ms <= (this.#options.rounding === 'bound' ? cut(to) : to);
	}

	#shown(ms: number): string {
		const time = new Date(ms).toISOString();
		return this.#options.rounding === 'shown' ? time.replace(/\.\d+/, '') : time;
	}

	#mutate({kind, key, ratio}: Mutation): void {
		const rows = this.#rows;
		const [newest, oldest] = [rows.at(0)?.ms ?? 0, rows.at(-1)?.ms ?? 0];
		const reader = this.#served ?? {ms: newest};
		const insert = (ms: number) => this.#change([], [{key, rank: ratio * 1e6, ms: Math.round(ms)}]);
		if (kind === 'insert above') insert(reader.ms + ratio * (newest - reader.ms));
		else if (kind === 'insert anywhere') insert(oldest + ratio * (newest - oldest));
		else if (kind === 'insert at reader') insert(reader.ms);
		else if (kind === 'purge') this.#change(rows.slice(Math.ceil(rows.length * (1 - ratio / 3))), []);
		else if (kind === 'remove') this.#change(rows.slice(Math.floor(ratio * rows.length)).slice(0, 1), []);
		else {
			const last = rows.indexOf(reader as LogRow) - Math.floor(ratio * 4);
			if (last >= 0) this.#change([rows[last]!], []);
		}
	}

	#change(removed: readonly LogRow[], added: readonly LogRow[]): void {
		const readerMs = this.#served?.ms ?? Infinity;
		const isNear = ({ms}: LogRow) => Math.abs(ms - readerMs) < 2000;
		if (this.#options.sparesReader && [...removed, ...added].some(isNear)) return;
		this.everThere.push(...added);
		this.#rows = sorted([...this.#rows.filter(row => !removed.includes(row)), ...added]);
	}
}

function cut(ms: number): number {
	return Math.floor(ms / 1000) * 1000;
}

function sorted(rows: readonly LogRow[]): readonly LogRow[] {
	return [...rows].sort((a, b) => b.ms - a.ms || b.rank - a.rank);
}
