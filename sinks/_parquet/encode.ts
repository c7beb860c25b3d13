import fs from 'node:fs';
import zlib, {gzipSync} from 'node:zlib';
import {setImmediate as turn} from 'node:timers/promises';
import type {ParquetWriter, SchemaElement} from 'hyparquet-writer';
import {ConfigError} from '../../lib/model/errors.ts';
import {type Columns, type ColumnType, commonColumns} from '../../lib/model/columns.ts';
import type {Json} from '../../lib/model/event.ts';
import type {Compression} from '../_files/compression.ts';
import {errnoOf} from '../_files/file-errors.ts';
import {type Held, split} from './split.ts';

/** The column of what the others cannot hold, as JSON. */
export const restColumn = 'other';

/** Of NDJSON, in one row group: what is in memory at a time. */
const groupBytes = 4 * 1024 * 1024;
const lineBreak = 0x0a;

/** Node has it from 22.15 and 23.8 on; its types here are older. */
const {zstdCompressSync} = zlib as typeof zlib & {readonly zstdCompressSync?: (bytes: Uint8Array) => Uint8Array};

const codecs = {
	gzip: {codec: 'GZIP', compressors: {GZIP: (bytes: Uint8Array) => gzipSync(bytes)}},
	zstd: {codec: 'ZSTD', compressors: {ZSTD: (bytes: Uint8Array) => zstdCompressSync!(bytes)}},
	none: {codec: 'UNCOMPRESSED', compressors: {}},
} as const;

/** Makes Parquet of a file of NDJSON, piece by piece. */
export type EncodeParquet = (file: string) => AsyncGenerator<Uint8Array>;

/** Loads hyparquet-writer. Rejects with a ConfigError where it is not installed. */
export async function loadEncoder(sink: string, compression: Compression): Promise<EncodeParquet> {
	const {ByteWriter, ParquetWriter: Writer} = await loadWriter(sink);
	const columns = commonColumns();
	const schema = schemaOf(columns);
	return async function* (file) {
		const output = new ByteWriter();
		const writer = new Writer({writer: output, schema, createdBy: 'rxaudit', ...codecs[compression]});
		const take = () => {
			const bytes = output.getBytes().slice();
			output.index = 0;
			return bytes;
		};
		for (const lines of groupsOf(file)) {
			writeGroup(writer, columns, lines);
			yield take();
			await turn();
		}
		void writer.finish(); // a promise where the output is one that waits
		yield take();
	};
}

async function loadWriter(sink: string) {
	try {
		return await import('hyparquet-writer');
	} catch (error) {
		if (errnoOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
		throw new ConfigError(
			`${sink}: expected the writer of Parquet, which is installed apart, where rxaudit is: npm install hyparquet-writer, with --global where rxaudit is global`,
			{cause: error},
		);
	}
}

/** The lines of a file, as many at a time as make a row group. */
function* groupsOf(file: string): Generator<readonly string[]> {
	const descriptor = fs.openSync(file, 'r');
	try {
		let rest = Buffer.alloc(0);
		for (;;) {
			const chunk = Buffer.allocUnsafe(groupBytes);
			const read = fs.readSync(descriptor, chunk);
			if (read === 0) return; // every line ends in a line break
			const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
			const end = bytes.lastIndexOf(lineBreak) + 1;
			if (end > 0) yield bytes.subarray(0, end).toString().split('\n').slice(0, -1);
			rest = bytes.subarray(end);
		}
	} finally {
		fs.closeSync(descriptor);
	}
}

function writeGroup(writer: ParquetWriter, columns: Columns, lines: readonly string[]): void {
	const names = [...Object.keys(columns), restColumn];
	const data = new Map<string, Held[]>(names.map(name => [name, []]));
	for (const line of lines) {
		const [held, rest] = split(JSON.parse(line) as Json, {members: columns});
		const row = held as {readonly [member: string]: Held} | null;
		for (const name of names) data.get(name)!.push(row?.[name] ?? null);
		if (rest !== undefined) data.get(restColumn)![data.get(restColumn)!.length - 1] = JSON.stringify(rest);
	}
	void writer.write({
		columnData: names.map(name => ({name, data: data.get(name)!})),
		rowGroupSize: lines.length,
	});
}

/** Everything may be absent: an event may be a selection. */
const optional = {repetition_type: 'OPTIONAL'} as const;

function schemaOf(columns: Columns): SchemaElement[] {
	const elements = Object.entries({...columns, [restColumn]: 'text' as const});
	return [{name: 'root', num_children: elements.length}, ...elements.flatMap(([name, type]) => elementsOf(name, type))];
}

function elementsOf(name: string, type: ColumnType): SchemaElement[] {
	if (type === 'text') return [{name, ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8'}];
	if (type === 'time') {
		const logical = {type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS'} as const;
		return [{name, ...optional, type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', logical_type: logical}];
	}
	if ('items' in type) {
		return [
			{name, ...optional, converted_type: 'LIST', num_children: 1},
			{name: 'list', repetition_type: 'REPEATED', num_children: 1},
			...elementsOf('element', type.items),
		];
	}
	const members = Object.entries(type.members);
	return [
		{name, ...optional, num_children: members.length},
		...members.flatMap(([member, inner]) => elementsOf(member, inner)),
	];
}
