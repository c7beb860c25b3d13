import fs from 'node:fs';
import {stringify} from 'csv-stringify/sync';
import {z} from 'zod';
import {trueOrFalse} from '../lib/options/options.ts';
import {defineSink} from '../lib/sink/define-sink.ts';
import type {Json} from '../lib/model/event.ts';
import type {Asked} from '../lib/sink/asked.ts';
import type {Batch, OpenSink} from '../lib/sink/sink.ts';
import {appendOptions, commitSizeOf, openAppendFile} from './_files/append-file.ts';
import {checkAppendable} from './_csv/append.ts';
import {commonColumns, formatColumns, mapRows, parseColumns} from './_csv/rows.ts';
import type {Retry} from './_files/file-errors.ts';
import {fileTarget} from './_files/file-target.ts';
import {openStdout} from './_files/stdout.ts';
import {verifyFile} from './_files/verify-file.ts';

const name = 'csv';

const standardOutput = 1;

/** csv-stringify joins what it gives; joining a page of 500 rows at once takes three times as long. */
const rowsPerText = 8;

/**
 * One row per event under a header, as RFC 4180 has it: CRLF, and quotes where they are needed.
 *
 * A cell is text: what a spreadsheet would run as a formula gets a `'` in front, unless `safe` is false. Absent and
 * empty look the same; the last column, `raw`, is the record's own text, so that nothing is lost.
 */
export default defineSink({
	name,
	docs:
		'One row per event under a header (RFC 4180: UTF-8, CRLF), for spreadsheets and databases: a file (gzip when ' +
		'its name ends in .gz), or - for standard output. A file goes on exactly where the state says, with one header; ' +
		'a pipe may see the last uncommitted pages twice. ' +
		"A list of plain values is joined by '; ', or is JSON where one of them holds a ; itself, begins with [ or is " +
		'empty; an object and a list of objects are JSON. A member of a list (targets.name) is that of all its items. ' +
		"Absent and empty members are empty cells. A text that a spreadsheet would run gets a ' in front, which one " +
		"takes away again to have the value. Example: --to 'csv:audit.csv?columns=time,who=actor.name,what=action'",
	target: 'path',
	options: z.object({
		path: z
			.string()
			.min(1)
			.meta({file: true})
			.describe('the file, or - for standard output; one whose name ends in .gz is compressed'),
		columns: z
			.string()
			.default(commonColumns)
			.describe(
				'what to write, in which order: dotted members of the event, separated by commas; header=member gives a ' +
					'column another name; needed for another format than the common record',
			),
		delimiter: z
			.enum([',', ';', '|', '\t', 'tab'])
			.transform(given => (given === 'tab' ? '\t' : given))
			.default(',')
			.describe('what separates the cells: , ; | or tab'),
		bom: trueOrFalse.default(false).describe('true: begin with a byte order mark, so that Excel sees that it is UTF-8'),
		safe: trueOrFalse
			.default(true)
			.describe("false: write texts that a spreadsheet would run as a formula as they are, without the ' in front"),
		...appendOptions,
	}),
	create({path: given, columns: text, delimiter, bom, safe, ...options}) {
		const columns = parseColumns(text);
		// another format has none of these members, and a table of empty cells loses it without a word
		const takes = text === commonColumns ? {accepts: [{format: 'audit'}] as const} : {};
		const layout = {columns: formatColumns(columns), delimiter, bom: String(bom), safe: String(safe)};
		const mapping = mapRows(columns, safe);
		const toCsv = (rows: string[][]) =>
			stringify(rows, {
				delimiter,
				record_delimiter: '\r\n',
				quote_record_delimiter: true, // a line break of any other kind too
				quoted_empty: columns.length === 1, // else the row is an empty line, which many readers skip
			});
		const header = toCsv([mapping.header()]);
		const begin = Buffer.from(bom ? `\ufeff${header}` : header);
		const openRows = (target: RowTarget): OpenSink => ({
			...target,
			async write(batch) {
				const {rows, records, rejected} = mapping.rows(batch);
				// Not before the first row: the state comes first, and readers of gzip may stop behind the first member.
				const parts = target.isEmpty && rows.length > 0 ? [begin] : [];
				for (let at = 0; at < rows.length; at += rowsPerText) {
					parts.push(Buffer.from(toCsv(rows.slice(at, at + rowsPerText))));
				}
				await target.write(Buffer.concat(parts), {records, source: batch.source});
				return rejected;
			},
		});
		const path = fileTarget(name, given, delimiter === '\t' ? ['.tsv', '.csv'] : ['.csv']);
		if (path === '-') {
			return {
				target: '-',
				exclusive: true,
				layout,
				...takes,
				async open(context) {
					const target = openOutput({sink: name, ...options, context});
					if (!isContinued(standardOutput)) await target.write(begin);
					return openRows(target);
				},
			};
		}
		return {
			target: path,
			exclusive: true,
			layout,
			...takes,
			...commitSizeOf(path),
			async open(context) {
				const {mode} = options;
				if (mode === 'append' && context.resume === undefined) await checkAppendable(path, header);
				return openRows(await openAppendFile({sink: name, path, ...options, mode, context}));
			},
		};
	},
	verify: async ({path}, how) => verifyFile(name, path, how),
});

/** What takes the bytes of rows, and what those were made from. */
interface RowTarget {
	write(bytes: Uint8Array, events?: Pick<Batch, 'records' | 'source'>): Promise<void>;
	/** True where nothing was written yet: the header comes before the first row. */
	readonly isEmpty?: boolean;
	flush(asked?: Asked): Promise<Json>;
	committed?(): void;
	close(): Promise<void>;
}

function openOutput(retry: Retry): RowTarget {
	// Of a batch it takes the lines and nothing else.
	const output: {write(batch: Pick<Batch, 'lines'>): Promise<unknown>} & Omit<OpenSink, 'write'> = openStdout(retry);
	return {...output, write: async lines => void (await output.write({lines}))};
}

/** True for a file that has content, as behind `>>`: what comes now goes on with its rows. A pipe is always new. */
function isContinued(descriptor: number): boolean {
	const stats = fs.fstatSync(descriptor);
	return stats.isFile() && stats.size > 0;
}
