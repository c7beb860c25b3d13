import assert from 'node:assert/strict';
import {type AddressInfo, createServer} from 'node:net';
import {describeSink} from '../../lib/testing/describe-sink.ts';
import {batchOf, type HeardContext, sinkContext, sinkError} from '../../lib/testing/sink-batch.ts';
import {AuthError, ConfigError} from '../../lib/model/errors.ts';
import type {Batch} from '../../lib/sink/sink.ts';
import nats from '../../sinks/nats.ts';
import {plain} from '../../sinks/_nats/delivery.ts';
import {type NatsServer, startNats} from '../support/nats-server.ts';

type Options = Parameters<typeof nats>[0];

const config = `
authorization: {users: [
	{user: all, password: s3cret-all},
	{user: few, password: s3cret-few, permissions: {publish: ["$JS.API.STREAM.>"], subscribe: ["_INBOX.>"]}}
]}`;
const user = {username: 'all', password: 's3cret-all'};

describe('nats', function () {
	this.timeout(20_000);
	let server: NatsServer;
	let made = 0;
	before(async () => {
		server = await startNats(config, {user: 'all', pass: user.password});
		for (let of = 0; of < 7; of++) await server.addStream(`conformance-${of}`);
	});
	after(() => server.close());

	const open = (subject: string, more: Partial<Options> = {}, context: HeardContext = sinkContext()) => {
		const options = {subject, servers: server.address, ...user, retryBaseMs: 1, retryMaxMs: 5, ...more};
		return nats(options).open(context);
	};
	const events = (count: number): Batch => batchOf(Array.from({length: count}, (_, at) => ({id: `e${at}`})));
	const idsIn = async (stream: string) => (await server.read(stream)).map(({headers}) => headers['Nats-Msg-Id']);
	const idsOf = ({records}: Batch) => records.map(({id}) => id);
	const stream = async (more?: Parameters<NatsServer['addStream']>[1]) => {
		const name = `s${made++}`;
		return [name, await server.addStream(name, more)] as const;
	};

	async function send(subject: string, batch: Batch, more?: Partial<Options>, context?: HeardContext) {
		const sink = await open(subject, more, context);
		try {
			const rejected = (await sink.write(batch)) ?? [];
			await sink.flush();
			return rejected;
		} finally {
			await sink.close();
		}
	}

	it('publishes the line of each event under its id, with source, tenant and time beside it', async () => {
		const [name, subject] = await stream();
		const text = '{"id":"é","n":12345678901234567890}';
		const batch = batchOf([{id: 'é/1 %', text, timeMs: Date.UTC(2020, 1, 3, 4, 5, 6)}]);
		await send(subject, {...batch, source: {...batch.source, tenant: 'one\r\ntwo'}});
		const headers = {
			'rxaudit-source': 'some-source',
			'rxaudit-tenant': 'one%0D%0Atwo',
			'rxaudit-time': '2020-02-03T04:05:06.000Z',
			'Nats-Msg-Id': '%C3%A9/1%20%25',
			'Nats-Expected-Stream': name,
		};
		assert.deepEqual(await server.read(name), [{subject, text, headers}]);
	});

	it('writes headers in which no two texts become one', () => {
		const texts = ['a', 'a ', ' a', '%20a', 'é', 'e\u0301', '\ud800', '\ud801', '\ufffd', '%ud800', '\r', '\n', '😀'];
		assert.equal(new Set(texts.map(plain)).size, texts.length);
		assert.ok(texts.every(text => /^[!-~]+$/.test(plain(text))));
	});

	it('publishes pages of any size, in order', async () => {
		const [name, subject] = await stream();
		assert.deepEqual(await send(subject, events(700)), []);
		assert.deepEqual(await idsIn(name), idsOf(events(700)));
	});

	it('leaves each event once when a page comes again, and says so', async () => {
		const [name, subject] = await stream();
		await send(subject, events(5));
		const context = sinkContext();
		await send(subject, events(7), {}, context);
		assert.deepEqual(await idsIn(name), idsOf(events(7)));
		assert.deepEqual(context.notes, [`nats: stream ${name} had 5 of the events already`]);
	});

	it('gives back an event that is larger than the server takes, or the stream, and publishes the others', async () => {
		const [name, subject] = await stream({max_msg_size: 1000});
		const sized = (id: string, size: number) => ({id, text: JSON.stringify({id, long: 'x'.repeat(size)})});
		const rejected = await send(
			subject,
			batchOf([{id: 'a'}, sized('b', 1_100_000), {id: 'c'}, sized('d', 1500), {id: 'e'}]),
		);
		assert.deepEqual(
			rejected.map(({id, reason}) => [id, /bytes are more than the server or stream s\d+ takes .*raise/.test(reason)]),
			[
				['b', true],
				['d', true],
			],
		);
		assert.equal(JSON.parse(Buffer.from(rejected[0]!.text).toString()).id, 'b');
		assert.deepEqual(await idsIn(name), ['a', 'c', 'e']);
	});

	it('goes on when the server was killed and is back', async () => {
		const [name, subject] = await stream();
		const sink = await open(subject, {timeoutMs: 200, maxAttempts: 100});
		await sink.write(events(10));
		await server.kill();
		const writing = sink.write(events(30));
		await server.restart();
		assert.deepEqual(await writing, []);
		await sink.close();
		assert.deepEqual(new Set(await idsIn(name)), new Set(idsOf(events(30))));
		assert.equal((await idsIn(name)).length, 30);
	});

	for (const ack of [{stream: 'other', seq: 1}, {stream: 's', seq: 0}, {stream: 's'}, {seq: 7}]) {
		it(`takes ${JSON.stringify(ack)} for no acknowledgment of the stream`, async () => {
			const [name, subject] = await stream();
			const sink = await open(subject);
			await server.impersonate(name, ack.stream === 's' ? {...ack, stream: name} : ack);
			await assert.rejects(
				async () => sink.write(events(1)),
				sinkError('SINK_FAILED', /expected an acknowledgment of stream s\d+ with a sequence, got/),
			);
			await sink.close();
		});
	}

	it('ends the run when the stream takes nothing, and says what to do', async () => {
		const [name, subject] = await stream({max_msgs: 3, discard: 'new'});
		const limit = sinkError('SINK_FAILED', /maximum messages exceeded; check the limits of the stream/);
		await assert.rejects(send(subject, events(5), {maxAttempts: 2}), limit);
		assert.equal((await idsIn(name)).length, 3);
	});

	it('refuses a subject without a stream, and says how one is made', async () => {
		const message = /no stream takes this subject.*nats stream add audit --subjects 'no\.stream' --storage file/;
		await assert.rejects(open('no.stream', {maxAttempts: 2}), sinkError('SINK_FAILED', message));
	});

	it('refuses a stream that acknowledges nothing, and says what others may lose', async () => {
		const [, silent] = await stream({no_ack: true});
		await assert.rejects(open(silent), sinkError('TARGET_REFUSED', /acknowledges nothing \(no_ack\)/));
		const [, risky] = await stream({storage: 'memory', max_msgs_per_subject: 9, duplicate_window: 1_000_000_000});
		const context = sinkContext();
		await (await open(risky, {}, context)).close();
		assert.match(context.warnings.join('\n'), /is in memory[^]*keeps 9 messages of a subject/);
		assert.match(context.notes.join('\n'), /knows duplicates for 1000 ms, a commit may take 5000 ms/);
	});

	it('says that the user is not known, or has too few rights, and shows no secret', async () => {
		const [, subject] = await stream();
		const refused = (code: string, message: RegExp) => (error: unknown) =>
			error instanceof AuthError &&
			error.code === code &&
			message.test(error.message) &&
			!error.message.includes('s3cret');
		await assert.rejects(
			open(subject, {password: 's3cret-wrong'}),
			refused('UNAUTHORIZED', /check username and password/),
		);
		const few = {username: 'few', password: async () => ' s3cret-few\n'};
		await assert.rejects(send(subject, events(1), few), refused('FORBIDDEN', /rights to publish to s\d+\.events/));
	});

	it('ends the run when nothing listens there', async () => {
		const port = await freePort();
		const nobody = {servers: `127.0.0.1:${port}`, maxAttempts: 2};
		await assert.rejects(open('a.b', nobody), sinkError('SINK_FAILED', /ECONNREFUSED.*; check servers/));
	});

	it('gives up when the run does', async () => {
		const [, subject] = await stream();
		const giveUp = new AbortController();
		const sink = await open(subject, {timeoutMs: 60_000}, sinkContext(undefined, giveUp.signal));
		await server.kill();
		const writing = sink.write(events(1));
		giveUp.abort(new Error('stopped'));
		await assert.rejects(async () => writing, /stopped/);
		await sink.close();
		await server.restart();
	});

	it('refuses what cannot work before anything is opened, and shows no secret', () => {
		const refused = (options: Partial<Options>, message: RegExp) =>
			assert.throws(
				() => nats({subject: 'audit', ...options}),
				(error: unknown) =>
					error instanceof ConfigError && message.test(error.message) && !error.message.includes('s3cret'),
			);
		for (const subject of ['a.*', '>', 'a..b', '.a', 'a b', 'é', '$JS.API.x', '/a']) {
			refused({subject}, /option subject: expected a subject like audit\.events/);
		}
		refused({servers: 'nats://me:s3cret@host'}, /option servers: .*not shown/);
		refused({username: 'me'}, /option password/);
		refused({token: 's3cret', credsFile: 'file'}, /expected one of password, token and credsFile, got 2/);
		refused({servers: 'nats.example', token: 's3cret', tls: false}, /option tls: .*in the clear/);
	});

	const names = new Map<string, string>();
	const nameOf = (folder: string): string => {
		if (!names.has(folder)) names.set(folder, `conformance-${names.size}`);
		return names.get(folder)!;
	};
	describeSink(nats, {
		// order is that of the stream, and what was not committed stays, to be there once
		ordered: false,
		options: folder => ({subject: `${nameOf(folder)}.x`, servers: server.address, ...user}),
		read: async folder => (await server.read(nameOf(folder))).map(({text}) => text),
	});
});

async function freePort(): Promise<number> {
	const taken = createServer();
	await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve));
	const {port} = taken.address() as AddressInfo;
	await new Promise(resolve => taken.close(resolve));
	return port;
}
