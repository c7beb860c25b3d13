import assert from 'node:assert/strict';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import Papa from 'papaparse';
import {startEmulator} from '../support/emulator.ts';
import {temporaryFolder} from '../support/temporary-folder.ts';
import {assertVerifies, compare, exact, filesBelow, leftovers, linesOf, recordsOf} from './holdings.ts';
import {startPull, token} from './pull.ts';
import {createRandom, seed} from './random.ts';

/** The longest time between the first request of a process and its end, in milliseconds. */
const longestLifeMs = 700;
const startMs = 600;

interface Kind {
	readonly sink: string;
	/** The option that names the target. */
	readonly option: string;
	readonly query?: string;
	/** What the target holds of each event. */
	read(file: string): string[];
	/** The same of a record, where it is not all of it. */
	of?(record: string): string;
}

const lines: Kind = {sink: 'ndjson', option: 'path', read: linesOf};
const onlyId = (id: string) => JSON.stringify({id});
const rows: Kind = {
	sink: 'csv',
	option: 'path',
	query: '?columns=id',
	read(file) {
		const text = `${linesOf(file).join('\n')}\n`;
		const {data, errors} = Papa.parse<[string]>(text, {skipEmptyLines: true});
		assert.deepEqual(
			errors.filter(({type}) => type !== 'Delimiter'),
			[],
		);
		assert.deepEqual(data[0], ['id']);
		return data.slice(1).map(([id]) => onlyId(id));
	},
	of: record => onlyId((JSON.parse(record) as {id: string}).id),
};
const kinds = {
	'lines.ndjson': lines,
	'lines.ndjson.gz': lines,
	'rows.csv': rows,
	'rows.csv.gz': rows,
	events: {sink: 'filesystem', option: 'dir', read: filesBelow},
} satisfies Record<string, Kind>;

const wanted = Number(process.env['RXAUDIT_E2E_KILLS'] ?? 8);

interface Backup {
	readonly name: string;
	readonly targets: readonly (keyof typeof kinds)[];
	readonly pageSize: number;
	readonly pages: number;
	readonly latencyMs: number;
}

// A commit comes every 64 pages, of gzip alone every 4 MiB of lines.
const backups: readonly Backup[] = [
	{name: 'a file', targets: ['lines.ndjson'], pageSize: 5, pages: 600, latencyMs: 5},
	{name: 'a gzip file', targets: ['lines.ndjson.gz'], pageSize: 100, pages: 240, latencyMs: 10},
	{name: 'a folder', targets: ['events'], pageSize: 5, pages: 600, latencyMs: 5},
	{name: 'a table', targets: ['rows.csv'], pageSize: 5, pages: 600, latencyMs: 5},
	{name: 'a gzip table', targets: ['rows.csv.gz'], pageSize: 100, pages: 240, latencyMs: 10},
	{
		name: 'all three',
		targets: ['lines.ndjson', 'lines.ndjson.gz', 'events'],
		pageSize: 5,
		pages: 600,
		latencyMs: 5,
	},
];

describe(`kill -9 at random instants (RXAUDIT_E2E_SEED=${seed})`, () => {
	const folder = temporaryFolder();
	const results: object[] = [];

	after(() => console.table(results));

	for (const {name, targets, pageSize, pages, latencyMs} of backups) {
		it(`keeps ${name} exact`, async function () {
			this.timeout(300_000);
			const random = createRandom(name);
			const emulator = await startEmulator({events: pages * pageSize, latencyMs, token});
			const target = (file: string) => path.join(folder(), file);
			const args = ['--format', 'raw', '--page-size', `${pageSize}`, '--state', target('pull.state')];
			for (const file of targets) {
				const {sink, query = ''}: Kind = kinds[file];
				args.push('--to', `${sink}:${target(file)}${query}`);
			}
			let kills = 0;
			let code: number | NodeJS.Signals = 'SIGKILL';
			try {
				for (let starts = 0; code === 'SIGKILL'; starts++) {
					assert(starts < 10 * wanted, `${starts} starts and not done`);
					const requests = emulator.requestCount;
					const {child, ended} = startPull(emulator, args);
					let running = true;
					void ended.then(() => (running = false));
					if (kills < wanted) {
						if (random() < 0.2) await delay(random() * startMs);
						else {
							while (running && emulator.requestCount === requests) await delay(1);
							await delay(random() * longestLifeMs);
						}
						child.kill('SIGKILL');
					}
					const end = await ended;
					({code} = end);
					if (code === 'SIGKILL') kills++;
					else assert.equal(code, 0, end.stderr);
				}
				const records = recordsOf(emulator);
				for (const file of targets) {
					const {sink, option, read, of = text => text}: Kind = kinds[file];
					const texts = read(target(file));
					const difference = compare(texts, emulator);
					const replayedPages = emulator.requestCount - pages;
					results.push({backup: name, target: file, kills, ...difference, replayedPages});
					assert.deepEqual(difference, exact, file);
					// Not only every event: the same bytes in the same order as without a kill.
					const expected = records.map(of);
					if (file === 'events') assert.deepEqual(new Set(texts), new Set(expected));
					else assert.deepEqual(texts, expected);
					await assertVerifies(sink, {[option]: target(file)}, records.length, target('pull.state'));
				}
				assert.deepEqual(leftovers(folder()), []);
			} finally {
				await emulator.close();
			}
		});
	}
});
