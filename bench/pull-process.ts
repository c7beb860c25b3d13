import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import path from 'node:path';

const cli = path.join(process.env['RXAUDIT_E2E_DIST'] ?? 'dist', 'lib/cli/main.js');

/** Pulls what the emulator holds to a target, in a process of its own: seconds, and its peak memory. Linux only; 0: no limit of the heap. */
export async function pullProcess(url: string, to: string, state: string, maxHeapMb: number) {
	const args = ['pull', 'atlassian-org-events', '--org-id', 'any', '--endpoint', url, '--page-size', '200', '--quiet'];
	args.push('--to', to, '--state', state);
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
	return {seconds, peakMb};
}

function peakRssMb(pid: number): number | undefined {
	try {
		const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
		return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
	} catch {
		return undefined; // It has ended.
	}
}
