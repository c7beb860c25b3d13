import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {Ajv2020} from 'ajv/dist/2020.js';
import type {Json} from '../../../lib/model/event.ts';
import {assertRefused, commandLine, linesOf} from '../../support/command-line.ts';
import {runCli, spawnCli} from '../../support/cli.ts';

type Message =
	| {type: 'SCHEMA'; stream: string; schema: object; key_properties: string[]}
	| {type: 'RECORD'; stream: string; record: Record<string, Json>; time_extracted: string}
	| {type: 'STATE'; value: Json};

/** A target that replaces by key, and keeps the last state behind what it was given. */
class Target {
	readonly rows = new Map<string, Json>();
	state: Json | undefined;
	#keys: string[] = [];
	#check: ((record: unknown) => boolean) | undefined;

	take(line: string): void {
		const message = JSON.parse(line) as Message;
		if (message.type === 'STATE') this.state = message.value;
		else if (message.type === 'SCHEMA') {
			this.#keys = message.key_properties;
			this.#check = new Ajv2020({strict: false, validateFormats: false}).compile(message.schema);
		} else {
			assert.ok(this.#check?.(message.record), `a record by the schema that came before it: ${line}`);
			assert.ok(Math.abs(Date.parse(message.time_extracted) - Date.now()) < 60_000);
			this.rows.set(JSON.stringify(this.#keys.map(key => message.record[key])), message.record);
		}
	}
}

describe('rxaudit singer', () => {
	const {folder, emulator, held} = commandLine({events: 800});
	const file = (name: string, value: object) => fs.writeFileSync(path.join(folder(), name), JSON.stringify(value));
	const config = (more: object = {}) =>
		file('c.json', {org_id: 'ORG', endpoint: emulator().url, token: emulator().token, page_size: 20, ...more});
	const tap = (...args: string[]) =>
		runCli(['singer', 'atlassian-org-events', '--config', 'c.json', ...args], {cwd: folder()});
	const recordsIn = (stdout: string) => linesOf(stdout).filter(line => line.startsWith('{"type":"RECORD"'));
	const idsOf = ({rows}: Target) => [...rows.values()].map(row => (row as {id: string}).id);

	it('prints a schema, records by it, and a state behind those that it covers', async () => {
		config({quiet: true});
		const {code, stdout, stderr} = await tap();
		assert.deepEqual([code, stderr], [0, '']);
		const target = new Target();
		const lines = linesOf(stdout);
		for (const line of lines) target.take(line);
		assert.deepEqual(idsOf(target).sort(), held().sort());
		assert.match(lines[0]!, /"type":"SCHEMA"/);
		assert.match(lines.at(-1)!, /"type":"STATE"/);
		assert.doesNotMatch(stdout, new RegExp(emulator().token), 'no secret in what is printed');
	});

	it('begins anew with a state that says nothing', async () => {
		config();
		file('s.json', {});
		assert.equal(recordsIn((await tap('--state', 's.json')).stdout).length, held().length);
	});

	it('gives what is new to a target that gives its last state back', async () => {
		config();
		const target = new Target();
		for (const line of linesOf((await tap()).stdout)) target.take(line);
		const late = emulator().insert([{timeMs: Date.now() - 120_000}]);
		file('s.json', target.state as object);
		const {code, stdout, stderr} = await tap('--state', 's.json');
		assert.equal(code, 0, stderr);
		const records = recordsIn(stdout);
		assert.ok(records.length < 300, `${records.length} records`);
		for (const line of linesOf(stdout)) target.take(line);
		assert.deepEqual(idsOf(target).sort(), held().sort());
		assert.ok(idsOf(target).includes(late[0]!));
	});

	it('loses nothing, and doubles nothing behind a target that replaces, however often both are killed', async function () {
		this.timeout(120_000);
		config();
		const target = new Target();
		for (let life = 0, isDone = false; !isDone; life++) {
			assert.ok(life < 60);
			if (target.state !== undefined) file('s.json', target.state as object);
			const args = ['singer', 'atlassian-org-events', '--config', 'c.json'];
			const running = spawnCli([...args, ...(target.state === undefined ? [] : ['--state', 's.json'])], {
				cwd: folder(),
			});
			let left = life < 3 ? 100 + 90 * life : Infinity;
			let rest = '';
			running.process.stdout!.on('data', (chunk: Buffer) => {
				const lines = (rest + chunk.toString()).split('\n');
				rest = lines.pop()!;
				for (const line of lines) if (left-- > 0) target.take(line);
				if (left <= 0) running.process.kill('SIGKILL');
			});
			const {code, stderr} = await running.ended;
			isDone = code === 0;
			assert.ok(isDone || left <= 0, stderr);
		}
		assert.deepEqual(idsOf(target).sort(), held().sort());
	});

	it('prints a catalog, and keeps to what is selected in it', async () => {
		config();
		const {streams} = JSON.parse((await tap('--discover')).stdout) as {streams: Catalogued[]};
		interface Catalogued {
			tap_stream_id: string;
			key_properties: string[];
			metadata: {breadcrumb: string[]; metadata: Record<string, unknown>}[];
		}
		const [stream] = streams as [Catalogued];
		assert.deepEqual(
			[stream.tap_stream_id, stream.key_properties],
			['atlassian-org-events', ['id', 'source', 'tenant']],
		);
		const select = (breadcrumb: string, selected: boolean) =>
			(stream.metadata.find(one => one.breadcrumb.join('.') === breadcrumb)!.metadata['selected'] = selected);
		select('properties.raw', false);
		select('properties.id', false);
		file('t.json', {streams});
		const [record] = recordsIn((await tap('--catalog', 't.json')).stdout);
		const {record: row} = JSON.parse(record!) as {record: Record<string, Json>};
		assert.ok(row['id'] !== undefined && row['action'] !== undefined && row['raw'] === undefined, record);
		const [said] = linesOf((await tap('--catalog', 't.json')).stdout);
		const {properties} = (JSON.parse(said!) as {schema: {properties: object}}).schema;
		assert.ok('action' in properties && !('raw' in properties), 'no column of what is left out');
		select('', false);
		file('t.json', {streams});
		assert.deepEqual(await tap('--catalog', 't.json').then(({code, stdout}) => [code, stdout]), [0, '']);
	});

	it('goes on from its state where other members are selected', async () => {
		config();
		const target = new Target();
		for (const line of linesOf((await tap()).stdout)) target.take(line);
		file('s.json', target.state as object);
		const {streams} = JSON.parse((await tap('--discover')).stdout) as {
			streams: [{metadata: {breadcrumb: string[]; metadata: Record<string, unknown>}[]}];
		};
		streams[0].metadata.find(({breadcrumb}) => breadcrumb.at(-1) === 'raw')!.metadata['selected'] = false;
		file('t.json', {streams});
		const {code, stdout, stderr} = await tap('--state', 's.json', '--catalog', 't.json');
		assert.equal(code, 0, stderr);
		assert.ok(recordsIn(stdout).length < 300);
	});

	it('prints records as the API gives them, with format raw', async () => {
		config({format: 'raw', start_date: '2020-01-01'});
		const {stdout} = await tap();
		const [schema] = linesOf(stdout);
		const [record] = recordsIn(stdout);
		assert.deepEqual((JSON.parse(schema!) as {key_properties: string[]}).key_properties, []);
		const [text] = Array.from(emulator().api('atlassian-org-events').records(), one => one.text);
		assert.ok(record!.endsWith(`"record":${text}}`), record);
	});

	it('refuses what is no configuration, catalog or state, and never shows a value', async () => {
		config({orgid: 'SECRET'});
		assertRefused(await tap(), 2, /--config: unknown member, perhaps org_id|unknown member/);
		file('c.json', ['SECRET']);
		assertRefused(await tap(), 2, /--config: expected a file with an object/);
		config({token: 7});
		assertRefused(await tap(), 2, /--config: token: expected a text/);
		config();
		file('s.json', {bookmarks: {}});
		assertRefused(await tap('--state', 's.json'), 2, /--state: expected what this connector said last/);
		file('t.json', {});
		assertRefused(await tap('--catalog', 't.json'), 2, /--catalog: expected \{"streams"/);
		for (const [metadata, message] of [
			[{breadcrumb: null, metadata: {}}, /--catalog: metadata: expected \[\{"breadcrumb"/],
			[
				{breadcrumb: ['properties', 'actor', 'properties', 'email'], metadata: {selected: false}},
				/--catalog: actor\.email: expected whole members of the record, .*"redact": \["actor\.email"\]/,
			],
		] as const) {
			const all = [{breadcrumb: [], metadata: {selected: true}}, metadata];
			file('t.json', {streams: [{tap_stream_id: 'atlassian-org-events', metadata: all}]});
			fs.rmSync(path.join(folder(), 's.json'), {force: true});
			assertRefused(await tap('--catalog', 't.json'), 2, message);
		}
		config({select: ['time']});
		assertRefused(await tap(), 2, /--config: unknown member/);
		config({format: 'ecs'});
		assertRefused(await tap(), 2, /--format: expected audit or raw/);
		config({to: 'ndjson:x'});
		assertRefused(await tap(), 2, /--config: unknown member/);
	});
});
