/**
 * Does memory stay flat, however long the log is? `tsx <this file> [events …]`, after `npm run build`; Linux only.
 * Default: 20,000 and 300,000 events; 3,000,000 with a heap of 64 MB takes minutes: `tsx bench/memory.ts 3000000`.
 */
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createReadStream, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {emulatorProcess} from './sides.ts';

const cli = path.join(process.env['RXAUDIT_E2E_DIST'] ?? 'dist', 'lib/cli/main.js');
/** `BENCH_HEAP_MB=0`: no limit. */
const maxHeapMb = Number(process.env['BENCH_HEAP_MB'] ?? 64);

const counts = process.argv.slice(2).map(Number);
for (const count of counts.length > 0 ? counts : [20_000, 300_000]) await measure(count);

async function measure(events: number): Promise<void> {
	const folder = mkdtempSync(path.join(tmpdir(), 'rxaudit-memory-'));
	const file = path.join(folder, 'lines.ndjson');
	const {url, done} = await emulatorProcess(events);
	try {
		const args = [
			'pull',
			'atlassian-org-events',
			'--org-id',
			'any',
			'--endpoint',
			url,
			'--page-size',
			'200',
			'--quiet',
		];
		args.push('--to', `ndjson:${file}`, '--state', path.join(folder, 'state'));
		const heapLimit = maxHeapMb > 0 ? {NODE_OPTIONS: `--max-old-space-size=${maxHeapMb}`} : {};
		const env = {...process.env, ...heapLimit, RXAUDIT_TOKEN: 'emulator'};
		const began = performance.now();
		const child = spawn(process.execPath, [cli, ...args], {env, stdio: 'inherit'});
		let peakMb = 0;
		const timer = setInterval(() => (peakMb = peakRssMb(child.pid!) ?? peakMb), 20);
		const [code] = (await once(child, 'exit')) as [number];
		clearInterval(timer);
		const seconds = (performance.now() - began) / 1000;
		assert.equal(code, 0);
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

function peakRssMb(pid: number): number | undefined {
	try {
		const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
		return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
	} catch {
		return undefined; // It has ended.
	}
}

async function countLines(file: string): Promise<number> {
	let lines = 0;
	for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
		for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++;
	}
	return lines;
}
