import type {EmulatedApi, EmulatedRecord, NewRecord, RecordBounds} from '../server/api.ts';
import {createByteWriter, type ByteWriter} from './byte-writer.ts';
import {createTimeline, firstIndex, type TimelineOptions} from './timeline.ts';
import {createRandom, hash, type Random} from './random.ts';
import {createTemplate, wordsOf, type RecordTemplate} from './record-template.ts';

const SHAPES = 512;
const SHAPE_SALT = 1000;
const ROW_SALT = 5;
const TWIN_SALT = 6;

/** A place in a log: time descending, then id descending. */
export interface Place {
	readonly timeMs: number;
	/** Ascending as the rows were stored. */
	readonly id: number;
}

export interface Row<Facts> extends Place {
	readonly shape: () => Shape<Facts>;
}

/** A record but for its id and time. */
export interface Shape<Facts> {
	/** What filters ask for. */
	readonly facts: Facts;
	/** Its texts in lower case, see `wordsOf`. */
	readonly words: string;
	/** More than one where the record holds sets, which have no order. */
	readonly templates: readonly RecordTemplate[];
}

export interface RecordLogOptions<Facts> {
	readonly timeline: TimelineOptions;
	/** Whether records show their id. */
	readonly ids: boolean;
	/** How many percent of the records that share a millisecond with the one before are byte for byte like it. */
	readonly twinPercent: number;
	readonly prettyPrint: boolean;
	/** A made-up record, `hole` in place of its id and time. */
	recordOf(random: Random): object;
	factsOf(record: object): Facts;
	/** The same record with its sets in other orders. Default: none. */
	reorder?(record: object): readonly object[];
	/** A time as the JSON value that records hold. */
	timeJson(timeMs: number): Uint8Array;
}

/** The records of one API, newest first. They are made when they are first asked for. */
export interface RecordLog<Facts> extends EmulatedApi {
	rows(): readonly Row<Facts>[];
	/** The rows within the bounds for whose shapes `holds`, newest first. */
	select(bounds: RecordBounds, holds?: (shape: Shape<Facts>) => boolean): readonly Row<Facts>[];
	/** Writes the record as it is served; `draw` chooses the order of its sets. */
	write(writer: ByteWriter, row: Row<Facts>, draw?: number): void;
	/** Adds a record, `hole` in place of its id and time. */
	add(timeMs: number, record: object): Row<Facts>;
	/** Makes all records anew, after what they are made from has changed. */
	forgetShapes(): void;
}

export function createRecordLog<Facts>(options: RecordLogOptions<Facts>): RecordLog<Facts> {
	const {seed, events} = options.timeline;
	const shapes: Shape<Facts>[] = [];
	let sorted: Row<Facts>[] | undefined;
	let lastId = events;

	const getters: (() => Shape<Facts>)[] = [];
	const getterOf = (number: number) => (getters[number] ??= () => shapeOf(number));
	const shapeOf = (number: number) =>
		(shapes[number] ??= makeShape(options.recordOf(createRandom(seed, SHAPE_SALT + number))));

	function makeShape(record: object): Shape<Facts> {
		const orders = [record, ...(options.reorder?.(record) ?? [])];
		return {
			facts: options.factsOf(record),
			words: wordsOf(record),
			templates: orders.map(one => createTemplate(one, options.prettyPrint)),
		};
	}

	function makeRows(): Row<Facts>[] {
		const timeline = createTimeline(options.timeline);
		let before = {timeMs: NaN, number: 0};
		return Array.from({length: events}, (_, index) => {
			const timeMs = timeline.timeMsOf(index);
			const twin = timeMs === before.timeMs && hash(seed, TWIN_SALT, index) % 100 < options.twinPercent;
			const number = twin ? before.number : hash(seed, ROW_SALT, index) % SHAPES;
			before = {timeMs, number};
			return {
				timeMs,
				id: events - index,
				shape: getterOf(number),
			};
		});
	}

	const rows = () => (sorted ??= makeRows());

	function put(row: Row<Facts>): Row<Facts> {
		rows().splice(indexBehind(rows(), row), 0, row);
		return row;
	}

	function select({from = -Infinity, to = Infinity}: RecordBounds, holds?: (shape: Shape<Facts>) => boolean) {
		const start = firstIndex(rows().length, index => rows()[index]!.timeMs <= to);
		const end = firstIndex(rows().length, index => rows()[index]!.timeMs < from);
		const within = rows().slice(start, end);
		if (!holds) return within;
		const answers = new Map<Shape<Facts>, boolean>();
		return within.filter(row => {
			const shape = row.shape();
			const answer = answers.get(shape) ?? holds(shape);
			answers.set(shape, answer);
			return answer;
		});
	}

	function write(writer: ByteWriter, row: Row<Facts>, draw = 0): void {
		const {templates} = row.shape();
		const template = templates[draw % templates.length]!;
		template.write(writer, Buffer.from(String(row.id)), options.timeJson(row.timeMs));
	}

	const writer = createByteWriter();
	function view(row: Row<Facts>): EmulatedRecord {
		return {
			...(options.ids ? {id: String(row.id)} : {rowId: row.id}),
			timeMs: row.timeMs,
			get text() {
				write(writer, row);
				return writer.take().toString();
			},
		};
	}

	return {
		rows,
		select,
		write,
		add(timeMs, record) {
			const shape = makeShape(record);
			rows();
			return put({timeMs, id: ++lastId, shape: () => shape});
		},
		forgetShapes() {
			shapes.length = 0;
		},
		*records(bounds = {}) {
			for (const row of select(bounds)) yield view(row);
		},
		insert(records) {
			rows();
			return records.map(record => {
				const id = ++lastId;
				const own = ownShape(record, options);
				const shape = own ? () => own : getterOf(hash(seed, ROW_SALT, -id) % SHAPES);
				return view(put({timeMs: record.timeMs, id, shape}));
			});
		},
		remove(isGone) {
			const gone = new Set(rows().filter((row, index) => isGone(view(row), index)));
			sorted = rows().filter(row => !gone.has(row));
			return Array.from(gone, view);
		},
	};
}

/** The first index of the rows behind a place. */
export function indexBehind(rows: readonly Place[], {timeMs, id}: Place): number {
	return firstIndex(rows.length, index => {
		const row = rows[index]!;
		return row.timeMs < timeMs || (row.timeMs === timeMs && row.id < id);
	});
}

/** The shape of a record of which the text is given: it is served as it is, JSON or not. */
function ownShape<Facts>({text}: NewRecord, {factsOf}: RecordLogOptions<Facts>): Shape<Facts> | undefined {
	if (text === undefined) return undefined;
	const bytes = Buffer.from(text);
	const record = parsed(text);
	return {facts: factsOf(record), words: wordsOf(record), templates: [{write: writer => writer.write(bytes)}]};
}

function parsed(text: string): object {
	try {
		return Object(JSON.parse(text)) as object;
	} catch {
		return {};
	}
}
