import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import {join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import {ConfigError} from '../../lib/model/errors.ts';
import type {Json} from '../../lib/model/event.ts';
import {checkAccepts} from '../../lib/sink/accepts.ts';
import type {Batch} from '../../lib/sink/sink.ts';
import {describeSink} from '../../lib/testing/describe-sink.ts';
import {batchOf, sinkContext, sinkError} from '../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import parquet from '../../sinks/parquet.ts';
import {auditEventArbitrary} from '../support/audit-events.ts';
import {query, quoted, type Row} from '../support/duckdb.ts';
import {root} from '../support/tree.ts';

/** A member that a row has, without what is null. */
function said(value: unknown): unknown {
	if (value instanceof Date) return value.toISOString();
	if (Array.isArray(value)) return value.map(said);
	if (typeof value !== 'object' || value === null) return value;
	const members = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
	return Object.fromEntries(members.map(([name, member]) => [name, said(member)]));
}

/** The event that a row was made of. */
function eventOf({other, ...row}: Row): object {
	return {...(said(row) as object), ...(JSON.parse((other as string | null) ?? '{}') as object)};
}

const rowsOf = async (folder: string, rest = ''): Promise<readonly Row[]> => {
	const isThere = fs.existsSync(folder) && fs.readdirSync(folder, {recursive: true}).some(isParquet);
	if (!isThere) return [];
	return query(`from read_parquet(${quoted(join(folder, '**/*.parquet'))}, hive_partitioning = false) ${rest}`);
};
const isParquet = (name: unknown) => String(name).endsWith('.parquet');

/** As JSON in UTF-8 has it. */
const wellFormed = (event: object) =>
	JSON.parse(
		JSON.stringify(event, (_, value: unknown) => (typeof value === 'string' ? Buffer.from(value).toString() : value)),
	) as object;

const textBatch = <Event extends {readonly id: string}>(
	events: readonly Event[],
	timeMs = Date.UTC(2026, 0, 2),
): Batch => batchOf(events.map(event => ({id: event.id, text: JSON.stringify(event), timeMs})));

describeSink(parquet, {
	ordered: false,
	options: folder => ({path: `${folder}/archive/`}),
	read: async folder => (await rowsOf(join(folder, 'archive'))).map(row => JSON.stringify(eventOf(row))),
});

describe('parquet:DIR/', () => {
	const temporary = temporaryFolder();
	let folder: string;
	beforeEach(() => (folder = join(temporary(), "it's [a] *")));

	async function write(some: readonly Batch[], options: object = {}, resume?: Json): Promise<Json> {
		const sink = await parquet({path: `${folder}/`, ...options}).open(sinkContext(resume));
		for (const batch of some) await sink.write(batch);
		const mark = await sink.flush();
		await sink.close();
		return mark;
	}

	const filesOf = () =>
		fs
			.readdirSync(folder, {recursive: true, encoding: 'utf8'})
			.filter(isParquet)
			.map(name => join(folder, name))
			.sort();
	/** Of names that are patterns to DuckDB. */
	const listed = () => `[${filesOf().map(quoted).join(', ')}]`;

	it('is read back without raw, and what is damaged is named', async () => {
		const events = fc
			.sample(auditEventArbitrary, {numRuns: 100, seed: 2})
			.map((event, at) => ({...event, id: `${at}`}));
		await write([textBatch(events)]);
		await write([textBatch([{id: 'last'}])], {mode: 'append'});
		const readAll = async () => {
			const [records, unreadable] = [[] as object[], [] as string[]];
			const onUnreadable = (what: string) => void unreadable.push(what);
			for await (const some of parquet.read!({path: `${folder}/`}, {onUnreadable})) records.push(...(some as object[]));
			return {records: records.map(said), unreadable};
		};
		const {records, unreadable} = await readAll();
		const ids = (all: readonly unknown[]) => all.map(one => (one as {id: string}).id).sort();
		assert.deepEqual(ids(records), [...ids(events), 'last'].sort());
		assert.deepEqual(unreadable, []);
		const byId = new Map(records.map(record => [(record as {id: string}).id, record]));
		for (const event of events) assert.deepEqual(byId.get(event.id), wellFormed({...event, raw: undefined}));
		const [damaged] = filesOf();
		fs.truncateSync(damaged!, 100);
		const left = await readAll();
		assert.equal(left.unreadable.length, 1);
		assert.ok(left.records.length <= events.length);
	});

	it('gives every member back as it was, whatever is in it', async () => {
		const events = fc.sample(auditEventArbitrary, {numRuns: 300, seed: 1});
		await write([textBatch(events)]);
		const rows = await query(`from read_parquet(${listed()}, hive_partitioning = false)`);
		assert.deepEqual(rows.map(eventOf), events.map(wellFormed));
	});

	it('has types: times in UTC of milliseconds, lists and objects that can be filtered by', async () => {
		const event = {id: 'a', time: '2026-03-29T01:30:00.123Z', source: 's', tenant: 't'};
		const whole = {
			...event,
			actor: {name: 'Zoë', onBehalfOf: {email: 'b@acme.example'}},
			origin: {ip: '10.0.0.1', ips: ['10.0.0.1', '10.0.0.2']},
			targets: [
				{type: 'user', id: 'u1'},
				{type: 'group', name: 'admins'},
			],
			raw: '{"n":12345678901234567890.10,"a":1,"a":2}',
		};
		await write([textBatch([whole, {...event, id: 'b', time: '1969-12-31T23:59:59.999Z'}])]);
		const [types] = await query(
			`select typeof(time) as time, typeof(actor.onBehalfOf.email) as email, typeof(origin.ips) as ips, typeof(raw) as raw
			from read_parquet(${listed()})`,
		);
		assert.deepEqual(types, {time: 'TIMESTAMP WITH TIME ZONE', email: 'VARCHAR', ips: 'VARCHAR[]', raw: 'VARCHAR'});
		const found = await query(
			`select id, raw, epoch_ms(time)::double as ms from read_parquet(${listed()})
			where list_contains(list_transform(targets, lambda t: t.name), 'admins') and origin.ips[2] = '10.0.0.2'
			and time >= '2026-03-29 01:30:00.123+00'`,
		);
		assert.deepEqual(found, [{id: 'a', raw: whole.raw, ms: Date.UTC(2026, 2, 29, 1, 30, 0, 123)}]);
		const [earliest] = await query(`select min(time) as first from read_parquet(${listed()})`);
		assert.deepEqual(earliest, {first: new Date(-1)});
	});

	it('keeps as JSON in other what has no column, and what its column would cut', async () => {
		const events = [
			{id: 'a', own: {n: 9007199254740993n.toString(), list: [1, null]}, actor: {id: 'u', shoe: 43}},
			{id: 'b', time: '2026-01-02T03:04:05.123456Z', message: 7, targets: [{type: 'user'}, 'no object']},
			{id: 'c', time: '2026-13-02T03:04:05Z', actor: 'who', origin: {ips: '10.0.0.1'}},
			{id: 'd', time: '2026-01-02T03:04:05+02:00'},
		];
		const own = '{"id":"e","__proto__":{"x":1},"constructor":2}';
		await write([textBatch(events), batchOf([{id: 'e', text: own}])]);
		const rows = await query(
			`select id, time, actor.id as actor, len(targets) as targets, other from read_parquet(${listed()})`,
		);
		const parsed = rows.map(row => ({...row, other: JSON.parse((row['other'] as string | null) ?? 'null') as unknown}));
		const {own: ownMember} = events[0]!;
		const nothing = {time: null, actor: null, targets: null};
		assert.deepEqual(parsed.slice(0, 4), [
			{...nothing, id: 'a', actor: 'u', other: {own: ownMember, actor: {shoe: 43}}},
			{...nothing, id: 'b', targets: 2n, other: {time: events[1]!.time, message: 7, targets: events[1]!.targets}},
			{...nothing, id: 'c', other: {time: events[2]!.time, actor: 'who', origin: {ips: '10.0.0.1'}}},
			{...nothing, id: 'd', time: new Date('2026-01-02T01:04:05Z'), other: null},
		]);
		assert.equal(rows[4]!['other'], '{"__proto__":{"x":1},"constructor":2}');
	});

	it('puts late events into their own day, in files that are never written again', async () => {
		const dayMs = 24 * 60 * 60 * 1000;
		const mark = await write([textBatch([{id: 'new'}])]);
		const before = new Map(filesOf().map(file => [file, fs.readFileSync(file)]));
		await write([textBatch([{id: 'late'}], Date.UTC(2026, 0, 2) - dayMs), textBatch([{id: 'newer'}])], {}, mark);
		const names = filesOf().map(file => relative(folder, file).replace(/-[0-9a-f]{8}\./, '-RUN.'));
		assert.deepEqual(names, [
			'some-source/some-tenant/dt=2026-01-01/000000000001-RUN.parquet',
			'some-source/some-tenant/dt=2026-01-02/000000000000-RUN.parquet',
			'some-source/some-tenant/dt=2026-01-02/000000000001-RUN.parquet',
		]);
		for (const [file, content] of before) assert.deepEqual(fs.readFileSync(file), content);
		const {damage, sources} = await parquet.verify!({path: `${folder}/`});
		assert.deepEqual(damage, []);
		assert.equal(sources['some-source:some-tenant']!.events, 3);
		fs.appendFileSync(filesOf()[1]!, 'x');
		const [changed] = (await parquet.verify!({path: `${folder}/`})).damage;
		assert.equal(changed!.kind, 'changed');
	});

	it('begins row groups by size, also within a line that is larger than one', async () => {
		const long = 'x'.repeat(1024 * 1024);
		const events = Array.from({length: 20}, (_, index) => ({id: `${index}`, message: long + index}));
		const huge = {id: 'huge', message: long.repeat(9)};
		await write([textBatch(events.slice(0, 10)), textBatch([huge]), textBatch(events.slice(10))]);
		const groups = await query(
			`select row_group_num_rows as rows from parquet_metadata(${listed()}) where path_in_schema = 'id' order by row_group_id`,
		);
		assert.deepEqual(
			groups.map(({rows}) => rows),
			[3n, 4n, 3n, 1n, 4n, 4n, 2n],
		);
		const rows = await query(`select id, message from read_parquet(${listed()})`);
		const expected = [...events.slice(0, 10), huge, ...events.slice(10)];
		assert.ok(rows.every(({id, message}, at) => id === expected[at]!.id && message === expected[at]!.message));
		assert.equal(rows.length, expected.length);
	});

	it('compresses by gzip, as it is told, or by zstd where Node can', async () => {
		const {zstdCompressSync} = zlib as {readonly zstdCompressSync?: unknown};
		const codecs = {gzip: 'GZIP', none: 'UNCOMPRESSED', ...(zstdCompressSync ? {zstd: 'ZSTD'} : {})};
		for (const [compression, codec] of Object.entries(codecs)) {
			folder = join(temporary(), compression);
			await write([textBatch([{id: 'a'}])], compression === 'gzip' ? {} : {compression});
			const used = await query(`select distinct compression from parquet_metadata(${listed()})`);
			assert.deepEqual(used, [{compression: codec}]);
			assert.deepEqual((await rowsOf(folder)).map(eventOf), [{id: 'a'}]);
		}
		if (!zstdCompressSync) assert.throws(() => parquet({path: `${folder}/`, compression: 'zstd'}), /zstd needs Node/);
	});

	it('refuses what is no folder, and records that have no columns in common', () => {
		assert.throws(
			() => parquet({path: 'events.parquet'}),
			/^ConfigError: parquet: events\.parquet: expected a folder.*write parquet:events\.parquet\//,
		);
		assert.throws(() => parquet({path: '~/x/'}), ConfigError);
		const sink = parquet({path: `${folder}/`});
		checkAccepts(sink, 'jira-cloud', 'audit');
		checkAccepts(sink, 'jira-cloud', 'selected');
		for (const format of ['raw', 'ecs', 'ocsf'] as const) {
			assert.throws(
				() => checkAccepts(sink, 'jira-cloud', format),
				/got .* records of jira-cloud; give --format audit/,
			);
		}
	});

	it('says what to install where the writer is missing, and makes nothing', () => {
		const missing = "Object.assign(new Error('no such package'), {code: 'ERR_MODULE_NOT_FOUND'})";
		const hooks = `export async function resolve(name, context, next) {
			if (name === 'hyparquet-writer') throw ${missing};
			return next(name, context);
		}`;
		const dataUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
		const hide = `import {register} from 'node:module'; register(${JSON.stringify(dataUrl(hooks))});`;
		const open = `import parquet from './sinks/parquet.ts';
			await parquet({path: ${JSON.stringify(`${folder}/`)}}).open({}).catch(error => console.log(error.name + ' ' + error.message));`;
		const args = ['--import', 'tsx', '--import', dataUrl(hide), '--input-type=module', '--eval', open];
		const said = execFileSync(process.execPath, args, {cwd: fileURLToPath(root), encoding: 'utf8'});
		assert.match(
			said,
			/^ConfigError parquet: expected the writer of Parquet, .*: npm install hyparquet-writer, with --global where rxaudit is global\n$/,
		);
		assert.equal(fs.existsSync(folder), false);
	});

	it('refuses a folder that holds events which no state knows', async () => {
		await write([textBatch([{id: 'a'}])]);
		await assert.rejects(write([textBatch([{id: 'a'}])]), sinkError('TARGET_REFUSED', /\?mode=append/));
	});
});
