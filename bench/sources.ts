/**
 * Does every source of the registry read its API without a wasted request, is every event there once, and how fast is
 * it? 100,000 events, pages of 100 where the API lets one choose, from an emulator in a second process through dedupe
 * and normalize to a sink that only counts; beside a bare axios loop that sends the same requests one by one, parses
 * the JSON and keeps nothing. Fails when a source needs more than 2 % and 2 requests above the fewest that are possible,
 * or when an event is missing or doubled.
 *
 *   npm run build && node --import=tsx bench/sources.ts [--events N] [--rounds N] [--source NAME]
 */
import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {Agent} from 'node:http';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import axios from 'axios';
import {dedupe, normalize, run, type Source} from 'rxaudit';
import {list, load} from '../lib/registry.ts';
import {loadApis} from '../lib/emulator/index.ts';
import {tally} from '../lib/testing/tally.ts';
import {type Asked, countingSink, credentialsFor, heardFrom, type Served} from './source-emulator.ts';

const {values} = parseArgs({
	options: {
		events: {type: 'string', default: '100000'},
		rounds: {type: 'string', default: '3'},
		source: {type: 'string'},
	},
});
const events = Number(values.events);

if (values.source === undefined) await measureAll();
else await measure(values.source);

/** Each in a fresh process, so that none warms up the code for the next. */
async function measureAll(): Promise<void> {
	console.log(row('source', 'events', 'requests', 'ratio', 'allowed', 'events/s', 'bare loop', '× bare', 'range'));
	for (const name of list('source')) {
		if ((await load('source', name)).reads !== 'api') continue;
		const args = ['--source', name, '--events', values.events, '--rounds', values.rounds];
		const [code] = (await once(fork(fileURLToPath(import.meta.url), args), 'exit')) as [number | null];
		if (code !== 0) process.exitCode = 1;
	}
}

async function measure(name: string): Promise<void> {
	const reading = (await loadApis()).get(name)?.reading ?? {};
	const {default: source} = (await import(`rxaudit/sources/${name}`)) as {default: Source<object>};
	const emulator = fork(fileURLToPath(new URL('source-emulator.ts', import.meta.url)), [name, values.events]);
	const {options, held} = await heardFrom<Served>(emulator);
	const pageSize = reading.pageSize ?? 100;
	const fewest = Math.ceil(held.length / pageSize);
	const allowed = Math.floor(fewest * 1.02 + 2);
	const speeds: {pulled: number; bare: number}[] = [];
	let requests = 0;

	for (let round = 0; round < Number(values.rounds); round++) {
		const {marks, seconds} = await pull(source, {...options, concurrency: 1, ...(reading.pageSize ? {} : {pageSize})});
		const asked = await askedSince(emulator);
		const bareSeconds = await bareLoop(String(options['endpoint']), asked);
		await askedSince(emulator);
		requests = asked.length;
		speeds.push({pulled: events / seconds, bare: events / bareSeconds});

		const {missing, doubled} = difference(held, marks);
		if (missing + doubled > 0) fail(name, `${missing} events are missing, ${doubled} are doubled`);
		if (requests > allowed) fail(name, `${requests} requests, more than the ${allowed} that are allowed`);
	}
	emulator.disconnect();

	const ratio = (requests / fewest).toFixed(3);
	const [pulled, bare] = [speeds.map(one => one.pulled), speeds.map(one => one.bare)].map(median);
	const beside = speeds.map(one => one.pulled / one.bare);
	const range = `${Math.min(...beside).toFixed(2)}–${Math.max(...beside).toFixed(2)}`;
	const speed = [Math.round(pulled!), Math.round(bare!), median(beside).toFixed(2), range];
	console.log(row(name, held.length, requests, ratio, allowed, ...speed));
}

/** Everything that a source gives, as `rxaudit pull` does it; the time for the marks is not counted. */
async function pull(source: Source<object>, options: object): Promise<{marks: string[]; seconds: number}> {
	const {sink, marks, markedMs} = countingSink();
	const all = {...options, ...credentialsFor(source)};
	const began = performance.now();
	await run(start => source(all, start).pipe(dedupe(start), normalize()), sink);
	return {marks, seconds: (performance.now() - began - markedMs()) / 1000};
}

async function bareLoop(endpoint: string, asked: readonly Asked[]): Promise<number> {
	const httpAgent = new Agent({keepAlive: true});
	const began = performance.now();
	for (const {method, url, headers, body} of asked) {
		const data = body === undefined ? {} : {data: body};
		await axios.request({method, url: new URL(url, endpoint).href, headers, ...data, httpAgent, proxy: false});
	}
	const seconds = (performance.now() - began) / 1000;
	httpAgent.destroy();
	return seconds;
}

/** How often an event is there too seldom, and too often. */
function difference(held: readonly string[], got: readonly string[]): {missing: number; doubled: number} {
	const [right, real] = [tally(held), tally(got)];
	let [missing, doubled] = [0, 0];
	for (const [mark, count] of right) missing += Math.max(0, count - (real.get(mark) ?? 0));
	for (const [mark, count] of real) doubled += Math.max(0, count - (right.get(mark) ?? 0));
	return {missing, doubled};
}

async function askedSince(emulator: ChildProcess): Promise<readonly Asked[]> {
	const answer = heardFrom<readonly Asked[]>(emulator);
	emulator.send('tell');
	return answer;
}

function fail(name: string, why: string): void {
	console.error(`FAILED: ${name}: ${why}`);
	process.exitCode = 1;
}

function row(name: string, ...cells: readonly (string | number)[]): string {
	return `| ${name.padEnd(28)}|${cells.map(cell => String(cell).padStart(9)).join(' |')} |`;
}

function median(numbers: readonly number[]): number {
	return numbers.toSorted((one, other) => one - other)[numbers.length >> 1]!;
}
