import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {type Emulator, type Fault, startEmulator} from '../support/emulator.ts';
import ndjson from '../../sinks/ndjson.ts';
import {temporaryFolder} from '../support/temporary-folder.ts';
import {compare, type Difference, exact, leftovers, linesOf} from './holdings.ts';
import {killRunning, type pull, startPull, token} from './pull.ts';
import {createRandom, seed} from './random.ts';

const state = 'pull.state';
/** About one request in twenty goes wrong; a refused cursor makes other pages of what comes again. */
const faults: readonly Fault[] = [
	{kind: 'status', status: 503, headers: {'retry-after': '0'}, probability: 0.02},
	{kind: 'reset', where: 'body', probability: 0.01},
	{kind: 'truncate', probability: 0.01},
	{kind: 'refuse-cursor', probability: 0.01},
];

const objects = (folder: string) =>
	fs
		.readdirSync(folder, {recursive: true, encoding: 'utf8'})
		.filter(name => /\.ndjson(\.gz)?$/.test(name))
		.sort();

const entriesIn = (archive: string) =>
	fs
		.readdirSync(path.join(archive, 'rxaudit.manifest'), {recursive: true, encoding: 'utf8'})
		.filter(name => name.endsWith('.entry'))
		.sort();

/** What the archive holds beside what the emulator does, when its manifest is right and nothing else is there. */
async function differenceOf(archive: string, emulator: Emulator): Promise<Difference> {
	const {damage, uncommitted} = await ndjson.verify!({path: `${archive}/`});
	assert.deepEqual({damage, uncommitted}, {damage: [], uncommitted: []});
	const listed = entriesIn(archive).flatMap(name => {
		const text = fs.readFileSync(path.join(archive, 'rxaudit.manifest', name), 'utf8');
		const {entry} = JSON.parse(text) as {entry: {files: {path: string}[]}};
		return entry.files.map(file => file.path);
	});
	assert.deepEqual(objects(archive), listed.sort(), 'no object that is not listed');
	return compare(
		objects(archive).flatMap(name => linesOf(path.join(archive, name))),
		emulator,
	);
}

describe(`kill -9 of an archive of objects (RXAUDIT_E2E_SEED=${seed})`, () => {
	const folder = temporaryFolder();
	const target = (name: string) => path.join(folder(), name);

	afterEach(killRunning);

	it('loses nothing and doubles nothing at random instants, while the API fails too', async function () {
		this.timeout(300_000);
		const wanted = Number(process.env['RXAUDIT_E2E_KILLS'] ?? 25);
		const random = createRandom('objects');
		const emulator = await startEmulator({events: 9000, seed, latencyMs: 4, token, faults});
		const args = ['--page-size', '5', '--state', target(state)];
		args.push('--to', `ndjson:${target('archive')}/?roll-events=60&layout={date}`);
		let kills = 0;
		let ended: Awaited<ReturnType<typeof pull>> | undefined;
		try {
			while (ended?.code !== 0) {
				const requests = emulator.requestCount;
				const running = startPull(emulator, args);
				let isRunning = true;
				void running.ended.then(() => (isRunning = false));
				if (kills < wanted) {
					while (isRunning && emulator.requestCount === requests) await delay(1);
					await delay(random() * 400);
					running.child.kill('SIGKILL');
				}
				ended = await running.ended;
				if (ended.code === 'SIGKILL') kills++;
				// two refused cursors in a row end a run, and its message promises that the next one goes on
				else if (!/run again later to go on/.test(ended.stderr)) assert.equal(ended.code, 0, ended.stderr);
			}
			const difference = await differenceOf(target('archive'), emulator);
			const entries = entriesIn(target('archive')).length;
			console.table([{kills, ...difference, entries, requests: emulator.requestCount}]);
			assert.deepEqual(difference, exact);
			assert.equal(kills, wanted);
			assert.deepEqual(leftovers(folder()), []);
		} finally {
			await emulator.close();
		}
	});
});
