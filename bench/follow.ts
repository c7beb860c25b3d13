/**
 * Does a follow stay as it is, however long it goes on? `tsx <this file> [minutes] [every] [events]`, after `npm run build`; Linux only.
 * Default: 60 minutes of a round each `1s`, with 20 events a second. Prints memory and descriptors each minute and, at
 * the end, the slope of the memory in the second half, by least squares.
 */
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {startEmulator} from '../lib/emulator/index.ts';

const [minutes = '60', every = '1s', perSecond = '20'] = process.argv.slice(2);
const cli = path.join(process.env['RXAUDIT_E2E_DIST'] ?? 'dist', 'lib/cli/main.js');

const folder = mkdtempSync(path.join(tmpdir(), 'rxaudit-follow-'));
const file = path.join(folder, 'lines.ndjson');
const emulator = await startEmulator({events: 1000, keepRequests: 10});
const args = ['pull', 'atlassian-org-events', '--org-id', 'any', '--endpoint', emulator.url, '--quiet'];
args.push('--page-size', '200', '--overlap', '60s', '--follow', '--every', every);
args.push('--to', `ndjson:${file}`, '--state', path.join(folder, 'state'));
const child = spawn(process.execPath, ['--max-old-space-size=64', cli, ...args], {
	env: {...process.env, RXAUDIT_TOKEN: emulator.token},
	stdio: 'inherit',
});
const samples: {readonly seconds: number; readonly megabytes: number}[] = [];
const began = performance.now();
try {
	for (let second = 0; second < Number(minutes) * 60; second++) {
		const now = Date.now();
		emulator.insert(Array.from({length: Number(perSecond)}, (_, index) => ({timeMs: now - index})));
		await new Promise(resolve => setTimeout(resolve, began + (second + 1) * 1000 - performance.now()));
		assert.equal(child.exitCode, null, 'it goes on');
		const megabytes = rssMb(child.pid!);
		samples.push({seconds: second, megabytes});
		if (second % 60 !== 59) continue;
		const descriptors = readdirSync(`/proc/${child.pid}/fd`).length;
		console.log(`${(second + 1) / 60} min: RSS ${megabytes.toFixed(0)} MB, ${descriptors} descriptors`);
	}
	// what is younger than the lag of the source and a round comes no more
	const oldMs = Date.now() - 90_000;
	child.kill('SIGTERM');
	const [code] = (await once(child, 'exit')) as [number];
	assert.equal(code, 143);
	const ids = readFileSync(file, 'utf8').trimEnd().split('\n').map(idOf);
	assert.equal(new Set(ids).size, ids.length, 'nothing comes twice');
	const old = Array.from(emulator.events({to: oldMs}), ({id}) => id);
	const arrived = new Set(ids);
	assert.deepEqual(
		old.filter(id => !arrived.has(id)),
		[],
	);
	const half = samples.slice(samples.length / 2);
	console.log(`${ids.length} events once; slope of RSS: ${slope(half).toFixed(2)} MB an hour`);
} finally {
	child.kill('SIGKILL');
	await emulator.close();
	rmSync(folder, {recursive: true});
}

function rssMb(pid: number): number {
	const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
	return Number(kilobytes) / 1024;
}

function idOf(line: string): string {
	return (JSON.parse(line) as {id: string}).id;
}

/** Megabytes an hour. */
function slope(points: typeof samples): number {
	const mean = (member: keyof (typeof samples)[0]) =>
		points.reduce((sum, point) => sum + point[member], 0) / points.length;
	const [seconds, megabytes] = [mean('seconds'), mean('megabytes')];
	const over = points.reduce((sum, point) => sum + (point.seconds - seconds) * (point.megabytes - megabytes), 0);
	const under = points.reduce((sum, point) => sum + (point.seconds - seconds) ** 2, 0);
	return (over / under) * 3600;
}
