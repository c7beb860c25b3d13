import assert from 'node:assert/strict';
import {describeSink} from '../../lib/testing/describe-sink.ts';
import {batchOf, type HeardContext, sinkContext, sinkError} from '../../lib/testing/sink-batch.ts';
import {AuthError, ConfigError} from '../../lib/model/errors.ts';
import type {Batch} from '../../lib/sink/sink.ts';
import kafka from '../../sinks/kafka.ts';
import {type KafkaBroker, startKafka} from '../support/kafka-broker.ts';

type Options = Parameters<typeof kafka>[0];

const notLeader = 6;
const timedOut = 7;
const tooLarge = 10;
const fewReplicas = 19;
const forbidden = 29;
const forbiddenCluster = 31;
const outOfOrder = 45;

describe('kafka', function () {
	this.timeout(20_000);
	let broker: KafkaBroker;
	let made = 0;
	before(async () => {
		broker = await startKafka();
	});
	after(() => broker.close());

	const topic = (partitions?: number) => broker.createTopic(`audit-${made++}`, partitions);
	const open = (name: string, more: Partial<Options> = {}, context: HeardContext = sinkContext()) =>
		kafka({topic: name, brokers: broker.brokers, retryBaseMs: 1, retryMaxMs: 5, ...more}).open(context);
	const events = (count: number, text?: (at: number) => string): Batch =>
		batchOf(Array.from({length: count}, (_, at) => ({id: `e${at}`, ...(text ? {text: text(at)} : {})})));
	const keysIn = async (name: string) => (await broker.read(name)).map(({key}) => key).sort();
	const keysOf = ({records}: Batch) => records.map(({id}) => id).sort();

	async function send(name: string, batch: Batch, more?: Partial<Options>, context?: HeardContext) {
		const sink = await open(name, more, context);
		try {
			return (await sink.write(batch)) ?? [];
		} finally {
			await sink.close();
		}
	}

	it('sends the line of each event under its id, with source, tenant and time beside it', async () => {
		const name = await topic();
		const text = '{"id":"é","n":12345678901234567890}';
		await send(name, batchOf([{id: 'é/1', text, timeMs: Date.UTC(2020, 1, 3, 4, 5, 6)}]));
		const [first, ...others] = await broker.read(name);
		const {timestamp, partition: _, ...message} = first!;
		assert.deepEqual(others, []);
		assert.deepEqual(message, {
			key: 'é/1',
			value: text,
			headers: {
				'rxaudit-source': 'some-source',
				'rxaudit-tenant': 'some-tenant',
				'rxaudit-time': '2020-02-03T04:05:06.000Z',
			},
		});
		assert.ok(timestamp > Date.UTC(2020, 1, 3, 4, 5, 6), 'the retention goes by when it was sent');
	});

	it('names source and tenant in the key where ids are unique within a tenant only, and goes by the identity', async () => {
		const name = await topic();
		const batch = batchOf([{id: '1'}, {id: '1'}], 'tenant');
		const records = batch.records.map((record, at) => (at === 0 ? record : {...record, identity: 'b 1'}));
		await send(name, {...batch, records});
		assert.deepEqual(await keysIn(name), ['some-source:some-tenant:1', 'some-source:some-tenant:b 1']);
	});

	it('sends a page in batches of the size that is allowed', async () => {
		const name = await topic(1);
		const batch = events(50, at => JSON.stringify({at, long: 'x'.repeat(at * 20)}));
		assert.deepEqual(await send(name, batch, {maxBytes: 1000}), []);
		assert.deepEqual(
			(await broker.read(name)).map(({key}) => key),
			batch.records.map(({id}) => id),
		);
	});

	for (const [what, code] of Object.entries({notLeader, timedOut, fewReplicas, outOfOrder})) {
		it(`tries again when a broker refuses for a while (${what}), and loses nothing`, async () => {
			const name = await topic();
			await broker.failProduce(code, code);
			assert.deepEqual(await send(name, events(20)), []);
			assert.deepEqual([...new Set(await keysIn(name))], keysOf(events(20)));
		});
	}

	it('is exact when a partition gets another leader', async () => {
		const name = await topic(1);
		const sink = await open(name);
		for (let at = 0; at < 4; at++) {
			await broker.lead(name, 0, 1 + (at % 2));
			await sink.write(batchOf([{id: `e${at}`}]));
		}
		await sink.close();
		assert.deepEqual(await keysIn(name), keysOf(events(4)));
	});

	it('misses no partition whose leader moves to a broker that has answered already', async () => {
		const name = await topic(2);
		await broker.lead(name, 0, 1);
		await broker.lead(name, 1, 2);
		const context = sinkContext();
		const sink = await open(name, {}, context);
		await sink.write(batchOf([{id: 'known'}]));
		await broker.lead(name, 1, 1);
		await sink.write(events(20));
		await sink.close();
		assert.deepEqual([...new Set(await keysIn(name))], [...keysOf(events(20)), 'known']);
		assert.match(context.warnings.join('\n'), /kafka: partition 1 acknowledged nothing; sending again/);
	});

	it('halves a batch that is too large for the topic, and gives back an event that is so alone', async () => {
		const name = await topic(1);
		// of four events: all, the half, the first
		await broker.failProduce(tooLarge, tooLarge, tooLarge);
		const [rejected, ...others] = await send(name, events(4));
		assert.deepEqual(others, []);
		assert.equal(rejected!.id, 'e0');
		assert.equal(Buffer.from(rejected!.text).toString(), '{"id":"e0"}');
		assert.match(rejected!.reason, /kafka: 11 bytes are more than topic audit-\d+ takes .*max\.message\.bytes/);
		assert.deepEqual(await keysIn(name), ['e1', 'e2', 'e3']);
	});

	it('ends the run when the brokers stay away, says so meanwhile, and goes on when they are back', async () => {
		const name = await topic();
		const context = sinkContext();
		const sink = await open(name, {maxAttempts: 2}, context);
		await sink.write(batchOf([{id: 'before'}]));
		await broker.setDown(true);
		try {
			await assert.rejects(
				async () => sink.write(batchOf([{id: 'lost'}])),
				sinkError('SINK_FAILED', /kafka: cannot send to topic audit-\d+: .*; check brokers, that they run, and tls/),
			);
			assert.match(context.warnings.join('\n'), /kafka: .*broker/i);
			await assert.rejects(open(name, {maxAttempts: 2}), sinkError('SINK_FAILED', /cannot use topic/));
		} finally {
			await broker.setDown(false);
		}
		await sink.write(batchOf([{id: 'after'}]));
		await sink.close();
		assert.deepEqual(await keysIn(name), ['after', 'before']);
	});

	it('refuses a topic that is not there, and says how one is made', async () => {
		await broker.spoil('absent', 3);
		try {
			await assert.rejects(open('absent'), sinkError('SINK_FAILED', /make the topic first: kafka-topics\.sh --create/));
		} finally {
			await broker.spoil('absent', 0);
		}
	});

	it('says which rights are missing, before anything is read where that can be asked', async () => {
		const name = await topic();
		await broker.failProducer(forbiddenCluster);
		await assert.rejects(open(name), (error: unknown) => {
			return error instanceof AuthError && error.code === 'FORBIDDEN' && /Describe and Write/.test(error.message);
		});
		await broker.failProduce(forbidden);
		await assert.rejects(send(name, events(1)), (error: unknown) => {
			return error instanceof AuthError && error.code === 'FORBIDDEN' && /Describe and Write/.test(error.message);
		});
	});

	it('gives up when the run does', async () => {
		const name = await topic();
		const giveUp = new AbortController();
		const sink = await open(name, {retryBaseMs: 60_000, retryMaxMs: 60_000}, sinkContext(undefined, giveUp.signal));
		await broker.setDown(true);
		const writing = sink.write(events(1));
		giveUp.abort(new Error('stopped'));
		await assert.rejects(async () => writing, /stopped/);
		await broker.setDown(false);
		await sink.close();
	});

	it('refuses what cannot work before anything is opened, and shows no secret', () => {
		const refused = (options: Partial<Options>, message: RegExp) =>
			assert.throws(
				() => kafka({topic: 'audit', ...options}),
				(error: unknown) =>
					error instanceof ConfigError && message.test(error.message) && !error.message.includes('s3cret'),
			);
		refused({topic: 'a/b'}, /option topic: expected up to 249 letters/);
		refused({topic: '..'}, /option topic/);
		refused({brokers: 'kafka://me:s3cret@host'}, /option brokers: .*not shown/);
		refused({brokers: 'a:1,,b'}, /option brokers: expected brokers like host:port/);
		refused({username: 'me'}, /option password: expected a user name and a password, or neither/);
		const clear = {brokers: 'kafka.example', username: 'me', password: 's3cret', tls: false};
		refused(clear, /option tls: expected true, as secrets would travel in the clear/);
		kafka({topic: 'audit', ...clear, insecure: true});
	});

	const topics = new Map<string, string>();
	describeSink(kafka, {
		ordered: false,
		options: folder => ({topic: topicOf(folder), brokers: broker.brokers, retryBaseMs: 1}),
		// what comes again is known by its key
		async read(folder) {
			const name = topicOf(folder);
			await broker.createTopic(name);
			return [...new Map((await broker.read(name)).map(({key, value}) => [key, value])).values()];
		},
	});

	function topicOf(folder: string): string {
		if (!topics.has(folder)) topics.set(folder, `conformance-${topics.size}`);
		return topics.get(folder)!;
	}
});
