import assert from 'node:assert/strict';
import fs from 'node:fs';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import path from 'node:path';
import {type Emulator, type EmulatorOptions, type Fault, startEmulator} from '../support/emulator.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {compare, exact, linesOf} from './holdings.ts';
import {pull, type PullOptions, token} from './pull.ts';

const pageSize = 20;
const pages = 50;
/** The overlap of an hour is read again by a run that goes on: three pages at most. */
const overlapPages = 4;

describe('faults of the API', () => {
	const folder = temporaryFolder();
	const target = (name: string) => path.join(folder(), name);
	let emulator: Emulator;

	async function start(options: EmulatorOptions = {}): Promise<void> {
		emulator = await startEmulator({events: pages * pageSize, token, ...options});
	}

	afterEach(() => emulator.close());

	function run(more: readonly string[] = [], options: PullOptions = {}) {
		// how many requests there are is told of one chain of pages
		const args = [
			'--concurrency',
			'1',
			'--page-size',
			`${pageSize}`,
			'--state',
			target('pull.state'),
			'--idle-timeout-ms',
			'300',
		];
		return pull(emulator, [...args, '--to', `ndjson:${target('lines.ndjson')}`, ...more], options);
	}

	function assertExact(): void {
		assert.deepEqual(compare(linesOf(target('lines.ndjson')), emulator), exact);
	}

	/** What came before the fault is kept, and the same command goes on there. */
	async function assertGoesOn(readPages: number): Promise<void> {
		emulator.clearFaults();
		const before = emulator.requestCount;
		const {code, stderr} = await run();
		assert.equal(code, 0, stderr);
		assertExact();
		const requests = emulator.requestCount - before;
		assert(requests <= pages - readPages + overlapPages, `${requests} requests after ${readPages} pages`);
	}

	const passing: readonly Fault[] = [
		...[500, 502, 503, 504, 408].map((status): Fault => ({kind: 'status', status})),
		{kind: 'truncate'},
		{kind: 'html', page: 'maintenance'},
		{kind: 'gzip-cut'},
		{kind: 'short'},
		{kind: 'reset'},
		{kind: 'reset', where: 'body'},
		{kind: 'hang'},
		{kind: 'hang', where: 'body'},
	];

	it('that pass are overcome with one request more for each', async () => {
		const at = (index: number) => [3 * index + 2, 3 * index + 3];
		await start({faults: passing.map((fault, index) => ({...fault, at: at(index)}))});
		const {code, stderr} = await run();
		assert.equal(code, 0, stderr);
		assertExact();
		assert.equal(emulator.requestCount, pages + 2 * passing.length);
	});

	for (const fault of [
		{kind: 'repeat-cursor'},
		{kind: 'cycle-cursor'},
		{kind: 'empty-pages'},
	] as const satisfies Fault[]) {
		it(`end a run that makes no progress: ${fault.kind}`, async () => {
			await start({faults: [{...fault, at: {from: 21}}]});
			const {code, stderr} = await run();
			assert.equal(code, 1, stderr);
			assert.match(stderr, /paging makes no progress/);
			assert(emulator.requestCount < 1100, `${emulator.requestCount} requests`);
			await assertGoesOn(20);
		});
	}

	for (const onlyLink of [false, true]) {
		it(`never send a request to the host of a foreign link${onlyLink ? ' without a cursor beside it' : ''}`, async () => {
			let strays = 0;
			const stranger = createServer((_, response) => {
				strays++;
				response.end('{}');
			});
			await new Promise<void>(resolve => stranger.listen(0, '127.0.0.1', resolve));
			const origin = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
			try {
				await start({faults: [{kind: 'foreign-next', origin, onlyLink, at: 'all'}]});
				const {code, stderr} = await run();
				assert.equal(code, 0, stderr);
				assertExact();
				assert.equal(strays, 0);
			} finally {
				stranger.close();
			}
		});
	}

	it('refuse a cursor in the middle: read on from the last record', async () => {
		await start({faults: [{kind: 'refuse-cursor', at: [20, 30]}], switches: {bursts: {longSize: 90, longEvery: 300}}});
		const {code, stderr} = await run();
		assert.equal(code, 0, stderr);
		assert.match(stderr, /the cursor was refused/);
		assertExact();
	});

	it('refuse the cursor of the state: read on from the last record', async () => {
		const switches = {cursorTtlRequests: 12, hiddenFractions: true, bursts: {longSize: 90, longEvery: 300}};
		await start({switches, faults: [{kind: 'reset', at: {from: 21}}]});
		assert.equal((await run(['--max-attempts', '14'])).code, 1);
		emulator.clearFaults();
		const {code, stderr} = await run();
		assert.equal(code, 0, stderr);
		assert.match(stderr, /the cursor was refused/);
		assertExact();
	});

	it('that do not pass end the run after the attempts', async () => {
		await start({faults: [{kind: 'status', status: 500, at: {from: 21}}]});
		const {code, stderr} = await run(['--max-attempts', '5']);
		assert.equal(code, 1, stderr);
		const attempts = 20 + 5;
		const smallerPages = 4; // of 10, 5, 2 and 1
		const spansBehind = 8 * (2 + 1); // two attempts for each, and a page of 1
		const most = attempts + smallerPages + spansBehind;
		assert(emulator.requestCount >= attempts && emulator.requestCount <= most, `${emulator.requestCount} requests`);
		await assertGoesOn(20);
	});

	for (const status of [401, 403]) {
		it(`that refuse the credentials (${status}) end the run at once`, async () => {
			await start({faults: [{kind: 'status', status, at: {from: 21}}]});
			const {code, stderr} = await run();
			assert.equal(code, 4, stderr);
			assert.equal(emulator.requestCount, 21);
			await assertGoesOn(20);
		});
	}

	it('are told from a wrong token, which requests nothing else', async () => {
		await start();
		const {code, stderr} = await run([], {env: {RXAUDIT_TOKEN: 'not-the-token-of-this-server'}});
		assert.equal(code, 4, stderr);
		assert(!stderr.includes('not-the-token'), stderr);
		assert.equal(emulator.requestCount, 1);
		await assertGoesOn(0);
	});

	it('obey a wait that the server asks for', async () => {
		await start({faults: [{kind: 'status', status: 429, headers: {'retry-after': '1'}, at: [10, 11]}]});
		const {code, stderr} = await run();
		assert.equal(code, 0, stderr);
		assertExact();
		const [first, second, third] = emulator.requests.slice(9, 12).map(({atMs}) => atMs) as [number, number, number];
		assert(second - first >= 1000 && third - second >= 1000, `${second - first} ms, ${third - second} ms`);
	});

	it('in one record leave one dead letter, whatever kills the run', async () => {
		await start();
		const [newest] = emulator.events();
		const text = '{"id":"poison","attributes":{"time":"never"}}';
		emulator.insert([{timeMs: newest!.timeMs - 5 * 3_600_000, id: 'poison', text}]);
		const kill = {call: 'writeSync', path: 'lines', at: 40};
		assert.equal((await run([], {kill})).code, 'SIGKILL');
		const {code, stderr} = await run();
		assert.equal(code, 3, stderr);
		assert.equal(linesOf(target('pull.state.dead-letter.ndjson')).length, 1);
		assert.deepEqual(compare(linesOf(target('lines.ndjson')), emulator), {...exact, missing: 1});
	});
});

describe('a damaged state', () => {
	const folder = temporaryFolder();
	const state = () => path.join(folder(), 'pull.state');

	it('is refused before any request, and nothing is changed', async function () {
		this.timeout(120_000);
		const emulator = await startEmulator({events: 100, token});
		const args = ['--state', state(), '--to', `ndjson:${path.join(folder(), 'lines.ndjson')}`];
		try {
			assert.equal((await pull(emulator, args)).code, 0);
			const good = fs.readFileSync(state());
			const journal = fs.readFileSync(`${state()}.seen-1`);
			const lines = fs.readFileSync(path.join(folder(), 'lines.ndjson'));
			const text = good.toString();
			const flipped = (bytes: Buffer, at: number) => {
				const copy = Buffer.from(bytes);
				copy[at] = copy[at]! ^ 1;
				return copy;
			};
			const damages: Record<string, () => void> = {
				empty: () => fs.writeFileSync(state(), ''),
				'half of it': () => fs.writeFileSync(state(), good.subarray(0, good.length / 2)),
				'without its end': () => fs.writeFileSync(state(), good.subarray(0, -1)),
				zeros: () => fs.writeFileSync(state(), Buffer.alloc(good.length)),
				'a flipped bit': () => fs.writeFileSync(state(), flipped(good, good.length - 30)),
				'a changed version': () => fs.writeFileSync(state(), text.replace(/"version":\d+/, '"version":99')),
				'a newer format': () => fs.writeFileSync(state(), text.replace('"format":1', '"format":2')),
				'not a state': () => fs.writeFileSync(state(), '{"hello":"world"}\n'),
				'a journal cut short': () => fs.writeFileSync(`${state()}.seen-1`, journal.subarray(0, -7)),
				'a flipped bit in the journal': () => fs.writeFileSync(`${state()}.seen-1`, flipped(journal, 5)),
				'no journal': () => fs.rmSync(`${state()}.seen-1`),
				'a target cut short': () => fs.writeFileSync(path.join(folder(), 'lines.ndjson'), lines.subarray(0, -7)),
				'a changed target': () =>
					fs.writeFileSync(path.join(folder(), 'lines.ndjson'), flipped(lines, lines.length - 9)),
				'no target': () => fs.rmSync(path.join(folder(), 'lines.ndjson')),
			};
			const before = emulator.requestCount;
			for (const [damage, inflict] of Object.entries(damages)) {
				inflict();
				const files = () =>
					fs.readdirSync(folder()).map(name => [name, fs.readFileSync(path.join(folder(), name), 'hex')]);
				const found = files();
				const {code, stderr} = await pull(emulator, args);
				assert.equal(code, 5, `${damage}: ${stderr}`);
				assert.equal(emulator.requestCount, before, damage);
				assert.deepEqual(files(), found, damage);
				fs.writeFileSync(state(), good);
				fs.writeFileSync(`${state()}.seen-1`, journal);
				fs.writeFileSync(path.join(folder(), 'lines.ndjson'), lines);
			}
			fs.writeFileSync(state(), '');
			const {code, stderr} = await pull(emulator, [...args, '--recover-previous']);
			// the file is newer than the generation before, and nothing that its manifest lists is cut
			assert.equal(code, 5, stderr);
			assert.deepEqual(fs.readFileSync(path.join(folder(), 'lines.ndjson')), lines);
		} finally {
			await emulator.close();
		}
	});
});
