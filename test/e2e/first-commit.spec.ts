import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {type Emulator, startEmulator} from '../support/emulator.ts';
import {temporaryFolder} from '../support/temporary-folder.ts';
import {assertVerifies, compare, exact, filesBelow, leftovers, linesOf} from './holdings.ts';
import {pull, token} from './pull.ts';

/** How many kills for each target: some for every run of the suite, more to measure. */
const kills = Number(process.env['RXAUDIT_E2E_KILLS'] ?? 4);
const events = 30;
const workers = 3;

interface Target {
	readonly sink: string;
	/** The option that names the target. */
	readonly option: 'path' | 'dir';
	readonly query?: string;
	/** What it holds of each event, as JSON with its id. */
	readonly read: (target: string) => string[];
}

const rows = (file: string) =>
	linesOf(file)
		.slice(1)
		.map(cell => JSON.stringify({id: cell.replaceAll(/["\r]/g, '')}));
const lines: Target = {sink: 'ndjson', option: 'path', read: linesOf};
const table: Target = {sink: 'csv', option: 'path', query: '?columns=id', read: rows};
const files: Target = {sink: 'filesystem', option: 'dir', read: filesBelow};

const targets: Readonly<Record<string, Target>> = {
	'lines.ndjson': lines,
	'lines.ndjson.gz': lines,
	'rows.csv': table,
	'rows.csv.gz': table,
	events: files,
	'durable-events': {...files, query: '?durability=power'},
	'objects/': {
		...lines,
		read: folder =>
			readdirSync(folder, {recursive: true, encoding: 'utf8'})
				.filter(name => name.endsWith('.ndjson.gz'))
				.flatMap(name => linesOf(path.join(folder, name))),
	},
};

describe('kill -9 before the first checkpoint with events', () => {
	const folder = temporaryFolder();
	let emulator: Emulator;

	beforeEach(async () => (emulator = await startEmulator({events, token})));
	afterEach(() => emulator.close());

	for (const [name, {sink, option, query = '', read}] of Object.entries(targets)) {
		it(`${sink}:${name}: the same command goes on, and is exact`, async function () {
			this.timeout(60_000 + kills * 20_000);
			const argsIn = (where: string) => {
				const to = `${sink}:${path.join(where, name)}${name.endsWith('/') ? '/' : ''}${query}`;
				return ['--to', to, '--state', path.join(where, 'state'), '--page-size', '10'];
			};
			const calls = await callsOf(folder(), where => pullWith(argsIn(where), where));
			const waiting = Array.from({length: kills}, (_, kill) => 1 + Math.floor(((kill + 0.5) * calls) / kills));
			const work = async () => {
				for (let at = waiting.shift(); at; at = waiting.shift()) {
					const where = path.join(folder(), `${at}`);
					const killed = await pull(emulator, argsIn(where), {faults: [{call: '*', path: where, at, do: 'kill'}]});
					assert.equal(killed.code, 'SIGKILL', `call ${at} of ${calls}: not reached: ${killed.stderr}`);
					const {code, stderr} = await pull(emulator, argsIn(where));
					assert.equal(code, 0, `behind call ${at} of ${calls}: ${stderr}`);
					assert.deepEqual(compare(read(path.join(where, name)), emulator), exact, `behind call ${at} of ${calls}`);
					assert.deepEqual(leftovers(where), []);
					const target = {[option]: path.join(where, name) + (name.endsWith('/') ? '/' : '')};
					await assertVerifies(sink, target, events, path.join(where, 'state'));
				}
			};
			await Promise.all(Array.from({length: workers}, work));
			console.log(
				`      ${kills} kills within ${calls} calls of the file system: all go on, ${events} of ${events} events`,
			);
		});
	}

	async function pullWith(args: string[], where: string): Promise<void> {
		const log = `${where}.log`;
		const {code, stderr} = await pull(emulator, args, {faults: [], env: {FS_FAULTS_LOG: log}});
		assert.equal(code, 0, stderr);
	}
});

/** How often an undisturbed run of one commit asks the file system for something in its folder. */
async function callsOf(folder: string, run: (where: string) => Promise<void>): Promise<number> {
	const where = path.join(folder, 'undisturbed');
	await run(where);
	return readFileSync(`${where}.log`, 'utf8')
		.split('\n')
		.filter(line => line.includes(where)).length;
}
