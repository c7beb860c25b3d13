import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';
import {type Emulator, type Fault, startEmulator} from '../support/emulator.ts';
import type {SinkFactory} from '../../lib/sink/define-sink.ts';
import type {ManifestEntry} from '../../lib/sink/manifest.ts';
import {awsEnvironment, awsSecrets} from '../support/aws-environment.ts';
import {bucketKinds, type BucketServer, isProbe} from '../support/buckets.ts';
import {type GcsServerOptions, startGcsServer} from '../support/gcs-server.ts';
import {type S3ServerOptions, startS3Server} from '../support/s3-server.ts';
import type {StoreFault, StoreFaults} from '../support/store-server.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {compare, exact, leftovers} from './holdings.ts';
import {killAgainAndAgain} from './killing.ts';
import {killRunning, pull, startPull, token} from './pull.ts';
import {createRandom, seed} from './random.ts';

const wanted = Number(process.env['RXAUDIT_E2E_KILLS'] ?? 3);

interface Backup {
	readonly sink: 'gcs' | 's3';
	readonly name: string;
	readonly query: string;
	readonly server: GcsServerOptions & S3ServerOptions;
}

const inParts = 'roll-events=600&compression=none&layout={source}&chunk-bytes=262144';
const byHour = 'roll-events=300&layout={date}/{hour}';
const retentionMs = 3_600_000;

const backups: readonly Backup[] = [
	{sink: 'gcs', name: 'objects sent in chunks', query: inParts, server: {}},
	{sink: 'gcs', name: 'objects under a retention policy', query: byHour, server: {retentionMs}},
	{sink: 's3', name: 'objects sent in parts', query: inParts, server: {minPartBytes: 262_144}},
	{sink: 's3', name: 'objects with versions', query: byHour, server: {versioning: true, retentionMs}},
];

const faults: readonly Fault[] = [
	{kind: 'status', status: 503, headers: {'retry-after': '0'}, probability: 0.02},
	{kind: 'reset', where: 'body', probability: 0.01},
];

/** Each process asks for pages of another size: what comes again makes other objects. */
const pageSizes = [12, 15, 18] as const;

describe(`buckets, kill -9 at random instants and requests, under faults (RXAUDIT_E2E_SEED=${seed})`, () => {
	const folder = temporaryFolder();
	awsEnvironment();
	const rows: object[] = [];
	let emulator: Emulator;
	let server: BucketServer;

	after(() => console.table(rows));
	afterEach(async () => {
		killRunning();
		await emulator.close();
		await server.close();
	});

	async function start(sink: Backup['sink'], options: Backup['server'], events = 4500): Promise<void> {
		emulator = await startEmulator({events, latencyMs: 8, token, faults});
		server = await (sink === 'gcs' ? startGcsServer(options) : startS3Server(options));
	}

	const args = (sink: Backup['sink'], query: string, pageSize = 15) => [
		'--format=raw',
		`--page-size=${pageSize}`,
		`--state=${path.join(folder(), 'pull.state')}`,
		'--to',
		`${sink}:evidence/archive?${query}&${sink === 'gcs' ? 'api-endpoint' : 'endpoint'}=${server.url}` +
			`&spool-dir=${path.join(folder(), 'spools')}&retry-base-ms=1&retry-max-ms=20&timeout-ms=2000`,
	];

	for (const {sink, name, query, server: options} of backups) {
		it(`keeps ${name} exact, ${sink}`, async function () {
			this.timeout(300_000);
			const random = createRandom(name);
			const mishaps = randomFaults(sink, random);
			/** How many requests the process has to live, and what becomes of the last one. */
			let last: {left: number; readonly fault: StoreFault; kill(): void} | undefined;
			await start(sink, {
				...options,
				faults(operation, index) {
					if (last === undefined || last.left-- > 0) return mishaps(operation, index);
					last.kill();
					return last.fault;
				},
			});
			const kills = await killAgainAndAgain({
				start(life) {
					last = undefined;
					return startPull(emulator, args(sink, query, pageSizes[life % 3]));
				},
				kills: wanted,
				seen: () => emulator.requestCount,
				lifeMs: 800,
				random,
				takeOver({child}, done) {
					if (done % 2 === 1) return false;
					const fault = random() < 0.5 ? 'cut' : 'lost-reply';
					last = {left: Math.floor(random() * 20), fault, kill: () => void child.kill('SIGKILL')};
					return true;
				},
			});
			server.setFaults(undefined);
			const {entries, texts, unlisted} = await readBack(sink, server.url);
			const difference = compare(texts, emulator);
			const superseded = entries.flatMap(entry => entry.superseded ?? []);
			rows.push({sink, backup: name, kills, entries: entries.length, ...difference, superseded: superseded.length});
			assert.deepEqual(difference, exact);
			assert.deepEqual(unlisted, []);
			const isLocked = options.retentionMs !== undefined && options.versioning !== true;
			const kept = superseded.filter(each => server.bucket.has(`archive/${each}`));
			if (!isLocked) assert.deepEqual(kept, []);
			const {endpoint, sink: create} = bucketKinds[sink];
			const place = {bucket: 'evidence/archive', [endpoint]: server.url};
			const {damage, uncommitted, chain} = await (create as unknown as SinkFactory).verify!(place);
			assert.deepEqual({damage, uncommitted}, {damage: [], uncommitted: []});
			assert.equal(chain.entries, entries.length);
			assert.deepEqual(fs.readdirSync(path.join(folder(), 'spools')), []);
			assert.deepEqual(leftovers(folder()), []);
			if (!('uploads' in server)) return;
			const again = await pull(emulator, args(sink, query));
			assert.equal(again.code, 0, again.stderr);
			assert.deepEqual((server.uploads as {list(): unknown[]}).list(), [], 'parts were left behind');
		});
	}

	for (const [sink, {refusal, wayOut, scheme, permissions}] of Object.entries(bucketKinds)) {
		it(`tells refused credentials (4), a wrong target (2) and a changed one (5) apart, ${sink}`, async function () {
			this.timeout(60_000);
			await start(sink as Backup['sink'], {}, 60);
			const exits = async (expected: number, said: RegExp, to = 'evidence') => {
				const given = args(sink as Backup['sink'], 'compression=gzip');
				const {code, stderr} = await pull(
					emulator,
					given.map(arg => arg.replace(/evidence|pull(?=\.state)/, to)),
				);
				assert.equal(code, expected, stderr);
				assert.match(stderr, said);
				assert.doesNotMatch(stderr, /\n\s+at /);
				for (const secret of awsSecrets) assert.ok(!stderr.includes(secret));
			};
			server.setFaults(() => refusal.fault);
			await exits(4, refusal.wayOut);
			server.setFaults(operation => {
				return operation === 'put' ? {status: 403, code: 'AccessDenied', message: 'no access'} : undefined;
			});
			await exits(4, new RegExp(`needs .*${permissions.write}`));
			server.setFaults(undefined);
			await exits(2, new RegExp(`there is no bucket ${scheme}://another: .*${wayOut.noBucket.source}`), 'another');
			await exits(0, /./);
			const entry = server.bucket.list().find(({name}) => name.endsWith('000000000000.entry'))!;
			server.bucket.remove(entry.name);
			await exits(5, /000000000000\.entry is missing/);
		});
	}

	it('says what to install when the client of AWS is missing (2)', async () => {
		await start('s3', {}, 10);
		const module = (code: string) => `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
		const hook = module(
			"export const resolve = (name, context, next) => next(name === '@aws-sdk/client-s3' ? 'none' : name, context)",
		);
		const env = {NODE_OPTIONS: `--import ${module(`import {register} from 'node:module'; register('${hook}')`)}`};
		const {code, stderr} = await startPull(emulator, args('s3', 'compression=gzip'), {env}).ended;
		assert.equal(code, 2, stderr);
		assert.match(stderr, /npm install @aws-sdk\/client-s3/);
		assert.equal(emulator.requestCount, 0);
	});
});

/** One request in ten goes wrong somehow. */
function randomFaults(sink: Backup['sink'], random: () => number): StoreFaults {
	const everywhere: readonly StoreFault[] = ['cut', 'lost-reply', {status: 503}, {status: 429, retryAfter: '0'}];
	return operation => {
		if (random() > 0.1) return undefined;
		if (sink === 's3' && operation === 'put' && random() < 0.2) {
			return {status: 409, code: 'ConditionalRequestConflict'};
		}
		const inSession = operation === 'part' || operation === 'complete';
		const possible: readonly StoreFault[] = inSession ? [...everywhere, 'lost-session'] : everywhere;
		return possible[Math.floor(random() * possible.length)];
	};
}

/** How plain requests ask each kind of bucket. */
const plain = {
	gcs: {
		headers: {},
		list: '/storage/v1/b/evidence/o?prefix=archive%2F',
		names: (listed: string) => (JSON.parse(listed) as {items: {name: string}[]}).items.map(({name}) => name),
		object: (name: string) => `/storage/v1/b/evidence/o/${encodeURIComponent(name)}?alt=media`,
	},
	s3: {
		headers: {authorization: 'AWS4-HMAC-SHA256 Credential=of the test'},
		list: '/evidence?list-type=2&prefix=archive%2F',
		names(listed: string) {
			assert.match(listed, /<IsTruncated>false</);
			return [...listed.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, name]) => name!);
		},
		object: (name: string) => `/evidence/${name.split('/').map(encodeURIComponent).join('/')}`,
	},
} as const;

/** All that the bucket holds, by plain requests: what the manifest lists, and what it does not. */
async function readBack(
	sink: Backup['sink'],
	url: string,
): Promise<{entries: ManifestEntry[]; texts: string[]; unlisted: string[]}> {
	const {headers, list, names: namesIn, object} = plain[sink];
	const listed = await (await fetch(url + list, {headers})).text();
	const names = namesIn(listed).filter(name => !isProbe(name));
	const bytesOf = async (name: string) => {
		const answer = await fetch(url + object(name), {headers});
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
