/**
 * Does memory stay flat, however long the log is? `tsx <this file> [events …]`, after `npm run build`; Linux only.
 * Default: 20,000 and 300,000 events; 3,000,000 with a heap of 64 MB takes minutes: `tsx bench/memory.ts 3000000`.
 */
import assert from 'node:assert/strict';
import {createReadStream, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {pullProcess} from './pull-process.ts';
import {emulatorProcess} from './sides.ts';

/** `BENCH_HEAP_MB=0`: no limit. */
const maxHeapMb = Number(process.env['BENCH_HEAP_MB'] ?? 64);

const counts = process.argv.slice(2).map(Number);
for (const count of counts.length > 0 ? counts : [20_000, 300_000]) await measure(count);

async function measure(events: number): Promise<void> {
	const folder = mkdtempSync(path.join(tmpdir(), 'rxaudit-memory-'));
	const file = path.join(folder, 'lines.ndjson');
	const {url, done} = await emulatorProcess(events);
	try {
		const {seconds, peakMb} = await pullProcess(url, `ndjson:${file}`, path.join(folder, 'state'), maxHeapMb);
		assert.equal(await countLines(file), events);
		console.log(
			`${events} events: peak RSS ${peakMb.toFixed(0)} MB with ${maxHeapMb > 0 ? `a heap of ${maxHeapMb} MB` : 'no limit'}, ` +
				`${seconds.toFixed(1)} s, ${Math.round(events / seconds)} events/s`,
		);
	} finally {
		done();
		rmSync(folder, {recursive: true});
	}
}

async function countLines(file: string): Promise<number> {
	let lines = 0;
	for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
		for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++;
	}
	return lines;
}
