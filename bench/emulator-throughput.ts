/** How fast does the emulator serve, so that it does not bound what is measured against it? `tsx <this file>` */
import assert from 'node:assert/strict';
import {fork} from 'node:child_process';
import {Agent, get} from 'node:http';
import {fileURLToPath} from 'node:url';
import {startEmulator} from '../lib/emulator/index.ts';

const EVENTS = 1_000_000;
const PAGE_SIZE = 500;
const TAIL_BYTES = 1000;

if (process.send) await serve();
else await measure();

async function serve(): Promise<void> {
	const {url} = await startEmulator({events: EVENTS, spacingMs: 1000});
	process.send?.(url);
	process.once('message', () => process.send?.(process.resourceUsage(), () => process.exit()));
}

async function measure(): Promise<void> {
	const server = fork(fileURLToPath(import.meta.url));
	const message = () => new Promise<unknown>(resolve => server.once('message', resolve));
	const url = await message();
	const agent = new Agent({keepAlive: true});
	let pages = 0;
	let bytes = 0;
	let cursor = '';
	const start = performance.now();
	do {
		const page = await read(`${String(url)}/admin/v1/orgs/any/events?limit=${PAGE_SIZE}${cursor}`, agent);
		pages++;
		bytes += page.bytes;
		cursor = page.next && `&cursor=${page.next}`;
	} while (cursor);
	const seconds = (performance.now() - start) / 1000;
	assert.equal(pages, EVENTS / PAGE_SIZE);
	agent.destroy();
	server.send('done');
	const {maxRSS, userCPUTime, systemCPUTime} = (await message()) as NodeJS.ResourceUsage;
	const cpuSeconds = (userCPUTime + systemCPUTime) / 1e6;
	console.log(
		`${Math.round(EVENTS / seconds)} events/s, ${Math.round(bytes / seconds / 1e6)} MB/s, ` +
			`${Math.round(bytes / EVENTS)} bytes/event; server: ${Math.round(EVENTS / cpuSeconds)} events per CPU second, ` +
			`peak RSS ${Math.round(maxRSS / 1024)} MB`,
	);
}

/** Reads a page and drops all of it but its end, where the next cursor is. */
function read(url: string, agent: Agent): Promise<{bytes: number; next: string}> {
	return new Promise((resolve, reject) => {
		get(url, {agent, headers: {authorization: 'Bearer emulator'}}, response => {
			let bytes = 0;
			let tail: Buffer = Buffer.alloc(0);
			response.on('data', (chunk: Buffer) => {
				bytes += chunk.length;
				tail = chunk.length < TAIL_BYTES ? Buffer.concat([tail, chunk]) : chunk;
			});
			response.on('end', () => {
				const end = tail.toString('latin1', Math.max(0, tail.length - TAIL_BYTES));
				resolve({bytes, next: /"next":"([^"]+)","prev"/.exec(end)?.[1] ?? ''});
			});
		}).on('error', reject);
	});
}
