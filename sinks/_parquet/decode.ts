import zlib, {gunzipSync} from 'node:zlib';
import {commonColumns} from '../../lib/model/columns.ts';
import {ConfigError} from '../../lib/model/errors.ts';
import type {Records} from '../../lib/sink/reading.ts';
import {errnoOf} from '../_files/file-errors.ts';
import {restColumn} from './encode.ts';

/** Node has it from 22.15 and 23.8 on; its types here are older. */
const {zstdDecompressSync} = zlib as typeof zlib & {readonly zstdDecompressSync?: (bytes: Uint8Array) => Uint8Array};

const compressors = {
	GZIP: (bytes: Uint8Array) => gunzipSync(bytes),
	ZSTD(bytes: Uint8Array) {
		if (zstdDecompressSync) return zstdDecompressSync(bytes);
		throw new Error(`expected Node 22.15 or 23.8 to read zstd, this is ${process.version}`);
	},
};

/** The common records of a Parquet file of ours, a row group at a time, without `raw`, the largest column. */
export async function* recordsOfParquet(sink: string, bytes: Uint8Array): Records {
	const {parquetMetadata, parquetReadObjects} = await loadReader(sink);
	const copy = bytes.slice().buffer as ArrayBuffer;
	const metadata = parquetMetadata(copy);
	const wanted = new Set([...Object.keys(commonColumns()), restColumn]);
	wanted.delete('raw');
	const columns = metadata.schema.map(({name}) => name).filter(name => wanted.delete(name));
	let rowStart = 0;
	for (const {num_rows: rows} of metadata.row_groups) {
		const rowEnd = rowStart + Number(rows);
		const found = await parquetReadObjects({file: copy, metadata, columns, compressors, rowStart, rowEnd});
		yield found.map(recordOf);
		rowStart = rowEnd;
	}
}

function recordOf({[restColumn]: rest, ...row}: Record<string, unknown>): unknown {
	const said = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
	const members = said.map(([name, value]) => [name, value instanceof Date ? value.toISOString() : value] as const);
	// What a column holds in part stands in the rest as a whole or in part: the column has it then.
	return {...(typeof rest === 'string' ? (JSON.parse(rest) as object) : {}), ...Object.fromEntries(members)};
}

async function loadReader(sink: string) {
	try {
		return await import('hyparquet');
	} catch (error) {
		if (errnoOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
		throw new ConfigError(
			`${sink}: expected the reader of Parquet, which is installed apart, where rxaudit is: npm install hyparquet, with --global where rxaudit is global`,
			{cause: error},
		);
	}
}
