import type {EmulatedApi, EmulatedRecord, NewRecord, RecordBounds} from '../server/api.ts';
import {createTemplate, hole, type Hole, parseObject, type Template, templateOf, wordsOf} from './json.ts';
import {createRandom, hash, type Random} from './random.ts';
import {createTimeline, firstIndex, type TimelineOptions} from './timeline.ts';

const SHAPES = 512;
const SHAPE_SALT = 1000;
const ROW_SALT = 5;
const TWIN_SALT = 6;

/** A place in a log: time descending, then id descending. */
export interface Place {
	readonly timeMs: number;
	/** Ascending as the rows were stored; the rows of the beginning have 1 and up. */
	readonly id: number;
}

export interface Row<Facts> extends Place {
	readonly shape: () => Shape<Facts>;
	/** What was inserted, where it was. */
	readonly given?: NewRecord;
}

/** A record but for its id and time. */
export interface Shape<Facts> {
	/** What filters ask for. */
	readonly facts: Facts;
	/** Its texts in lower case, see `wordsOf`. */
	readonly words: string;
	/** More than one where the record has variants. */
	readonly templates: readonly Template[];
}

export interface RecordLogOptions<Facts> {
	readonly timeline: TimelineOptions;
	/** How many percent of the records that share a millisecond with the one before are byte for byte like it. */
	readonly twinPercent: number;
	readonly prettyPrint: boolean;
	/** A made-up record, `hole` in place of its id and time. */
	recordOf(random: Random): object;
	factsOf(record: object): Facts;
	/** The same record in other orders of its sets, or with what only another resource shows. Default: none. */
	variantsOf?(record: object): readonly object[];
	/** The same of a text that was given. */
	textVariantsOf?(text: string): readonly string[];
	/** The JSON text that stands in a hole, its quotes included. */
	fill(row: Row<Facts>, hole: Hole): string;
	/** What the record of a row shows of itself besides time and text. Default: the number of the row. */
	marksOf?(row: Row<Facts>): Partial<EmulatedRecord>;
}

/** The records of one API, newest first. They are made when they are first asked for. */
export interface RecordLog<Facts> extends EmulatedApi {
	rows(): readonly Row<Facts>[];
	/** The rows within the bounds and strictly behind a place for whose shapes `holds`, newest first, at most `count`. */
	select(
		bounds: RecordBounds & {readonly behind?: Place | undefined},
		holds?: (shape: Shape<Facts>) => boolean,
		count?: number,
	): readonly Row<Facts>[];
	/** The record as it is served; `variant` chooses among its texts. */
	textOf(row: Row<Facts>, variant?: number): string;
	view(row: Row<Facts>): EmulatedRecord;
	put(record: NewRecord): Row<Facts>;
	/** Adds a record, `hole` in place of its id and time. */
	add(timeMs: number, record: object): Row<Facts>;
	/** Makes all records anew, after what they are made from has changed. */
	forgetShapes(): void;
}

export function createRecordLog<Facts>(options: RecordLogOptions<Facts>): RecordLog<Facts> {
	const {seed, events} = options.timeline;
	const shapes: Shape<Facts>[] = [];
	const getters = Array.from({length: SHAPES}, (_, number) => () => {
		return (shapes[number] ??= makeShape(options.recordOf(createRandom(seed, SHAPE_SALT + number))));
	});
	let sorted: Row<Facts>[] | undefined;
	let lastId = events;

	function makeShape(record: object): Shape<Facts> {
		const variants = [record, ...(options.variantsOf?.(record) ?? [])];
		return {
			facts: options.factsOf(record),
			words: wordsOf(record),
			templates: variants.map(one => createTemplate(one, options.prettyPrint)),
		};
	}

	/** The shape of a text that was given: it is served as it is, JSON or not. */
	function givenShape(text: string): Shape<Facts> {
		const record = parseObject(text) ?? {};
		const others = options.textVariantsOf?.(text) ?? [];
		return {
			facts: options.factsOf(record),
			words: wordsOf(record),
			templates: [() => text, ...others.map(templateOf)],
		};
	}

	function makeRows(): Row<Facts>[] {
		const {timeMsOf} = createTimeline(options.timeline);
		let before = {timeMs: NaN, number: 0};
		return Array.from({length: events}, (_, index) => {
			const timeMs = timeMsOf(index);
			const isTwin = timeMs === before.timeMs && hash(seed, TWIN_SALT, index) % 100 < options.twinPercent;
			const number = isTwin ? before.number : hash(seed, ROW_SALT, index) % SHAPES;
			before = {timeMs, number};
			return {timeMs, id: events - index, shape: getters[number]!};
		});
	}

	const rows = () => (sorted ??= makeRows());

	function store(row: Row<Facts>): Row<Facts> {
		rows().splice(indexBehind(rows(), row), 0, row);
		return row;
	}

	function put(given: NewRecord): Row<Facts> {
		const id = ++lastId;
		const own = given.text === undefined ? undefined : givenShape(given.text);
		const shape = own ? () => own : getters[hash(seed, ROW_SALT, -id) % SHAPES]!;
		return store({timeMs: given.timeMs, id, shape, given});
	}

	const select: RecordLog<Facts>['select'] = ({from = -Infinity, to = Infinity, behind}, holds, count = Infinity) => {
		const all = rows();
		let start = firstIndex(all.length, index => all[index]!.timeMs <= to);
		if (behind) start = Math.max(start, indexBehind(all, behind));
		const end = firstIndex(all.length, index => all[index]!.timeMs < from);
		if (!holds) return all.slice(start, Math.max(start, Math.min(end, start + count)));
		const answers = new Map<Shape<Facts>, boolean>();
		const found: Row<Facts>[] = [];
		for (let index = start; index < end && found.length < count; index++) {
			const shape = all[index]!.shape();
			const answer = answers.get(shape) ?? holds(shape);
			answers.set(shape, answer);
			if (answer) found.push(all[index]!);
		}
		return found;
	};

	function textOf(row: Row<Facts>, variant = 0): string {
		const {templates} = row.shape();
		return templates[variant % templates.length]!(name => options.fill(row, name));
	}

	const view = (row: Row<Facts>): EmulatedRecord => ({
		...(options.marksOf?.(row) ?? {rowId: row.id}),
		timeMs: row.timeMs,
		get text() {
			return textOf(row);
		},
	});

	return {
		rows,
		select,
		textOf,
		view,
		put,
		add(timeMs, record) {
			const shape = makeShape(record);
			return store({timeMs, id: ++lastId, shape: () => shape});
		},
		forgetShapes() {
			shapes.length = 0;
		},
		*records(bounds = {}) {
			for (const row of select(bounds)) yield view(row);
		},
		insert: records => records.map(record => view(put(record))),
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

/** What most records are filled with: the number of the row, and the time as `timeOf` writes it. */
export function fillWith(timeOf: (timeMs: number) => string): (row: Place, name: Hole) => string {
	return ({timeMs, id}, name) => (name === hole.id ? String(id) : timeOf(timeMs));
}
