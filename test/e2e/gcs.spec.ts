import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {gunzipSync} from 'node:zlib';
import {type Emulator, type Fault, startEmulator} from '../../lib/emulator/index.ts';
import type {ManifestEntry} from '../../lib/sink/manifest.ts';
import gcs from '../../sinks/gcs.ts';
import {
	type GcsFault,
	type GcsFaults,
	type GcsServer,
	type GcsServerOptions,
	startGcsServer,
} from '../support/gcs-server.ts';
import {temporaryFolder} from '../support/temporary-folder.ts';
import {compare, exact, leftovers} from './holdings.ts';
import {killRunning, pull, startPull, token} from './pull.ts';
import {createRandom, seed} from './random.ts';

/** The longest time between the first request of a process and its end, in milliseconds. */
const longestLifeMs = 800;

interface Backup {
	readonly name: string;
	readonly query: string;
	readonly server: GcsServerOptions;
	readonly kills: number;
}

const backups: readonly Backup[] = [
	{name: 'objects sent in one request each', query: 'roll-events=150', server: {}, kills: 17},
	{
		name: 'objects sent in chunks',
		query: 'roll-events=600&compression=none&layout={source}&chunk-bytes=262144',
		server: {},
		kills: 17,
	},
	{
		name: 'objects under a retention policy',
		query: 'roll-events=300&layout={date}/{hour}',
		server: {retentionMs: 3_600_000},
		kills: 17,
	},
];

const faults: readonly Fault[] = [
	{kind: 'status', status: 503, headers: {'retry-after': '0'}, probability: 0.02},
	{kind: 'reset', where: 'body', probability: 0.01},
];

/** Each process asks for pages of another size: what comes again makes other objects. */
const pageSizes = [12, 15, 18] as const;

describe(`gcs, kill -9 at random instants and requests, under faults (RXAUDIT_E2E_SEED=${seed})`, () => {
	const folder = temporaryFolder();
	const rows: object[] = [];
	let emulator: Emulator;
	let server: GcsServer;

	after(() => console.table(rows));
	afterEach(async () => {
		killRunning();
		await emulator.close();
		await server.close();
	});

	async function start(options: GcsServerOptions, events = 4500): Promise<void> {
		emulator = await startEmulator({events, latencyMs: 8, token, faults});
		server = await startGcsServer(options);
	}

	const args = (query: string, pageSize = 15) => [
		'--format=raw',
		`--page-size=${pageSize}`,
		`--state=${path.join(folder(), 'pull.state')}`,
		'--to',
		`gcs:evidence/archive?${query}&api-endpoint=${server.url}&spool-dir=${path.join(folder(), 'spools')}` +
			'&retry-base-ms=1&retry-max-ms=20&timeout-ms=2000',
	];

	for (const {name, query, server: options, kills: wanted} of backups) {
		it(`keeps ${name} exact`, async function () {
			this.timeout(300_000);
			const random = createRandom(name);
			const mishaps = randomFaults(random);
			/** How many requests the process has to live, and what becomes of the last one. */
			let last: {left: number; readonly fault: GcsFault; kill(): void} | undefined;
			await start({
				...options,
				faults(operation, index) {
					if (last === undefined || last.left-- > 0) return mishaps(operation, index);
					last.kill();
					return last.fault;
				},
			});
			let kills = 0;
			let code: number | NodeJS.Signals = 'SIGKILL';
			for (let starts = 0; code === 'SIGKILL'; starts++) {
				assert(starts < 10 * wanted, `${starts} starts and not done`);
				const {requestCount} = emulator;
				const {child, ended} = startPull(emulator, args(query, pageSizes[starts % 3]));
				let running = true;
				void ended.then(() => (running = false));
				last = undefined;
				if (kills < wanted && kills % 2 === 0) {
					const fault = random() < 0.5 ? 'cut' : 'lost-reply';
					last = {left: Math.floor(random() * 20), fault, kill: () => void child.kill('SIGKILL')};
				} else if (kills < wanted) {
					while (running && emulator.requestCount === requestCount) await delay(1);
					await delay(random() * longestLifeMs);
					child.kill('SIGKILL');
				}
				const end = await ended;
				({code} = end);
				if (code === 'SIGKILL') kills++;
				else assert.equal(code, 0, end.stderr);
			}
			server.setFaults(undefined);
			const {entries, texts, unlisted} = await readBack(server.url);
			const difference = compare(texts, emulator);
			const superseded = entries.flatMap(entry => entry.superseded ?? []);
			rows.push({backup: name, kills, entries: entries.length, ...difference, superseded: superseded.length});
			assert.deepEqual(difference, exact);
			assert.deepEqual(unlisted, []);
			if (options.retentionMs === undefined) assert.deepEqual(superseded, []);
			const {damage, uncommitted, chain} = await gcs.verify!({bucket: 'evidence/archive', apiEndpoint: server.url});
			assert.deepEqual({damage, uncommitted}, {damage: [], uncommitted: []});
			assert.equal(chain.entries, entries.length);
			assert.deepEqual(fs.readdirSync(path.join(folder(), 'spools')), []);
			assert.deepEqual(leftovers(folder()), []);
		});
	}

	it('tells refused credentials (4), a wrong target (2) and a changed one (5) apart', async function () {
		this.timeout(60_000);
		await start({}, 60);
		const exits = async (expected: number, said: RegExp, to = 'evidence') => {
			const adapted = args('compression=gzip').map(arg => arg.replace(/evidence|pull(?=\.state)/, to));
			const {code, stderr} = await pull(emulator, adapted);
			assert.equal(code, expected, stderr);
			assert.match(stderr, said);
			assert.doesNotMatch(stderr, /\n\s+at /);
		};
		server.setFaults(() => ({status: 401, reason: 'authError', message: 'Invalid Credentials'}));
		await exits(4, /Google refused the credentials.*gcloud auth application-default login/);
		server.setFaults(operation => {
			return operation === 'upload' ? {status: 403, reason: 'forbidden', message: 'no access'} : undefined;
		});
		await exits(4, /needs storage\.objects\.create/);
		server.setFaults(undefined);
		await exits(2, /there is no bucket gs:\/\/another/, 'another');
		await exits(0, /./);
		const entry = server.bucket.list().find(({name}) => name.endsWith('000000000000.entry'))!;
		server.bucket.remove(entry.name, {});
		await exits(5, /000000000000\.entry is missing/);
	});
});

/** One request in ten goes wrong somehow. */
function randomFaults(random: () => number): GcsFaults {
	const faults: readonly GcsFault[] = ['cut', 'lost-reply', {status: 503}, {status: 429, retryAfter: '0'}];
	return operation => {
		if (random() > 0.1) return undefined;
		const inSession = operation === 'chunk' || operation === 'finish';
		const possible: readonly GcsFault[] = inSession ? [...faults, 'lost-session'] : faults;
		return possible[Math.floor(random() * possible.length)];
	};
}

/** All that the bucket holds, by plain requests: what the manifest lists, and what it does not. */
async function readBack(url: string): Promise<{entries: ManifestEntry[]; texts: string[]; unlisted: string[]}> {
	const listed = await fetch(`${url}/storage/v1/b/evidence/o?prefix=archive%2F`);
	const names = ((await listed.json()) as {items: {name: string}[]}).items.map(({name}) => name);
	const bytesOf = async (name: string) => {
		const answer = await fetch(`${url}/storage/v1/b/evidence/o/${encodeURIComponent(name)}?alt=media`);
		assert.equal(answer.status, 200, name);
		return Buffer.from(await answer.arrayBuffer());
	};
	const entryNames = names.filter(name => name.endsWith('.entry'));
	const lines = await Promise.all(entryNames.map(async name => (await bytesOf(name)).toString()));
	const entries = lines.map(line => (JSON.parse(line) as {entry: ManifestEntry}).entry);
	const texts: string[] = [];
	for (const {path: file} of entries.flatMap(({files}) => files ?? [])) {
		const bytes = await bytesOf(`archive/${file}`);
		const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
		for (const line of text.split('\n').slice(0, -1)) texts.push(line);
	}
	const known = new Set(
		entries.flatMap(({files, superseded}) => [...(files ?? []).map(file => file.path), ...(superseded ?? [])]),
	);
	const unlisted = names.filter(name => !entryNames.includes(name) && !known.has(name.slice('archive/'.length)));
	return {entries, texts, unlisted};
}
