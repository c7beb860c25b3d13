import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';
import {load} from '../../lib/registry.ts';
import {keyOf} from '../../lib/run/open-sinks.ts';
import {run} from '../../lib/run/run.ts';
import {chainIn} from '../../lib/sink/manifest.ts';
import type {Sink} from '../../lib/sink/sink.ts';
import type {Verification} from '../../lib/sink/verification.ts';
import {fileState} from '../../lib/state/file-state.ts';
import {readState} from '../../lib/state/state-files.ts';
import {archiveSink} from '../../sinks/_objects/object-archive.ts';
import {verifyArchive} from '../../sinks/_objects/verify-archive.ts';
import {leftovers} from '../e2e/holdings.ts';
import {linesOf as objectLines} from '../support/archive-runs.ts';
import {abandon, type Copy, type Crash, crashesOf, restore, withoutSync} from '../support/crashes.ts';
import {query, quoted} from '../support/duckdb.ts';
import {failAt, interceptFs} from '../support/intercept-fs.ts';
import {memoryObjects} from '../support/memory-objects.ts';
import {pagedSource, someRecords, textsOf} from '../support/paged-source.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {namesOfFileSinks} from './sink-table.ts';

interface Target {
	readonly sink: Sink;
	/** The events that it holds. */
	readonly held: () => string[] | Promise<string[]>;
	readonly verify: () => Promise<Verification>;
	/** What of it lies outside of the folder. */
	readonly copy?: () => Copy;
	/** Hears of each step that is none of the file system. */
	onStep?: (step: string) => void;
}

interface Case {
	readonly open: (folder: string) => Promise<Target>;
	/** False: an event without an fsync may be lost by a power failure. */
	readonly power?: false;
	/** Of an event what it holds, where that is not its text. */
	readonly member?: 'id';
	readonly ordered?: false;
}

const fileSink = (
	name: string,
	options: (folder: string) => object,
	held: (folder: string) => ReturnType<Target['held']>,
) => {
	return async (folder: string): Promise<Target> => {
		const create = await load('sink', name);
		const given = options(folder);
		return {
			sink: create(given as never),
			held: () => held(folder),
			verify: () => create.verify!(given as never),
		};
	};
};
const linesOf = (file: string) => {
	const bytes = fs.readFileSync(file);
	return (file.endsWith('.gz') && bytes.length > 0 ? gunzipSync(bytes) : bytes).toString().split('\n').slice(0, -1);
};
const filesBelow = (folder: string, ending: string) =>
	fs
		.readdirSync(folder, {recursive: true, encoding: 'utf8'})
		.filter(name => name.endsWith(ending))
		.map(name => path.join(folder, name));

const idsIn = async (parquet: string[]) => {
	if (parquet.length === 0) return [];
	const rows = await query(`select id from read_parquet([${parquet.map(quoted).join(', ')}])`);
	return rows.map(({id}) => id as string);
};

const lines = (name: string): Case => ({
	open: fileSink(
		'ndjson',
		folder => ({path: path.join(folder, name)}),
		folder => linesOf(path.join(folder, name)),
	),
});
const table = (name: string): Case => ({
	open: fileSink(
		'csv',
		folder => ({path: path.join(folder, name), columns: 'id'}),
		folder =>
			linesOf(path.join(folder, name))
				.slice(1)
				.map(cell => cell.replaceAll(/["\r]/g, '')),
	),
	member: 'id',
});
const files = (durability: string): Case => ({
	open: fileSink(
		'filesystem',
		folder => ({dir: path.join(folder, 'events'), durability}),
		folder => filesBelow(path.join(folder, 'events'), '.json').map(name => fs.readFileSync(name, 'utf8')),
	),
	ordered: false,
	...(durability === 'process' ? {power: false} : {}),
});

async function openBucket(folder: string): Promise<Target> {
	const spools = path.join(folder, 'spools');
	const store = memoryObjects(spools, step => target.onStep?.(step));
	const openStore = async () => {
		fs.mkdirSync(spools, {recursive: true});
		return store;
	};
	const sink = {...archiveSink('bucket', 'evidence', {maxAttempts: 1, retryBaseMs: 0}, openStore), name: 'bucket'};
	const target: Target = {
		sink,
		held: () => objectLines(store),
		verify: () => verifyArchive('bucket', store),
		copy() {
			const objects = [...store.objects];
			return {
				print: objects.map(([name, {generation}]) => `${name} ${generation}`).join('\n'),
				restore() {
					store.objects.clear();
					for (const [name, object] of objects) store.objects.set(name, object);
				},
			};
		},
	};
	return target;
}

const cases: Readonly<Record<string, Case>> = {
	'a file': lines('lines.ndjson'),
	'a gzip file': lines('lines.ndjson.gz'),
	'a table': table('rows.csv'),
	'a gzip table': table('rows.csv.gz'),
	'a folder': files('process'),
	'a durable folder': files('power'),
	'a folder of objects': {
		open: fileSink(
			'ndjson',
			folder => ({path: `${path.join(folder, 'archive')}/`}),
			folder => filesBelow(path.join(folder, 'archive'), '.ndjson.gz').flatMap(linesOf),
		),
	},
	'a folder of Parquet': {
		open: async folder => {
			const archive = path.join(folder, 'archive');
			const target = await fileSink(
				'parquet',
				() => ({path: `${archive}/`}),
				async () => idsIn(filesBelow(archive, '.parquet').sort()),
			)(folder);
			const {accepts: _, ...sink} = target.sink; // the records here are raw
			return {...target, sink};
		},
		member: 'id',
	},
	'a bucket of objects': {open: openBucket},
};

const records = someRecords(8);
const isDeep = process.env['RXAUDIT_DEEP'] !== undefined;
/** Of so many disks that a crash may leave, one is where the next run crashes too. */
const oneOf = isDeep ? 20 : 80;
/** Of so many calls, one is made to fail. */
const failOneOf = isDeep ? 1 : 5;

describe('a crash at any call of the file system', function () {
	this.timeout(600_000);
	const temporary = temporaryFolder('memory');

	it('has each sink that writes files among its cases', async () => {
		const opened = await Promise.all(Object.values(cases).map(({open}) => open(temporary())));
		const names = opened.map(({sink}) => sink.name);
		assert.deepEqual(
			namesOfFileSinks.filter(name => !names.includes(name)),
			[],
		);
	});

	for (const [name, {open, power, member, ordered}] of Object.entries(cases)) {
		describe(name, () => {
			let folder: string;
			let stateFile: string;
			let target: Target;
			beforeEach(async () => {
				folder = path.join(temporary(), 'disk');
				fs.mkdirSync(folder);
				stateFile = path.join(folder, 'states', 'state');
				target = await open(folder);
			});

			const once = async () => {
				const source = pagedSource(records, {pageSize: 2});
				const commitSize = {pages: 2, events: 1e6, bytes: 1e6, ageMs: 1e6};
				await run(source, target.sink, {state: fileState(stateFile), commitSize});
			};

			async function assertExact(): Promise<void> {
				const sorted = (texts: string[]) => (ordered === false ? texts.sort() : texts);
				const expected = member === undefined ? textsOf(records) : records.map(record => record[member]);
				assert.deepEqual(sorted(await target.held()), sorted(expected));
				assert.deepEqual(leftovers(folder), []);
				const {damage, uncommitted, chain, sources} = await target.verify();
				assert.deepEqual([damage, uncommitted], [[], []]);
				assert.equal(sources['some-source:some-tenant']?.events, records.length);
				const {sinks} = readState(stateFile, false).stored!.checkpoint;
				assert.deepEqual(chainIn(sinks[keyOf(target.sink)]), chain);
			}

			/** The same run comes again; what a crash of it would leave. */
			async function crashesOnce(): Promise<Crash[]> {
				const crashes = await crashesOf(
					folder,
					async note => {
						target.onStep = note;
						await once().finally(() => delete target.onStep);
					},
					target.copy,
				);
				return crashes.filter(({kept}) => kept === 'all' || power !== false);
			}

			async function goOn(crash: Crash, before = ''): Promise<void> {
				restore(folder, crash);
				try {
					await withoutSync(once);
					await assertExact();
				} catch (error) {
					throw new Error(`${before}behind a crash at ${crash.step}, ${crash.kept} kept`, {cause: error});
				}
			}

			it('loses nothing and doubles nothing when the same run comes again, and when that crashes too', async () => {
				const crashes = await crashesOnce();
				assert.ok(crashes.length > 40, `${crashes.length}`);
				for (const crash of crashes) await goOn(crash);
				for (let at = oneOf >> 1; at < crashes.length; at += oneOf) {
					restore(folder, crashes[at]!);
					for (const second of await crashesOnce()) await goOn(second, `${crashes[at]!.step}, then `);
				}
			});

			it('is exact in the next run when a call fails, whichever it is', async () => {
				for (let at = 1, reached = true; reached; at += failOneOf) {
					reached = false;
					target = await open(folder);
					const fail = failAt(at, 'EIO', () => (reached = true));
					try {
						await withoutSync(() => interceptFs(fail, once));
					} catch (error) {
						assert.match(inspect(error), /injected fault/);
					}
					abandon(folder);
					await withoutSync(once);
					await assertExact();
					fs.rmSync(folder, {recursive: true});
					fs.mkdirSync(folder);
				}
			});
		});
	}
});

function inspect(error: unknown): string {
	return error instanceof Error ? `${error.message} ${inspect(error.cause)}` : '';
}
