import assert from 'node:assert/strict';
import path from 'node:path';
import {startEmulator} from '../support/emulator.ts';
import {temporaryFolder} from '../support/temporary-folder.ts';
import {assertVerifies, compare, type Difference, filesBelow, leftovers, linesOf, recordsOf} from './holdings.ts';
import {type FsFault, pull, token} from './pull.ts';

interface Point {
	readonly name: string;
	readonly sink: 'lines.ndjson' | 'lines.ndjson.gz' | 'events' | 'durable-events';
	readonly fault: Omit<FsFault, 'at' | 'do'>;
	/** At which of its calls, one kill each. */
	readonly at: readonly number[];
}

const commits = [1, 2, 1, 2, 1];
const writes = [1, 3, 17, 64, 65];
const fileWrites = [1, 2, 50, 127, 129];
const flushes = [1, 2, 3, 2, 1];
const state = 'pull.state';

/** A state's rename is every second one of a process that resumes; the others put the generation before in place. */
const stateRenames = [2, 4, 2, 4, 2];

const points: readonly Point[] = [
	{
		name: 'lines: half a page written',
		sink: 'lines.ndjson',
		fault: {call: 'writeSync', path: 'lines', when: 'partial'},
		at: writes,
	},
	{
		name: 'lines: a page written',
		sink: 'lines.ndjson',
		fault: {call: 'writeSync', path: 'lines', when: 'after'},
		at: writes,
	},
	{name: 'lines: before fsync', sink: 'lines.ndjson', fault: {call: 'fdatasync', path: 'lines'}, at: flushes},
	{
		name: 'lines: after fsync, before the state',
		sink: 'lines.ndjson',
		fault: {call: 'fdatasync', path: 'lines', when: 'after'},
		at: flushes,
	},
	{
		name: 'gzip: half a piece written',
		sink: 'lines.ndjson.gz',
		fault: {call: 'writeSync', path: 'lines', when: 'partial'},
		at: [2, 3, 4, 5, 3],
	},
	{
		name: 'gzip: after fsync, before the state',
		sink: 'lines.ndjson.gz',
		fault: {call: 'fdatasync', path: 'lines', when: 'after'},
		at: [2, 1, 2, 1, 2],
	},
	{
		name: 'files: half a file written',
		sink: 'events',
		fault: {call: 'writeSync', path: '.rxaudit-', when: 'partial'},
		at: fileWrites,
	},
	{name: 'files: before the name', sink: 'events', fault: {call: 'linkSync', path: '.rxaudit-'}, at: fileWrites},
	{
		name: 'files: after the name, which is the second',
		sink: 'events',
		fault: {call: 'linkSync', path: '.rxaudit-', when: 'after'},
		at: fileWrites,
	},
	{
		name: 'durable files: after a name',
		sink: 'durable-events',
		fault: {call: 'linkSync', path: '.rxaudit-', when: 'after'},
		at: [1, 10, 64, 65, 129],
	},
	{
		name: 'manifest of lines: half an entry written',
		sink: 'lines.ndjson',
		fault: {call: 'writeSync', path: 'lines.ndjson.manifest', when: 'partial'},
		at: flushes,
	},
	{
		name: 'manifest of lines: durable, before the state',
		sink: 'lines.ndjson',
		fault: {call: 'fdatasync', path: 'lines.ndjson.manifest', when: 'after'},
		at: flushes,
	},
	{
		name: 'manifest of files: half an entry written',
		sink: 'events',
		fault: {call: 'writeSync', path: 'rxaudit.manifest', when: 'partial'},
		at: [2, 3, 2, 3, 2], // the first says that it is open
	},
	{
		name: 'manifest of durable files: durable, before the state',
		sink: 'durable-events',
		fault: {call: 'fdatasync', path: 'rxaudit.manifest', when: 'after'},
		at: [2, 3, 2, 3, 2],
	},
	{
		name: 'journal: half written',
		sink: 'lines.ndjson',
		fault: {call: 'writeSync', path: `${state}.seen`, when: 'partial'},
		at: commits,
	},
	{
		name: 'journal: after fsync, before the state',
		sink: 'lines.ndjson',
		fault: {call: 'fdatasyncSync', path: `${state}.seen`, when: 'after'},
		at: commits,
	},
	// The first file to be written beside the state is the lock.
	{
		name: 'state: half a file written',
		sink: 'lines.ndjson',
		fault: {call: 'writeSync', path: `${state}.`, when: 'partial'},
		at: [3, 5, 3, 5, 3],
	},
	{
		name: 'state: before its previous is linked',
		sink: 'lines.ndjson',
		fault: {call: 'linkSync', path: '.previous'},
		at: commits,
	},
	{
		name: 'state: after its previous is in place',
		sink: 'lines.ndjson',
		fault: {call: 'renameSync', path: '.previous', when: 'after'},
		at: commits,
	},
	{name: 'state: before the rename', sink: 'lines.ndjson', fault: {call: 'renameSync', path: state}, at: stateRenames},
	{
		name: 'state: after the rename',
		sink: 'lines.ndjson',
		fault: {call: 'renameSync', path: state, when: 'after'},
		at: stateRenames,
	},
	// The lock's own fsync, then two for each state: the file's and the folder's.
	{
		name: 'state: durable, before the ack',
		sink: 'lines.ndjson',
		fault: {call: 'fsyncSync', path: 'state-folder', when: 'after'},
		at: [3, 5, 3, 5, 3],
	},
	{
		name: 'lock: taken',
		sink: 'lines.ndjson',
		fault: {call: 'linkSync', path: '.lock', when: 'after'},
		at: [2, 3, 4, 5, 6],
	},
];

/** A commit comes every 64 pages, of gzip every 4 MiB of lines. */
const sizes = {pageSize: 2, events: 1200};
const gzipSizes = {pageSize: 100, events: 20_000};
/** Two cores. */
const workers = 3;

interface Outcome extends Difference {
	readonly point: string;
	readonly kills: number;
	readonly replayedPages: number;
}

/** Kills one backup again and again at a point, ends it, and compares. */
/** How often it is killed at each point, at most five. */
const timesEach = Number(process.env['RXAUDIT_E2E_KILLS'] ?? 2);

async function killAt(point: Point, folder: string): Promise<Outcome> {
	const {pageSize, events} = point.sink.endsWith('.gz') ? gzipSizes : sizes;
	const emulator = await startEmulator({events, token});
	try {
		const target = path.join(folder, point.sink);
		const sinks = {
			'lines.ndjson': `ndjson:${target}`,
			'lines.ndjson.gz': `ndjson:${target}`,
			events: `filesystem:${target}`,
			'durable-events': `filesystem:${target}?durability=power`,
		};
		const args = ['--to', sinks[point.sink], '--format', 'raw', '--page-size', `${pageSize}`];
		args.push('--state', path.join(folder, 'state-folder', state));
		// So that all that follow resume: behind the first state with events in it.
		const first: FsFault = {call: 'renameSync', path: state, at: 3, when: 'after', do: 'kill'};
		const faults = [first, ...point.at.slice(0, timesEach).map((at): FsFault => ({...point.fault, at, do: 'kill'}))];
		let kills = 0;
		for (const fault of faults) {
			const {code, stderr} = await pull(emulator, args, {faults: [fault]});
			assert.equal(code, 'SIGKILL', `${point.name} at ${fault.at}: not reached: ${stderr}`);
			kills += fault === first ? 0 : 1;
		}
		const {code, stderr} = await pull(emulator, args);
		assert.equal(code, 0, `${point.name}: ${stderr}`);
		assert.deepEqual(leftovers(folder), [], point.name);
		const isFile = point.sink.startsWith('lines');
		const texts = isFile ? linesOf(target) : filesBelow(target);
		const difference = compare(texts, emulator);
		const records = recordsOf(emulator);
		if (difference.missing + difference.doubled + difference.strange === 0) {
			const expected = isFile ? records : new Set(records);
			assert.deepEqual(isFile ? texts : new Set(texts), expected, `${point.name}: other bytes than without a kill`);
		}
		const [name, option] = isFile ? ['ndjson', 'path'] : ['filesystem', 'dir'];
		await assertVerifies(name!, {[option!]: target}, records.length, path.join(folder, 'state-folder', state));
		return {point: point.name, kills, ...difference, replayedPages: emulator.requestCount - events / pageSize};
	} finally {
		await emulator.close();
	}
}

describe('kill -9 at named points', () => {
	const folder = temporaryFolder();

	it('loses nothing and doubles nothing', async function () {
		this.timeout(600_000);
		const outcomes: Outcome[] = [];
		const waiting = [...points.entries()];
		const work = async () => {
			for (let next = waiting.shift(); next; next = waiting.shift()) {
				const [index, point] = next;
				outcomes[index] = await killAt(point, path.join(folder(), `${index}`));
			}
		};
		await Promise.all(Array.from({length: workers}, work));
		console.table(outcomes);
		const wrong = outcomes.filter(({missing, doubled, strange}) => missing + doubled + strange > 0);
		assert.deepEqual(wrong, []);
	});
});
