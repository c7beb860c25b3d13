import type {NewEvent, OrgEvents, Position} from './org-events.ts';
import {firstIndex} from '../data/timeline.ts';
import {hash} from '../data/random.ts';

const LAG_SALT = 50;
const LATE_PERCENT = 2;
const MAX_LATE_MS = 50 * 60_000;

/** An event, and when the server processed it. */
export interface Processed extends Position {
	readonly processedMs: number;
}

/** The events of an organization in the order of processing, oldest first. */
export interface OrgStream {
	/** All of them, with some memory for each from the first call on. */
	all(): readonly Processed[];
	add(events: readonly NewEvent[]): Processed[];
	remove(event: Position): void;
}

/**
 * Most events are processed within a second and a half, a few of them minutes late, so that some stand out of the
 * order of their times.
 */
export function createOrgStream(events: OrgEvents, seed: number): OrgStream {
	let sorted: Processed[] | undefined;

	function lagMs(row: number): number {
		const random = hash(seed, LAG_SALT, row);
		return random % 100 < LATE_PERCENT ? random % MAX_LATE_MS : 200 + (random % 1300);
	}

	const build = () =>
		Array.from(events.rows({}), ({timeMs, row}) => ({timeMs, row, processedMs: timeMs + lagMs(row)})).sort(compare);
	const built = () => (sorted ??= build());

	return {
		all: built,
		add(added) {
			const all = built();
			return events.add(added).map(({timeMs, row}, index) => {
				const last = all.at(-1)?.processedMs ?? -Infinity;
				const processedMs = added[index]!.processedMs ?? Math.max(timeMs + lagMs(row), last + 1);
				const one = {timeMs, row, processedMs};
				all.splice(
					firstIndex(all.length, place => compare(all[place]!, one) > 0),
					0,
					one,
				);
				return one;
			});
		},
		remove(event) {
			events.remove(event);
			sorted = sorted?.filter(({row}) => row !== event.row);
		},
	};
}

/** The order of processing; what was processed together stands as it happened. */
export function compare(one: Processed, other: Processed): number {
	return one.processedMs - other.processedMs || other.row - one.row;
}
