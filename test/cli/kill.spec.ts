import assert from 'node:assert/strict';
import path from 'node:path';
import Papa from 'papaparse';
import {assertVerifies, compare, exact, filesBelow, leftovers, linesOf, recordsOf} from '../e2e/holdings.ts';
import {killAgainAndAgain} from '../e2e/killing.ts';
import {killRunning, startPull, token} from '../e2e/pull.ts';
import {createRandom, seed} from '../e2e/random.ts';
import {query, quoted} from '../support/duckdb.ts';
import {type EmulatorOptions, type Fault, startEmulator} from '../support/emulator.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

interface Kind {
	readonly sink: string;
	/** The option that names the target. */
	readonly option: string;
	readonly query?: string;
	/** What the target holds of each event. */
	read(file: string): string[] | Promise<string[]>;
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
		const [header, ...ids] = Papa.parse<[string]>(text, {skipEmptyLines: true, delimiter: ','}).data;
		assert.deepEqual(header, ['id']);
		return ids.map(([id]) => onlyId(id));
	},
	of: record => onlyId((JSON.parse(record) as {id: string}).id),
};
const kinds = {
	'lines.ndjson': lines,
	'lines.ndjson.gz': lines,
	'rows.csv': rows,
	'rows.csv.gz': rows,
	events: {sink: 'filesystem', option: 'dir', read: filesBelow},
	'objects/': {
		...lines,
		query: '?roll-events=60&layout={date}',
		read: folder => filesBelow(folder, '.ndjson.gz', linesOf),
	},
	'parquet/': {
		sink: 'parquet',
		option: 'path',
		query: '?roll-events=60&layout={year}',
		async read(folder) {
			const rows = await query(
				`SELECT raw FROM read_parquet(${quoted(`${folder}**/*.parquet`)}) ORDER BY filename, file_row_number`,
			);
			return rows.map(({raw}) => raw as string);
		},
	},
} satisfies Record<string, Kind>;

/** About one request in twenty goes wrong; a refused cursor makes other pages of what comes again. */
const faults: readonly Fault[] = [
	{kind: 'status', status: 500, probability: 0.01},
	{kind: 'status', status: 503, headers: {'retry-after': '0'}, probability: 0.01},
	{kind: 'status', status: 429, headers: {'retry-after': '0'}, probability: 0.005},
	{kind: 'reset', probability: 0.005},
	{kind: 'reset', where: 'body', probability: 0.005},
	{kind: 'truncate', probability: 0.005},
	{kind: 'html', page: 'maintenance', probability: 0.005},
	{kind: 'gzip-cut', probability: 0.005},
	{kind: 'refuse-cursor', probability: 0.005},
];

interface Backup {
	readonly targets: readonly (keyof typeof kinds)[];
	readonly pageSize: number;
	readonly pages: number;
	readonly api?: EmulatorOptions;
	/** Default: raw. */
	readonly format?: 'audit';
}

const switches = {hiddenFractions: true, gzip: true, bursts: {longSize: 60, longEvery: 500}};
// A commit comes every 64 pages, of gzip every 4 MiB of lines.
const backups: Readonly<Record<string, Backup>> = {
	'files and a folder': {targets: ['lines.ndjson', 'rows.csv', 'events'], pageSize: 5, pages: 400},
	'compressed files': {targets: ['lines.ndjson.gz', 'rows.csv.gz'], pageSize: 100, pages: 240},
	'a folder of Parquet': {targets: ['parquet/'], pageSize: 5, pages: 400, format: 'audit'},
	'objects, while the API fails too': {targets: ['objects/'], pageSize: 5, pages: 600, api: {faults, seed}},
	'files, while the API fails too': {
		targets: ['lines.ndjson', 'events'],
		pageSize: 10,
		pages: 400,
		api: {faults, seed, switches},
	},
};

const isDeep = process.env['RXAUDIT_DEEP'] !== undefined;
const wanted = Number(process.env['RXAUDIT_E2E_KILLS'] ?? (isDeep ? 4 : 2));

describe(`kill -9 at random instants (RXAUDIT_E2E_SEED=${seed})`, () => {
	const folder = temporaryFolder();
	const results: object[] = [];

	after(() => console.table(results));
	afterEach(killRunning);

	for (const [name, {targets, pageSize, pages, api, format = 'raw'}] of Object.entries(backups)) {
		if (api && !isDeep) continue;
		it(`keeps ${name} exact`, async () => {
			const emulator = await startEmulator({events: pages * pageSize, latencyMs: 5, token, ...api});
			const target = (file: string) => path.join(folder(), file) + (file.endsWith('/') ? '/' : '');
			const args = ['--format', format, '--page-size', `${pageSize}`, '--state', target('pull.state')];
			for (const file of targets) {
				const {sink, query = ''}: Kind = kinds[file];
				args.push('--to', `${sink}:${target(file)}${query}`);
			}
			try {
				const kills = await killAgainAndAgain({
					start: () => startPull(emulator, args),
					kills: wanted,
					seen: () => emulator.requestCount,
					lifeMs: 700,
					random: createRandom(name),
					// two refused cursors in a row end a run, and its message promises that the next one goes on
					mayFail: /run again later to go on/,
				});
				const records = recordsOf(emulator);
				for (const file of targets) {
					const {sink, option, read, of = text => text}: Kind = kinds[file];
					const texts = await read(target(file));
					const difference = compare(texts, emulator);
					results.push({backup: name, target: file, kills, ...difference, requests: emulator.requestCount});
					assert.deepEqual(difference, exact, file);
					// Not only every event: the same bytes in the same order as without a kill.
					if (!api && file !== 'events') assert.deepEqual(texts, records.map(of));
					await assertVerifies(sink, {[option]: target(file)}, records.length, target('pull.state'));
				}
				assert.deepEqual(leftovers(folder()), []);
			} finally {
				await emulator.close();
			}
		});
	}
});
