/**
 * What does Parquet cost beside lines? `tsx <this file> [events …]`, after `npm run build`; Linux only. Default: 300,000
 * and 1,000,000 events, each into `ndjson:DIR/` and `parquet:DIR/` with a heap of 128 MB: peak memory, events/s and size;
 * DuckDB counts the rows. `BENCH_HEAP_MB=0`: no limit; `BENCH_SINKS=parquet`: that one alone.
 */
import assert from 'node:assert/strict';
import {mkdtempSync, readdirSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {query, quoted} from '../test/support/duckdb.ts';
import {pullProcess} from './pull-process.ts';
import {emulatorProcess} from './sides.ts';

const maxHeapMb = Number(process.env['BENCH_HEAP_MB'] ?? 128);
const readers: Readonly<Record<string, (dir: string) => string>> = {
	ndjson: dir => `read_json(${quoted(`${dir}/**/*.ndjson.gz`)}, columns = {id: 'VARCHAR'})`,
	parquet: dir => `read_parquet(${quoted(`${dir}/**/*.parquet`)})`,
};

const counts = process.argv.slice(2).map(Number);
for (const count of counts.length > 0 ? counts : [300_000, 1_000_000]) {
	for (const sink of process.env['BENCH_SINKS']?.split(',') ?? Object.keys(readers)) await measure(sink, count);
}

async function measure(sink: string, events: number): Promise<void> {
	const folder = mkdtempSync(path.join(tmpdir(), 'rxaudit-parquet-'));
	const dir = path.join(folder, 'archive');
	const {url, done} = await emulatorProcess(events);
	try {
		const {seconds, peakMb} = await pullProcess(url, `${sink}:${dir}/`, path.join(folder, 'state'), maxHeapMb);
		const [rows] = await query(`select count(distinct id) as ids, count(*) as rows from ${readers[sink]!(dir)}`);
		assert.deepEqual(rows, {ids: BigInt(events), rows: BigInt(events)});
		console.log(
			`${sink}: ${events} events: peak RSS ${peakMb.toFixed(0)} MB, ${seconds.toFixed(1)} s, ` +
				`${Math.round(events / seconds)} events/s, ${(sizeOf(dir) / 1e6).toFixed(1)} MB`,
		);
	} finally {
		done();
		rmSync(folder, {recursive: true});
	}
}

function sizeOf(dir: string): number {
	const found = readdirSync(dir, {recursive: true, withFileTypes: true}).filter(entry => entry.isFile());
	return found.reduce((sum, {parentPath, name}) => sum + statSync(path.join(parentPath, name)).size, 0);
}
