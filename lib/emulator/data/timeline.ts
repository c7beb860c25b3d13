import type {Bursts} from '../server/switches.ts';
import {hash} from './random.ts';

const BURST_SALT = 1;
const JITTER_SALT = 2;
const WHOLE_SECOND_PERCENT = 10;
const LONGEST_SHORT_BURST = 5;

export interface TimelineOptions {
	readonly events: number;
	readonly seed: number;
	readonly newestMs: number;
	readonly spacingMs: number;
	readonly bursts: Bursts;
}

/** The times of events 0 (the newest) to `events` - 1, computed from the index alone, never rising. */
export interface Timeline {
	timeMsOf(index: number): number;
}

export function createTimeline({seed, newestMs, spacingMs, bursts}: TimelineOptions): Timeline {
	const shortEvery = bursts.perThousand === 0 ? Infinity : Math.max(10, Math.floor(1000 / (bursts.perThousand ?? 4)));
	const longSize = bursts.longSize ?? 250;
	const longEvery = longSize === 0 ? Infinity : Math.max(bursts.longEvery ?? 10_000, 2 * longSize);

	// The event whose time this one shares: the first of its burst, or itself.
	function headOf(index: number): number {
		let floor = 0;
		if (longEvery !== Infinity) {
			const start = index - (index % longEvery) + Math.floor(longEvery / 2);
			if (index >= start && index < start + longSize) return start;
			floor = start + longSize - (index < start ? longEvery : 0);
		}
		if (shortEvery === Infinity) return index;
		const block = Math.floor(index / shortEvery);
		const random = hash(seed, BURST_SALT, block);
		const start = block * shortEvery + (random % (shortEvery - LONGEST_SHORT_BURST));
		const size = 2 + ((random >>> 16) % (LONGEST_SHORT_BURST - 1));
		return index >= start && index < start + size ? Math.max(start, floor) : index;
	}

	// Each head has a slot of its own in time and lies anywhere in it, so the times cannot cross.
	function timeMsOf(index: number): number {
		const head = headOf(index);
		if (head === 0) return newestMs;
		const top = newestMs - Math.floor(head * spacingMs);
		const room = Math.floor((head + 1) * spacingMs) - Math.floor(head * spacingMs);
		if (room < 2) return top;
		const random = hash(seed, JITTER_SALT, head);
		const wholeSecond = Math.floor(top / 1000) * 1000;
		if (random % 100 < WHOLE_SECOND_PERCENT && wholeSecond > top - room) return wholeSecond;
		return top - (random % room);
	}

	return {timeMsOf};
}

/** The first index from 0 to `length` - 1 for which `holds`, which stays true once it is; else `length`. */
export function firstIndex(length: number, holds: (index: number) => boolean): number {
	let low = 0;
	let high = length;
	while (low < high) {
		const middle = Math.floor((low + high) / 2);
		if (holds(middle)) high = middle;
		else low = middle + 1;
	}
	return low;
}
