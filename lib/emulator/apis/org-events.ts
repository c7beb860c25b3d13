import {createByteWriter, type ByteWriter} from '../data/byte-writer.ts';
import {hostileIdOf, uuidBytes} from '../data/event-ids.ts';
import {shapeMatcher, textMatcher, type EventFilter} from './event-filter.ts';
import {isoTimeBytes} from '../data/iso-time.ts';
import {recordShape, type EventId, type RecordOptions, type RecordShape} from './org-records.ts';
import {createTimeline, firstIndex, type TimelineOptions} from '../data/timeline.ts';
import {hash} from '../data/random.ts';
import {rename} from '../data/rename.ts';

const SHAPES = 1024;
const SHAPE_SALT = 3;
const FRACTION_SALT = 4;

/** One event that the emulator holds. */
export interface EmulatedEvent {
	readonly id: string;
	/** The time as it is served. */
	readonly time: string;
	/** The true time, which the order follows: the served one may lack the fraction of its second. */
	readonly timeMs: number;
	/** The record's exact JSON text as it is served. */
	readonly text: string;
}

export interface NewEvent {
	readonly timeMs: number;
	readonly id?: string;
	/** When the server took it in, for the events-stream. Default: after all others. */
	readonly processedMs?: number;
	/** The exact record text; `id` should be its id. Such an event matches no action, actor or ip filter. */
	readonly text?: string;
}

/** A place in the order: time descending, then row ascending. Inserted rows count down from -1. */
export interface Position {
	readonly timeMs: number;
	readonly row: number;
}

export interface OrgEventsOptions {
	readonly timeline: TimelineOptions;
	readonly records: Omit<RecordOptions, 'renamed'>;
	/** Serve a third of the times without the fraction that they have. */
	readonly hiddenFractions: boolean;
	readonly hostileIds: boolean;
}

/** The events of an organization, newest first, computed from the row number so that millions cost no memory. */
export interface OrgEvents {
	/** The rows strictly behind a position, from the newest without one. */
	rows(filter: EventFilter, behind?: Position): Iterable<Position>;
	/** Writes the record of a row as it is served; with `processedMs` as the events-stream serves it. */
	write(writer: ByteWriter, position: Position, processedMs?: number): void;
	idOf(position: Position): string;
	list(filter?: EventFilter): Iterable<EmulatedEvent>;
	find(id: string): Position | undefined;
	/** Adds events of any time, visible from the next request on, before the equals in time. */
	add(events: readonly NewEvent[]): Position[];
	/** The same; returns their ids. */
	insert(events: readonly NewEvent[]): string[];
	/** Takes the event out of every answer. */
	remove(position: Position): void;
	/** Serves all records with the new display name from now on, under their old ids. */
	renameActor(from: string, to: string): void;
}

export function createOrgEvents(options: OrgEventsOptions): OrgEvents {
	const {seed} = options.timeline;
	const timeline = createTimeline(options.timeline);
	const renamed = new Map<string, string>();
	const shapes: RecordShape[] = [];
	const insertedByRow: NewEvent[] = [];
	const inserted: Position[] = [];
	const removed = new Set<number>();

	function shapeOf(row: number): RecordShape {
		const number = hash(seed, SHAPE_SALT, row) % SHAPES;
		return (shapes[number] ??= recordShape({...options.records, renamed}, number));
	}

	function idOf(row: number): string {
		const given = row < 0 ? insertedByRow[-1 - row]?.id : undefined;
		return given ?? (options.hostileIds && row >= 0 ? hostileIdOf(row) : uuidBytes(seed, row).toString());
	}

	function textOf(row: number): string | undefined {
		return row < 0 ? insertedByRow[-1 - row]?.text : undefined;
	}

	function encodedIdOf(row: number): EventId {
		if (row < 0 || options.hostileIds) return encodedId(idOf(row));
		const uuid = uuidBytes(seed, row);
		return {json: uuid, url: uuid};
	}

	function timeBytesOf({timeMs, row}: Position): Uint8Array {
		const whole = timeMs % 1000 === 0 || (options.hiddenFractions && hash(seed, FRACTION_SALT, row) % 3 === 0);
		return isoTimeBytes(timeMs, !whole);
	}

	function write(writer: ByteWriter, position: Position, processedMs?: number): void {
		const text = textOf(position.row);
		const processed = processedMs === undefined ? undefined : Buffer.from(isoTimeBytes(processedMs, true));
		if (text !== undefined) writer.write(Buffer.from(processed ? withProcessed(text, processed) : text));
		else shapeOf(position.row).write(writer, encodedIdOf(position.row), timeBytesOf(position), processed);
	}

	function* baseRows(to: number, behind: Position | undefined): Generator<Position> {
		let row = timeline.firstAtOrBefore(to);
		if (behind) row = Math.max(row, behind.row < 0 ? timeline.firstAtOrBefore(behind.timeMs) : behind.row + 1);
		for (; row < timeline.events; row++) yield {row, timeMs: timeline.timeMsOf(row)};
	}

	function* insertedRows(to: number, behind: Position | undefined): Generator<Position> {
		const start = firstIndex(inserted.length, index => {
			const position = inserted[index] as Position;
			return position.timeMs <= to && (!behind || compare(position, behind) > 0);
		});
		for (let index = start; index < inserted.length; index++) yield inserted[index] as Position;
	}

	function* rows(filter: EventFilter, behind?: Position): Generator<Position> {
		const {from = -Infinity, to = Infinity} = filter;
		const shapeHolds = shapeMatcher(filter);
		const textHolds = textMatcher(filter);
		const holds = (row: number) => {
			const text = textOf(row);
			return text === undefined ? shapeHolds(shapeOf(row)) : textHolds(text);
		};
		for (const position of merge(insertedRows(to, behind), baseRows(to, behind))) {
			if (position.timeMs < from) return;
			if (!removed.has(position.row) && holds(position.row)) yield position;
		}
	}

	function* list(filter: EventFilter = {}): Generator<EmulatedEvent> {
		const writer = createByteWriter();
		for (const position of rows(filter)) {
			write(writer, position);
			const text = writer.take().toString();
			const time = Buffer.from(timeBytesOf(position)).toString();
			yield {id: idOf(position.row), time, timeMs: position.timeMs, text};
		}
	}

	function add(events: readonly NewEvent[]): Position[] {
		return events.map(event => {
			insertedByRow.push(event);
			const position = {timeMs: event.timeMs, row: -insertedByRow.length};
			inserted.splice(
				firstIndex(inserted.length, index => compare(inserted[index] as Position, position) > 0),
				0,
				position,
			);
			return position;
		});
	}

	return {
		rows,
		write,
		idOf: ({row}) => idOf(row),
		list,
		find(id) {
			for (const position of rows({})) if (idOf(position.row) === id) return position;
			return undefined;
		},
		add,
		insert: events => add(events).map(({row}) => idOf(row)),
		remove({row}) {
			removed.add(row);
		},
		renameActor(from, to) {
			rename(renamed, from, to);
			shapes.length = 0;
		},
	};
}

function encodedId(id: string): EventId {
	return {
		json: Buffer.from(JSON.stringify(id).slice(1, -1)),
		url: Buffer.from(encodeURIComponent(id.replace(/\p{Surrogate}/gu, '\ufffd'))),
	};
}

/** An exact text with the member that the events-stream adds, where it has the attributes to put it before. */
function withProcessed(text: string, processed: Buffer): string {
	return text.replace(/"attributes"\s*:\s*\{(?=\s*")/, open => `${open}"processedAt":"${processed.toString()}",`);
}

function compare(one: Position, other: Position): number {
	return other.timeMs - one.timeMs || one.row - other.row;
}

function* merge(one: Generator<Position>, other: Generator<Position>): Generator<Position> {
	let first = one.next();
	let second = other.next();
	while (!first.done && !second.done) {
		if (compare(first.value, second.value) < 0) {
			yield first.value;
			first = one.next();
		} else {
			yield second.value;
			second = other.next();
		}
	}
	for (; !first.done; first = one.next()) yield first.value;
	for (; !second.done; second = other.next()) yield second.value;
}
