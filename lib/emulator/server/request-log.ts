import type {IncomingHttpHeaders} from 'node:http';

const MAX_TIMES = 1_000_000;

export interface RequestLogEntry {
	/** Counts from 1. */
	readonly number: number;
	readonly method: string;
	/** Path and query as they were sent. */
	readonly url: string;
	readonly headers: IncomingHttpHeaders;
	/** Of requests other than GET. */
	body?: string;
	/** By the emulator's clock. */
	readonly atMs: number;
	/** 0 until headers were sent: for good after a hang or a reset before them. */
	status: number;
	/** The kind of the fault that it met. */
	fault?: string;
}

/** The last requests, and the times of the last million. */
export interface RequestLog {
	readonly entries: readonly RequestLogEntry[];
	readonly count: number;
	add(request: Omit<RequestLogEntry, 'number' | 'status'>): RequestLogEntry;
	/** The largest number of requests within any time shorter than `perMs`, the refused ones too. */
	maxInWindow(perMs: number): number;
}

export function createRequestLog(keep: number): RequestLog {
	const entries: RequestLogEntry[] = [];
	const timesMs: number[] = [];
	let count = 0;
	return {
		entries,
		get count() {
			return count;
		},
		add(request) {
			const entry: RequestLogEntry = {...request, number: ++count, status: 0};
			entries.push(entry);
			if (entries.length > keep) entries.shift();
			timesMs.push(request.atMs);
			if (timesMs.length > 2 * MAX_TIMES) timesMs.splice(0, MAX_TIMES);
			return entry;
		},
		maxInWindow(perMs) {
			let most = 0;
			let oldest = 0;
			for (const [index, timeMs] of timesMs.entries()) {
				while ((timesMs[oldest] as number) <= timeMs - perMs) oldest++;
				most = Math.max(most, index - oldest + 1);
			}
			return most;
		},
	};
}
