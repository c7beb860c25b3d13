import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {Ajv} from 'ajv';
import {Ajv2020} from 'ajv/dist/2020.js';
import type {Json} from '../../../lib/model/event.ts';
import {list} from '../../../lib/registry.ts';
import {assertRefused, commandLine, linesOf} from '../../support/command-line.ts';
import {eventually, openCli, runCli} from '../../support/cli.ts';
import {root} from '../../support/tree.ts';

interface Message {
	readonly type: string;
	readonly record?: {stream: string; data: Record<string, Json>};
	readonly state?: {stream: {stream_state: Json}; sourceStats: {recordCount: number}};
	readonly trace?: {
		error?: {message: string; failure_type: string};
		stream_status?: {status: string; reasons?: {type: string; rate_limited: {quota_reset: number}}[]};
	};
	readonly connectionStatus?: {status: string; message?: string};
	readonly catalog?: {streams: {name: string; json_schema: object; source_defined_primary_key?: string[][]}[]};
	readonly spec?: {connectionSpecification: {properties: Record<string, {airbyte_secret?: boolean; enum?: string[]}>}};
}

const protocol = JSON.parse(
	fs.readFileSync(new URL('test/fixtures/airbyte-protocol-0.3.2.json', root), 'utf8'),
) as object;
const ajv = new Ajv({strict: false, validateFormats: false}).addSchema(protocol, 'protocol');
const isMessage = ajv.compile({$ref: 'protocol#/definitions/AirbyteMessage'});
const isConfiguredCatalog = ajv.compile({$ref: 'protocol#/definitions/ConfiguredAirbyteCatalog'});

/** The messages of an output, each by the protocol's own schema. */
function messagesIn(stdout: string): Message[] {
	return linesOf(stdout).map(line => {
		const message = JSON.parse(line) as Message;
		assert.ok(isMessage(message), `${line.slice(0, 300)}: ${JSON.stringify(isMessage.errors)}`);
		return message;
	});
}

/** A destination that replaces by key, and keeps each state behind what it was given. */
class Destination {
	readonly rows = new Map<string, Json>();
	state: Json | undefined;
	#records = 0;

	take(message: Message): void {
		if (message.record) {
			const {id, source, tenant} = message.record.data;
			this.rows.set(JSON.stringify([id, source, tenant]), message.record.data);
			this.#records++;
		} else if (message.state) {
			assert.equal(message.state.sourceStats.recordCount, this.#records, 'the records since the last state');
			this.#records = 0;
			this.state = [message.state as Json];
		} else if (message.trace?.stream_status?.status === 'STARTED') this.#records = 0;
	}

	ids(): string[] {
		return [...this.rows.values()].map(row => (row as {id: string}).id).sort();
	}
}

describe('rxaudit airbyte', () => {
	const {folder, emulator, held} = commandLine({events: 800});
	const file = (name: string, value: Json) => fs.writeFileSync(path.join(folder(), name), JSON.stringify(value));
	const config = (more: Record<string, Json> = {}) =>
		file('c.json', {
			source: 'atlassian-org-events',
			org_id: 'ORG',
			endpoint: emulator().url,
			token: emulator().token,
			page_size: 20,
			...more,
		});
	const connector = (...args: string[]) => runCli(['airbyte', ...args], {cwd: folder()});
	const asked = ['read', '--config', 'c.json', '--catalog', 't.json'];
	const catalog = async () => {
		const [{catalog}] = messagesIn((await connector('discover', '--config', 'c.json')).stdout) as [Message];
		const streams = catalog!.streams.map(stream => ({
			stream,
			sync_mode: 'incremental',
			destination_sync_mode: 'append_dedup',
		}));
		assert.ok(isConfiguredCatalog({streams}));
		file('t.json', {streams} as unknown as Json);
		return catalog!.streams;
	};
	const statuses = (messages: readonly Message[]) =>
		messages.flatMap(({trace}) => (trace?.stream_status ? [trace.stream_status.status] : []));

	it('says what it needs, with secrets marked, of all sources or of those that are named', async () => {
		const [{spec}] = messagesIn((await connector('spec')).stdout) as [Message];
		const {properties} = spec!.connectionSpecification;
		assert.deepEqual(properties['source']!.enum, list('source'));
		const secrets = Object.keys(properties).filter(name => properties[name]!.airbyte_secret);
		assert.deepEqual(secrets.sort(), ['enrich_token', 'password', 'redact_key', 'token']);
		const [one] = messagesIn((await connector('spec', 'jira-cloud')).stdout) as [Message];
		const form = new Ajv({strict: false}).compile(one.spec!.connectionSpecification);
		assert.ok(form({source: 'jira-cloud', endpoint: 'https://x.atlassian.net', username: 'u', password: 'p'}));
		assert.ok(!form({source: 'jira-data-center'}), 'another source');
		assert.ok(!form({source: 'jira-cloud', endpoint: 7}), 'another type');
	});

	it('checks a connection, and says why one does not work', async () => {
		config();
		const status = async () => {
			const {code, stdout} = await connector('check', '--config', 'c.json');
			assert.equal(code, 0);
			return messagesIn(stdout).at(-1)!.connectionStatus!;
		};
		assert.deepEqual(await status(), {status: 'SUCCEEDED'});
		config({token: 'wrong'});
		const refused = await status();
		assert.equal(refused.status, 'FAILED');
		assert.match(refused.message!, /^credentials: /);
		config({org_id: null});
		assert.match((await status()).message!, /--org-id: expected/);
		config({source: 'jira'});
		assert.match((await status()).message!, /source/);
	});

	it('gives records by the schema of its catalog, and a state behind those that it covers', async () => {
		config();
		const stream = (await catalog())[0]!;
		assert.deepEqual(stream.source_defined_primary_key, [['id'], ['source'], ['tenant']]);
		const check = new Ajv2020({strict: false, validateFormats: false}).compile(stream.json_schema);
		const {code, stdout} = await connector(...asked);
		const messages = messagesIn(stdout);
		const destination = new Destination();
		for (const message of messages) {
			assert.ok(!message.record || check(message.record.data));
			destination.take(message);
		}
		assert.equal(code, 0);
		assert.deepEqual(destination.ids(), held().sort());
		assert.deepEqual(statuses(messages), ['STARTED', 'RUNNING', 'COMPLETE']);
		assert.equal(messages.filter(({type}) => type !== 'TRACE').at(-1)!.type, 'STATE');
		assert.doesNotMatch(stdout, new RegExp(emulator().token));
	});

	it('goes on from the state that it is given back', async () => {
		config();
		await catalog();
		const destination = new Destination();
		const first = messagesIn((await connector(...asked)).stdout);
		for (const message of first) destination.take(message);
		const late = emulator().insert([{timeMs: Date.now() - 120_000}]);
		file('s.json', destination.state!);
		const second = messagesIn((await connector(...asked, '--state', 's.json')).stdout);
		for (const message of second) destination.take(message);
		assert.ok(second.length < 300, `${second.length} messages`);
		assert.deepEqual(destination.ids(), held().sort());
		assert.ok(destination.ids().includes(late[0]!));
	});

	// singer.spec.ts kills the process that writes
	it('loses nothing, and doubles nothing behind a destination that replaces, wherever its input is cut', async () => {
		config();
		await catalog();
		const destination = new Destination();
		for (const messages of [100, 190, 280, 370, Infinity]) {
			if (destination.state !== undefined) file('s.json', destination.state);
			const state = destination.state === undefined ? [] : ['--state', 's.json'];
			const {stdout} = await connector(...asked, ...state);
			for (const message of messagesIn(stdout).slice(0, messages)) destination.take(message);
		}
		assert.deepEqual(destination.ids(), held().sort());
	});

	it('tells what has to be changed from what passes, and never says COMPLETE of what is not', async () => {
		config();
		await catalog();
		const failure = async () => {
			const {code, stdout} = await connector(...asked);
			assert.notEqual(code, 0);
			const messages = messagesIn(stdout);
			assert.ok(!statuses(messages).includes('COMPLETE'));
			return messages.find(({trace}) => trace?.error)!.trace!.error!;
		};
		config({token: 'wrong'});
		assert.equal((await failure()).failure_type, 'config_error');
		config({endpoint: 'http://127.0.0.1:9', max_attempts: 1});
		assert.equal((await failure()).failure_type, 'transient_error');
		config({max_wait: 'x'});
		assert.equal((await failure()).failure_type, 'config_error');
		config({max_duration: '1s'});
		assert.match((await failure()).message, /max_duration/);
		config({on_poison: 'dead-letter'});
		assert.match((await failure()).message, /on_poison: expected dead_letter beside/);
		config();
		file('t.json', {streams: [{stream: {name: 'other'}}]});
		assert.match((await failure()).message, /--catalog: expected the stream atlassian-org-events alone/);
	});

	it('says how long it waits for quota, and that it is not complete when it is stopped', async () => {
		config();
		await catalog();
		emulator().setFaults([{kind: 'status', status: 429, headers: {'retry-after': '600'}, at: 3}]);
		const {world, ended} = openCli(['airbyte', ...asked], {cwd: folder()});
		await eventually(() => world.said().includes('RATE_LIMITED'));
		world.send('SIGTERM');
		const {code, stdout} = await ended;
		assert.equal(code, 143);
		const messages = messagesIn(stdout);
		const reasons = messages.flatMap(({trace}) => trace?.stream_status?.reasons ?? []);
		assert.equal(reasons.length, 1);
		assert.ok(reasons[0]!.rate_limited.quota_reset > Date.now() + 500_000);
		assert.equal(statuses(messages).at(-1), 'INCOMPLETE');
		assert.equal(
			messages.findLast(({state}) => state)!.state!.sourceStats.recordCount,
			40,
			'what was fetched is committed',
		);
	});

	it('reads all there is for a full refresh, whatever state it is given', async () => {
		config();
		const [stream] = await catalog();
		const destination = new Destination();
		for (const message of messagesIn((await connector(...asked)).stdout)) destination.take(message);
		file('s.json', destination.state!);
		const ask = async (sync_mode: string) => {
			file('t.json', {streams: [{stream, sync_mode, destination_sync_mode: 'overwrite'}]} as unknown as Json);
			return connector(...asked, '--state', 's.json');
		};
		const {code, stdout} = await ask('full_refresh');
		assert.equal(code, 0);
		assert.equal(messagesIn(stdout).filter(({record}) => record).length, held().length);
		assert.match((await ask('some')).stderr, /--catalog: sync_mode: expected full_refresh or incremental/);
	});

	it('gives nothing where no stream is asked for, and begins anew with an empty state', async () => {
		config();
		file('t.json', {streams: []});
		assert.deepEqual(await connector(...asked).then(({code, stdout}) => [code, stdout]), [0, '']);
		await catalog();
		for (const empty of [[], {}, [{type: 'STREAM', stream: {stream_descriptor: {name: 'atlassian-org-events'}}}]]) {
			file('s.json', empty as Json);
			const {stdout} = await connector(...asked, '--state', 's.json');
			assert.equal(messagesIn(stdout).filter(({record}) => record).length, held().length);
		}
	});

	it('refuses what is no use of it', async () => {
		assertRefused(await connector(), 2, /airbyte: expected what to do, got none: one of spec, check, discover, read/);
		assertRefused(await connector('write'), 2, /airbyte: expected what to do/);
	});
});
