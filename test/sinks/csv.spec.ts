import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import fc from 'fast-check';
import Papa from 'papaparse';
import {checkAccepts} from '../../lib/sink/accepts.ts';
import {ConfigError} from '../../lib/model/errors.ts';
import type {AuditEvent, Json} from '../../lib/model/event.ts';
import type {Batch} from '../../lib/sink/sink.ts';
import csv from '../../sinks/csv.ts';
import {batchOf, sinkContext, sinkError} from '../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

type Options = Partial<Parameters<typeof csv>[0]>;

const delimiters = [',', ';', '|', '\t', 'tab'] as const;
const separatorOf = (delimiter: string) => (delimiter === 'tab' ? '\t' : delimiter);

/** Texts made of what breaks readers and runs in spreadsheets. */
const hostile = fc.oneof(
	fc.string({unit: 'binary'}),
	fc.string({
		unit: fc.constantFrom(...'=+-@"\'\r\n\t,;| \u00a0\u200b\ufeff\0＝＋－＠﹣₊[]{}a1\u2028é😀'),
		maxLength: 8,
	}),
);

function batch(events: readonly unknown[]): Batch {
	const texts = events.map((event, index) => ({id: `record-${index}`, text: JSON.stringify(event)}));
	return {...batchOf(texts), events};
}

function common(more: Partial<AuditEvent> & {[member: string]: unknown} = {}): AuditEvent {
	return {id: '1', time: '2026-01-31T23:59:59.987Z', source: 'some-source', tenant: 'acme', raw: '{}', ...more};
}

/** The table as another program reads it. */
function parse(text: string, delimiter = ','): string[][] {
	assert.ok(text === '' || text.endsWith('\r\n'));
	// the reader is told what ends a row; a stricter one takes any line break outside quotes for an end
	assert.doesNotMatch(text.replace(/"(?:[^"]|"")*"/g, '').replaceAll('\r\n', ''), /[\r\n]/);
	const {data, errors} = Papa.parse<string[]>(text, {delimiter, newline: '\r\n'});
	assert.deepEqual(errors, []);
	return data.slice(0, -1); // behind the last line break
}

describe('csv', () => {
	const folder = temporaryFolder();
	let path: string;
	const textOf = (file: string) => {
		const bytes = fs.readFileSync(file);
		return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(
			file.endsWith('.gz') ? gunzipSync(bytes) : bytes,
		);
	};
	const open = (options: Options = {}, context = sinkContext()) =>
		csv({path, retryBaseMs: 0, durability: 'process', ...options}).open(context);
	/** Writes batches and commits; returns what the state would hold. */
	async function write(batches: readonly Batch[], options: Options = {}, resume?: Json): Promise<Json> {
		const sink = await open(options, sinkContext(resume));
		for (const each of batches) assert.deepEqual(await sink.write(each), []);
		const mark = await sink.flush();
		await sink.close();
		return mark;
	}
	/** The rows that events become, without the header. */
	async function rowsOf(events: readonly unknown[], options: Options = {}): Promise<string[][]> {
		await write([batch(events)], {mode: 'replace', ...options});
		return parse(textOf(path), separatorOf(options.delimiter ?? ',')).slice(1);
	}
	/** The one cell of a member with this value. */
	async function cellOf(value: unknown, options: Options = {}): Promise<string> {
		const [row] = await rowsOf([{value}], {columns: 'value', ...options});
		return row![0]!;
	}

	beforeEach(() => (path = join(folder(), 'events.csv')));

	describe('columns', () => {
		it('are those of the common record, in the order that is promised', async () => {
			const event = common({
				action: 'user_login',
				activity: 'user-login',
				category: 'logins',
				message: 'Logged in, "twice"',
				outcome: 'success',
				actor: {id: 'a1', name: 'Ada', email: 'ada@example.com', type: 'user'},
				origin: {
					ip: '203.0.113.1',
					ips: ['203.0.113.1', '10.0.0.1'],
					geo: {country: 'Germany', region: 'Bavaria', city: 'München'},
				},
				targets: [{type: 'group', id: 'g1', name: 'admins'}, {type: 'group'}, {name: 'users'}],
				changes: [{field: 'name', from: 'a', to: 'b'}],
				raw: '{"big":12345678901234567890}',
			});
			await write([batch([event])]);
			const row = {
				id: event.id,
				time: event.time,
				source: event.source,
				tenant: event.tenant,
				action: event.action,
				activity: event.activity,
				category: event.category,
				message: event.message,
				outcome: event.outcome,
				'actor.id': 'a1',
				'actor.name': 'Ada',
				'actor.email': 'ada@example.com',
				'actor.type': 'user',
				'origin.ip': '203.0.113.1',
				'origin.ips': '203.0.113.1; 10.0.0.1',
				'origin.geo.country': 'Germany',
				'origin.geo.region': 'Bavaria',
				'origin.geo.city': 'München',
				'targets.name': 'admins; users',
				targets: JSON.stringify(event.targets),
				changes: JSON.stringify(event.changes),
				raw: event.raw,
			};
			assert.deepEqual(parse(textOf(path)), [Object.keys(row), Object.values(row)]);
		});

		it('must be chosen for what is no common record', () => {
			const {accepts} = csv({path});
			for (const format of ['raw', 'ecs', 'ocsf'] as const) {
				assert.throws(
					() => checkAccepts({name: 'csv', accepts: accepts!}, 'some-source', format),
					/expected common records/,
				);
			}
			checkAccepts({name: 'csv', accepts: accepts!}, 'some-source', 'audit');
			assert.equal(csv({path, columns: 'user.name'}).accepts, undefined);
			assert.equal(csv({path: '-', columns: 'user.name'}).accepts, undefined);
			assert.deepEqual(csv({path: '-'}).accepts, accepts);
		});

		it('are chosen and renamed', async () => {
			const event = {who: {name: 'Ada'}, list: [{n: 1}, {n: 2}]};
			await write([batch([event])], {columns: 'person=who.name, list.n, second=list.1.n, who.email'});
			assert.deepEqual(parse(textOf(path)), [
				['person', 'list.n', 'second', 'who.email'],
				['Ada', '1; 2', '2', ''],
			]);
		});

		it('never make a row that is an empty line', async () => {
			assert.deepEqual(await rowsOf([{a: ''}, {}, {a: 'x'}], {columns: 'a'}), [[''], [''], ['x']]);
			assert.equal(textOf(path), 'a\r\n""\r\n""\r\nx\r\n');
		});
	});

	describe('cells', () => {
		it('come back from another reader as they were, whatever is in them', async () => {
			const columns = 'a,b,c,d';
			const row = fc.array(hostile, {minLength: 4, maxLength: 4});
			await fc.assert(
				fc.asyncProperty(
					fc.array(row, {maxLength: 30}),
					fc.constantFrom(...delimiters),
					fc.boolean(),
					async (rows, delimiter, bom) => {
						const events = rows.map(([a, b, c, d]) => ({a, b, c, d}));
						await write([batch(events)], {mode: 'replace', columns, delimiter, bom, safe: false});
						const text = textOf(path);
						assert.equal(text.startsWith('\ufeff'), bom && rows.length > 0);
						const expected = rows.map(cells => cells.map(cell => Buffer.from(cell).toString().replaceAll('\0', '␀')));
						assert.deepEqual(parse(text.replace(/^\ufeff/, ''), separatorOf(delimiter)), [
							...(rows.length > 0 ? [columns.split(',')] : []),
							...expected,
						]);
					},
				),
				{numRuns: 150},
			);
		});

		it('are neutralised wherever a text can stand', async () => {
			const event = {value: '=1+1', list: ['=a', 'b'], number: -1.5, text: '-1.5'};
			await write([batch([event])], {columns: '=cmd()=value,list,number,-x=text'});
			assert.deepEqual(parse(textOf(path)), [
				["'=cmd()", 'list', 'number', "'-x"],
				["'=1+1", "'=a; b", '-1.5', "'-1.5"],
			]);
			assert.equal(await cellOf('=1+1', {safe: false}), '=1+1');
		});

		it('have the digits of the record, not those of the number that was parsed from it', async () => {
			const raw = '{"id":9007199254740993,"list":[1.0,-0],"text":"a\\u0000b"}';
			const value = JSON.parse(raw) as unknown;
			const given = batch([value]);
			const records = given.records.map(record => ({...record, raw, text: Buffer.from(raw), value}));
			await write([{...given, records}], {columns: 'id,list,text'});
			assert.deepEqual(parse(textOf(path))[1], ['9007199254740993', '1.0; -0', 'a␀b']);
		});

		it('have U+FFFD for half a surrogate pair', async () => {
			assert.equal(await cellOf('a\ud83d,b\udc00'), 'a\ufffd,b\ufffd');
		});
	});

	describe('events', () => {
		it('that are no common records are refused, with what to do', async () => {
			const sink = await open();
			await assert.rejects(
				sink.write(batch([{id: '1', attributes: {}}])),
				(error: unknown) => error instanceof ConfigError && /--format audit.*\?columns=/.test(error.message),
			);
			await sink.close();
			assert.equal(textOf(path), '');
			assert.deepEqual(await rowsOf([{id: '1', attributes: {x: 2}}], {columns: 'id,attributes.x'}), [['1', '2']]);
		});

		it('that are no common records among others are handed back, with their own text', async () => {
			const sink = await open();
			const mixed = batch([common({id: '1'}), {id: '2'}, 'text', null, common({id: '3'})]);
			const rejected = await sink.write(mixed);
			await sink.flush();
			await sink.close();
			assert.deepEqual(
				rejected!.map(({id, text}) => ({id, text})),
				mixed.records.slice(1, 4).map(({id, text}) => ({id, text})),
			);
			assert.deepEqual(
				parse(textOf(path)).map(([id]) => id),
				['id', '1', '3'],
			);
		});
	});

	for (const suffix of ['', '.gz']) {
		describe(`a file${suffix && ' that is compressed'}`, () => {
			beforeEach(() => (path += suffix));

			it('gets the header with its first row when it is empty or missing', async () => {
				for (const name of ['missing', 'empty']) {
					path = join(folder(), `${name}.csv${suffix}`);
					if (name === 'empty') fs.writeFileSync(path, '');
					const mark = await write([], {mode: 'append', columns: 'id'});
					assert.equal(fs.statSync(path, {throwIfNoEntry: false})?.size, suffix ? undefined : 0);
					await write([batch([common()])], {columns: 'id'}, mark);
					assert.equal(textOf(path), 'id\r\n1\r\n');
				}
			});

			it('is not continued under another header', async () => {
				await write([batch([common()])], {columns: 'id,time'});
				const before = fs.readFileSync(path);
				await assert.rejects(open({mode: 'append', columns: 'time,id'}), ConfigError);
				assert.deepEqual(fs.readFileSync(path), before);
			});
		});
	}

	it('leaves what is no file or no gzip to be refused as such', async () => {
		assert.throws(() => csv({path: folder()}), /is a folder, expected a file; write csv:.*\/NAME\.csv/);
		path += '.gz';
		fs.writeFileSync(path, 'plain');
		await assert.rejects(open({mode: 'append'}), sinkError('TARGET_REFUSED', /not a whole gzip file/));
	});

	it('binds the state to what the rows look like', () => {
		const layoutOf = (options: Options) => csv({path, ...options}).layout;
		const plain = layoutOf({columns: 'id, who=actor.name'});
		assert.deepEqual(plain, {columns: 'id,who=actor.name', delimiter: ',', bom: 'false', safe: 'true'});
		assert.deepEqual(layoutOf({columns: 'id=id,who=actor.name', safe: 'true', bom: 'false'}), plain);
		for (const other of [{columns: 'id'}, {delimiter: ';'}, {bom: true}, {safe: 'false'}] as const) {
			assert.notDeepEqual(layoutOf({columns: 'id,who=actor.name', ...other}), plain);
		}
		assert.throws(() => csv({path, delimiter: '"' as never}), ConfigError);
	});

	describe('on standard output', () => {
		const module = JSON.stringify(new URL('../../sinks/csv.ts', import.meta.url).href);
		const script = `
			import csv from ${module};
			const sink = await csv({path: '-', columns: 'id'}).open({signal: new AbortController().signal, warn() {}});
			await sink.write({events: [{id: '=1'}, {id: 'b'}], records: [{}, {}]});
			await sink.flush();
			await sink.close();`;
		const run = (stdout: 'pipe' | number) => {
			const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
			const {status, stdout: text, stderr} = spawnSync(process.execPath, args, {stdio: ['ignore', stdout, 'pipe']});
			assert.equal(status, 0, String(stderr));
			return String(text);
		};
		const rows = "'=1\r\nb\r\n";

		it('a reader gets the header first', () => assert.equal(run('pipe'), `id\r\n${rows}`));

		it('a file that has rows already gets no second header', () => {
			for (const expected of [`id\r\n${rows}`, `id\r\n${rows}${rows}`]) {
				const descriptor = fs.openSync(path, 'a');
				run(descriptor);
				fs.closeSync(descriptor);
				assert.equal(textOf(path), expected);
			}
		});
	});
});
