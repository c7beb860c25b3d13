import type {Json} from './event.ts';

/** What a run has done so far. Times are milliseconds. */
export interface Progress {
	/** The sources that take part. */
	readonly sources: readonly {readonly name: string; readonly tenant: string}[];
	/** How often the source was read to its end: once, or by `follow` again and again. */
	readonly rounds: number;
	readonly pages: number;
	readonly events: number;
	readonly requests: number;
	/** Those that have ended, by status; where no status came, by what did: `timeout`, `network`, `stopped`, … */
	readonly answers: Readonly<Record<string, number>>;
	/** Why the last request was of no use; absent where it was, and where the API only asked to wait. */
	readonly failing?: string;
	/** Why the last round of `follow` failed, in the words of its error; absent where it came to its end. */
	readonly trouble?: string;
	readonly retries: number;
	/** Waits that the API or its rate limit asked for, and what they took. */
	readonly waits: number;
	readonly waitedMs: number;
	readonly duplicates: number;
	readonly deadLetters: number;
	/** How many events had an action that no rule of their source knows, by action; beyond 1,000 of them, by `…`. */
	readonly unknownActions: Readonly<Record<string, number>>;
	/** The time of the last event that the sinks took, epoch milliseconds. */
	readonly positionMs?: number;
	/** How much of the time that is read was read, from 0 to 1; absent where nobody knows when the log begins. */
	readonly share?: number | undefined;
	/** The time that a quota leaves to each request, in milliseconds, as far as the API says. */
	readonly quotaMs?: number | undefined;
	/** The newest time among the events that the sinks took, in this run or, with a state, before; as the API sorts. */
	readonly newestMs?: number;
	/** All before was read and is durable, gaps left aside, epoch milliseconds; absent where that is not known. */
	readonly readUpToMs?: number;
	/** When a run came to its end last, this one or one before that the state knows of, epoch milliseconds. */
	readonly succeededMs?: number;
	/** What the pages hold in memory that were fetched and are not yet with the sinks. */
	readonly inFlightBytes: number;
	/** The end of the wait that is going on, epoch milliseconds. */
	readonly waitingUntilMs?: number;
	/** Those of the last round. */
	readonly warnings: readonly string[];
	/** What could not be read, in this run or in those before: each run tries it again. */
	readonly gaps: readonly GapReport[];
}

/** From `from`, inclusive, to `to`, exclusive. */
export interface GapReport {
	readonly source: string;
	readonly from: string;
	readonly to: string;
	readonly reason: string;
}

/** Events that a sink did not get: those from `from` up to and with `to`, as `--since` and `--until` bound them. */
export interface Lack {
	readonly from: string;
	readonly to: string;
	readonly events: number;
	readonly reason: string;
	readonly [member: string]: Json;
}

/** What a run did. */
export interface Report extends Progress {
	readonly seconds: number;
	/** What the best-effort sinks that failed have not got, by `name:target`. */
	readonly lacks: Readonly<Record<string, Lack>>;
	/** True when it ended because it was asked to, before the source had come to its end. */
	readonly stopped: boolean;
}
