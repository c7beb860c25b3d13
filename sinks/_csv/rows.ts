import {ConfigError} from '../../lib/model/errors.ts';
import {exactly, ExactNumber} from '../../lib/sink/exact-numbers.ts';
import type {Rejected, SourceRecord} from '../../lib/model/page.ts';
import type {Batch} from '../../lib/sink/sink.ts';

/** One column: its name in the header, and the member of the event that it holds, step by step. */
interface Column {
	readonly header: string;
	readonly path: readonly string[];
}

/** The columns of the common record. Their names and order are a promise: spreadsheets and tables are built on them. */
export const commonColumns =
	'id,time,source,tenant,action,activity,category,message,outcome,actor.id,actor.name,actor.email,actor.type,' +
	'origin.ip,origin.ips,origin.geo.country,origin.geo.region,origin.geo.city,targets.name,targets,changes,raw';

/** The columns that `member,header=member,…` stands for. Throws a ConfigError when a database could not take them. */
export function parseColumns(text: string): Column[] {
	const columns = text.split(',').map(part => {
		const [, header, member] = /^(?:(.*)=)?(.*)$/s.exec(part)!.map(side => side?.trim());
		const path = member!.split('.');
		if (header === '' || path.includes('')) {
			throw ConfigError.of('csv', [
				{option: 'columns', expected: 'member or header=member', got: JSON.stringify(part)},
			]);
		}
		return {header: header ?? member!, path};
	});
	const headers = columns.map(({header}) => header);
	const twice = headers.find((header, index) => headers.indexOf(header) !== index);
	if (twice === undefined) return columns;
	throw ConfigError.of('csv', [
		{option: 'columns', expected: 'names that differ', got: `${JSON.stringify(twice)} twice`},
	]);
}

/** The same columns as text, so that a state knows them again however they were spaced. */
export function formatColumns(columns: readonly Column[]): string {
	return columns
		.map(({header, path}) => (header === path.join('.') ? header : `${header}=${path.join('.')}`))
		.join(',');
}

/** The member at the end of the path; behind a list those of all its items, without the absent ones. */
export function memberAt(value: unknown, path: readonly string[], depth = 0): unknown {
	for (let member = value; ; depth++) {
		if (depth === path.length) return member;
		if (typeof member !== 'object' || member === null) return undefined;
		if (Object.hasOwn(member, path[depth]!)) member = (member as Record<string, unknown>)[path[depth]!];
		else if (Array.isArray(member)) return member.flatMap(item => memberAt(item, path, depth) ?? []);
		else return undefined;
	}
}

/**
 * The text of a member in a cell. A list of plain values is joined by `; `, or is JSON where it could not be split
 * again; an object and a list of objects are JSON. Absent, null, `""` and an empty list are all an empty cell. NUL is
 * written as its symbol, U+2400.
 */
export function cellOf(value: unknown): string {
	// many readers end a text there
	return textOf(value).replaceAll('\0', '\u2400');
}

function textOf(value: unknown): string {
	if (typeof value === 'string') return value;
	if (value === undefined || value === null) return '';
	if (Array.isArray(value) && value.every(isSeparable)) return value.join('; ');
	const json = JSON.stringify(value) as string | undefined;
	if (json === undefined || json === 'null') return '';
	return json.startsWith('"') ? (JSON.parse(json) as string) : json; // a Date, for one
}

/** A cell that begins with `[` is JSON, another one is split at `; `: both must be certain. */
function isSeparable(item: unknown): boolean {
	if (typeof item === 'string') return /^[^[;][^;]*$/.test(item);
	if (item instanceof ExactNumber) return true;
	return typeof item === 'boolean' || (typeof item === 'number' && Number.isFinite(item));
}

/**
 * What a spreadsheet takes for a formula, behind characters that it does not show: `= + - @`, and all that Unicode
 * normalizes to those, as Numbers does. Some drop a leading tab, line break or NUL and evaluate the rest.
 */
const formula =
	/^'*(?:[\p{Z}\p{C}\p{DI}]*[=+\-@\u207a\u207c\u208a\u208c\u2a75\u2a76\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20]|[\0\t\r\n])/u;

/**
 * The cell for a spreadsheet: `'` before a formula. Apostrophes before a formula get one more, so that taking one
 * away always gives the value.
 */
export function neutralize(cell: string): string {
	return formula.test(cell) ? `'${cell}` : cell;
}

/** The rows of a batch; `records[i]` is what `rows[i]` came from. */
export interface Rows {
	readonly rows: string[][];
	readonly records: SourceRecord[];
	readonly rejected: Rejected[];
}

/** How events become rows of texts. */
interface RowMapping {
	header(): string[];
	/** Throws a ConfigError when not one of the events is what these columns are for. */
	rows(batch: Pick<Batch, 'events' | 'records'>): Rows;
}

/** The mapping of these columns; unless `safe`, formulas stay as they are. */
export function mapRows(columns: readonly Column[], safe: boolean): RowMapping {
	// Chosen columns may be absent from any event; of the common record, an event that lacks these is something else.
	const required = formatColumns(columns) === commonColumns ? [['id'], ['time'], ['source']] : [];
	const text = (value: unknown) => {
		const cell = cellOf(value);
		return safe && !isNumber(value) ? neutralize(cell) : cell;
	};
	return {
		header: () => columns.map(({header}) => text(header)),
		rows(batch) {
			const rows: string[][] = [];
			const records: SourceRecord[] = [];
			const rejected: Rejected[] = [];
			for (const [index, given] of batch.events.entries()) {
				const record = batch.records[index]!;
				const event = exactly(given, record);
				if (required.every(path => typeof memberAt(event, path) === 'string')) {
					rows.push(columns.map(({path}) => text(memberAt(event, path))));
					records.push(record);
				} else {
					const reason = 'cannot be written as CSV: it has no id, time and source';
					rejected.push({id: record.id, text: record.text, reason});
				}
			}
			if (rejected.length > 0 && rows.length === 0) {
				throw new ConfigError(
					'csv: expected common records, got events without id, time and source; ' +
						'use --format audit (normalize()), or choose the columns: ?columns=id,name=member.of.the.event',
				);
			}
			return {rows, records, rejected};
		},
	};
}

function isNumber(value: unknown): boolean {
	return typeof value === 'number' || value instanceof ExactNumber;
}
