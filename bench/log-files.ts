/**
 * 1,000,000 lines of audit logs in 10 files of 3 nodes, while files grow and new ones begin, read by a process that is
 * killed again and again: is each there once? And how fast is a pull of them all, beside `wc -l`?
 *
 *   npm run build && node --import tsx bench/log-files.ts
 */
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {logLine, logName} from '../test/support/log-files.ts';

const count = Number(process.env['BENCH_EVENTS'] ?? 1_000_000);
const kills = Number(process.env['BENCH_KILLS'] ?? 20);
const cli = fileURLToPath(new URL('../dist/lib/cli/main.js', import.meta.url));
const root = fs.mkdtempSync(path.join(tmpdir(), 'rxaudit-bench-'));
const logs = path.join(root, 'logs');

/** The nodes have 4, 3 and 3 files; line after line goes to the next node, at two lines a millisecond. */
const filesOf = [4, 3, 3];
const nodes = filesOf.map((files, at) => ({dir: path.join(logs, `node${at}`), files, written: 0}));
let written = 0;

function write(lines: number): void {
	const texts = nodes.map(() => [] as string[]);
	const end = Math.min(count, written + lines);
	for (; written < end; written++) {
		texts[written % 3]!.push(`${logLine({number: written, ms: Date.UTC(2026, 0, 31) + Math.floor(written / 2)})}\n`);
	}
	for (const [at, node] of nodes.entries()) {
		fs.mkdirSync(node.dir, {recursive: true});
		const file = Math.min(node.files - 1, Math.floor((node.written * 3 * node.files) / count));
		node.written += texts[at]!.length;
		fs.appendFileSync(path.join(node.dir, logName(file)), texts[at]!.join(''));
	}
}

function pull(name: string, state: boolean, format: string) {
	const args = ['pull', 'data-center-log-files', '--path', logs, '--product', 'jira', '--format', format, '--quiet'];
	const to = [
		'--to',
		`ndjson:${path.join(root, name)}`,
		...(state ? ['--state', path.join(root, `${name}.state`)] : []),
	];
	return spawn(process.execPath, [cli, ...args, ...to], {stdio: ['ignore', 'ignore', 'inherit']});
}

async function timed(child: ReturnType<typeof pull>): Promise<number> {
	const began = performance.now();
	const [code] = (await once(child, 'exit')) as [number | null];
	assert.equal(code, 0);
	return (performance.now() - began) / 1000;
}

const step = 10_000;
while (written < count / 2) write(step);
const perLife = (count - written) / kills;
for (let killed = 0; killed < kills;) {
	const child = pull('killed.ndjson', true, 'raw');
	const isOver = once(child, 'exit');
	await delay(1000 + Math.random() * 2000);
	const goal = written + perLife;
	while (written < goal && written < count) write(step);
	child.kill('SIGKILL');
	const [, signal] = (await isOver) as [number | null, NodeJS.Signals | null];
	if (signal) killed++;
}
while (written < count) write(step);
await timed(pull('killed.ndjson', true, 'raw'));

const seen = new Uint8Array(count);
for await (const line of createInterface({input: fs.createReadStream(path.join(root, 'killed.ndjson'))})) {
	seen[Number(/"id":"obj-(\d+)"/.exec(line)![1])]!++;
}
const files = nodes.flatMap(({dir}) => fs.readdirSync(dir).map(name => path.join(dir, name)));
const lost = seen.filter(times => times === 0).length;
const doubled = seen.filter(times => times > 1).length;
console.log(`${count} lines in ${files.length} files of 3 nodes, ${kills} kills: lost ${lost}, doubled ${doubled}`);

const began = performance.now();
execFileSync('wc', ['-l', ...files]);
const wcSeconds = (performance.now() - began) / 1000;
const perSecond = (seconds: number) => Math.round(count / seconds).toLocaleString('en');
console.log(`wc -l: ${perSecond(wcSeconds)} lines/s`);
for (const format of ['raw', 'audit']) {
	const seconds = await timed(pull(`${format}.ndjson`, true, format));
	console.log(`--format ${format}, with a state: ${perSecond(seconds)} events/s in ${seconds.toFixed(1)} s`);
}
const nothingNew = await timed(pull('audit.ndjson', true, 'audit'));
console.log(`once more, with nothing new: ${nothingNew.toFixed(1)} s`);
fs.rmSync(root, {recursive: true});
process.exitCode = lost + doubled === 0 ? 0 : 1;
