import assert from 'node:assert/strict';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {startEmulator} from '../../lib/emulator/index.ts';
import {temporaryFolder} from '../support/temporary-folder.ts';
import {assertVerifies, compare, exact, filesBelow, leftovers, linesOf, recordsOf} from './holdings.ts';
import {startPull, token} from './pull.ts';
import {createRandom, seed} from './random.ts';

/** The longest time between the first request of a process and its end, in milliseconds. */
const longestLifeMs = 700;
const startMs = 600;

interface Backup {
	readonly name: string;
	readonly targets: readonly ('lines.ndjson' | 'lines.ndjson.gz' | 'events')[];
	readonly pageSize: number;
	readonly pages: number;
	readonly latencyMs: number;
	readonly kills: number;
}

// A commit comes every 64 pages, of gzip alone every 4 MiB of lines.
const backups: readonly Backup[] = [
	{name: 'a file', targets: ['lines.ndjson'], pageSize: 5, pages: 600, latencyMs: 5, kills: 14},
	{name: 'a gzip file', targets: ['lines.ndjson.gz'], pageSize: 100, pages: 240, latencyMs: 10, kills: 12},
	{name: 'a folder', targets: ['events'], pageSize: 5, pages: 600, latencyMs: 5, kills: 14},
	{
		name: 'all three',
		targets: ['lines.ndjson', 'lines.ndjson.gz', 'events'],
		pageSize: 5,
		pages: 600,
		latencyMs: 5,
		kills: 14,
	},
];

describe(`kill -9 at random instants (RXAUDIT_E2E_SEED=${seed})`, () => {
	const folder = temporaryFolder();
	const rows: object[] = [];

	after(() => console.table(rows));

	for (const {name, targets, pageSize, pages, latencyMs, kills: wanted} of backups) {
		it(`keeps ${name} exact`, async function () {
			this.timeout(300_000);
			const random = createRandom(name);
			const emulator = await startEmulator({events: pages * pageSize, latencyMs, token});
			const target = (file: string) => path.join(folder(), file);
			const args = ['--format', 'raw', '--page-size', `${pageSize}`, '--state', target('pull.state')];
			for (const file of targets) args.push('--to', `${file === 'events' ? 'filesystem' : 'ndjson'}:${target(file)}`);
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
					const texts = file === 'events' ? filesBelow(target(file)) : linesOf(target(file));
					const difference = compare(texts, emulator);
					const replayedPages = emulator.requestCount - pages;
					rows.push({backup: name, target: file, kills, ...difference, replayedPages});
					assert.deepEqual(difference, exact, file);
					// Not only every event: the same bytes in the same order as without a kill.
					if (file === 'events') assert.deepEqual(new Set(texts), new Set(records));
					else assert.deepEqual(texts, records);
					const [sink, option] = file === 'events' ? ['filesystem', 'dir'] : ['ndjson', 'path'];
					await assertVerifies(sink!, {[option!]: target(file)}, records.length, target('pull.state'));
				}
				assert.deepEqual(leftovers(folder()), []);
			} finally {
				await emulator.close();
			}
		});
	}
});
