import type {Batch} from '../../lib/sink/sink.ts';
import type {EventPath} from '../_files/event-path.ts';

const hourMs = 60 * 60 * 1000;

/** What some of the events of a partition say together. */
export interface PartTally {
	readonly events: number;
	readonly firstMs: number;
	readonly lastMs: number;
	/** Of the event that comes first, and of the one that comes last. */
	readonly firstId: string;
	readonly lastId: string;
}

/** The events of a batch that belong to one partition, in order. */
export interface Part {
	readonly lines: Uint8Array;
	readonly tally: PartTally;
}

/** The parts of a batch, by the path of their partition. A layout knows nothing smaller than an hour. */
export function partition({records, lines, ends, source}: Batch, pathOf: EventPath): Map<string, Part> {
	const parts = new Map<string, {slices: Uint8Array[]; tally: PartTally}>();
	const paths = new Map<number, string>();
	const {name, tenant} = source;
	for (let from = 0, to = 0; from < records.length; from = to) {
		const first = records[from]!;
		const path = pathAt(first.timeMs);
		let [firstMs, lastMs] = [first.timeMs, first.timeMs];
		for (to = from + 1; to < records.length; to++) {
			const {timeMs} = records[to]!;
			if (pathAt(timeMs) !== path) break;
			firstMs = Math.min(firstMs, timeMs);
			lastMs = Math.max(lastMs, timeMs);
		}
		const tally = {events: to - from, firstMs, lastMs, firstId: first.id, lastId: records[to - 1]!.id};
		const slice = lines.subarray(from === 0 ? 0 : ends[from - 1]!, ends[to - 1]!);
		const part = parts.get(path);
		if (part) {
			part.slices.push(slice);
			part.tally = addPart(part.tally, tally);
		} else parts.set(path, {slices: [slice], tally});
	}
	// Many small pieces cost a compressor far more than one copy.
	return new Map(Array.from(parts, ([path, {slices, tally}]) => [path, {lines: joined(slices), tally}]));

	function pathAt(timeMs: number): string {
		const hour = Math.floor(timeMs / hourMs);
		const path = paths.get(hour) ?? pathOf({id: '', timeMs, source: name, tenant});
		paths.set(hour, path);
		return path;
	}
}

/** Two tallies as one, of which the second comes behind the first. */
export function addPart(sum: PartTally | undefined, part: PartTally): PartTally {
	if (!sum) return part;
	return {
		events: sum.events + part.events,
		firstMs: Math.min(sum.firstMs, part.firstMs),
		lastMs: Math.max(sum.lastMs, part.lastMs),
		firstId: sum.firstId,
		lastId: part.lastId,
	};
}

function joined(slices: readonly Uint8Array[]): Uint8Array {
	return slices.length === 1 ? slices[0]! : Buffer.concat(slices);
}
