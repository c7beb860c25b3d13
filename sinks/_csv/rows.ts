import {ConfigError} from '../../lib/model/errors.ts';
import {ExactNumber, exactly} from '../../lib/sink/exact-numbers.ts';
import type {Rejected, SourceRecord} from '../../lib/model/page.ts';
import type {Batch} from '../../lib/sink/sink.ts';
import {cellOf, neutralize} from './cell.ts';
import {type Column, commonColumns, formatColumns, memberAt} from './columns.ts';

/** The rows of a batch; `records[i]` is what `rows[i]` came from. */
export interface Rows {
	readonly rows: string[][];
	readonly records: SourceRecord[];
	readonly rejected: Rejected[];
}

/** How events become rows of texts. */
export interface RowMapping {
	header(): string[];
	/** Throws a ConfigError when not one of the events is what these columns are for. */
	rows(batch: Pick<Batch, 'events' | 'records'>): Rows;
}

/** The mapping of these columns; unless `safe`, a text that a spreadsheet would run stays as it is. */
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
