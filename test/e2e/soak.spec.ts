import assert from 'node:assert/strict';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {type Fault, startEmulator} from '../support/emulator.ts';
import {temporaryFolder} from '../support/temporary-folder.ts';
import {compare, exact, filesBelow, leftovers, linesOf} from './holdings.ts';
import {killRunning, startPull, token} from './pull.ts';
import {createRandom, seed} from './random.ts';

const pages = 600;
const pageSize = 10;
const maxKills = 12;

/** About one request in twenty goes wrong. */
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

describe(`a soak of kills and faults (RXAUDIT_E2E_SEED=${seed})`, () => {
	const folder = temporaryFolder();

	afterEach(killRunning);

	it('ends exact', async function () {
		this.timeout(300_000);
		const random = createRandom('soak');
		const switches = {hiddenFractions: true, gzip: true, bursts: {longSize: 60, longEvery: 500}};
		const emulator = await startEmulator({events: pages * pageSize, seed, latencyMs: 5, token, faults, switches});
		const target = (name: string) => path.join(folder(), name);
		const args = ['--page-size', `${pageSize}`, '--state', target('pull.state')];
		args.push(
			'--to',
			`ndjson:${target('a')}`,
			'--to',
			`ndjson:${target('a.gz')}`,
			'--to',
			`filesystem:${target('events')}`,
		);
		let kills = 0;
		try {
			for (let done = false; !done;) {
				const requests = emulator.requestCount;
				const {child, ended} = startPull(emulator, args);
				const reached = ended.then(() => true);
				if (kills < maxKills) {
					while (child.exitCode === null && emulator.requestCount === requests) await delay(1);
					await Promise.race([reached, delay(200 + random() * 1300)]);
					child.kill('SIGKILL');
				}
				const {code, stderr} = await ended;
				if (code === 'SIGKILL') kills++;
				else assert.equal(code, 0, stderr);
				done = code === 0;
			}
			const faulty = emulator.requests.filter(({fault}) => fault !== undefined).length;
			console.log(`      ${kills} kills, ${emulator.requestCount} requests, ${faulty} faults in the last 1000`);
			for (const texts of [linesOf(target('a')), linesOf(target('a.gz')), filesBelow(target('events'))]) {
				assert.deepEqual(compare(texts, emulator), exact);
			}
			assert.deepEqual(leftovers(folder()), []);
		} finally {
			await emulator.close();
		}
	});
});
