import type {KafkaConfig, logCreator, Producer, RecordMetadata} from 'kafkajs';
import {systemClock} from '../../lib/model/clock.ts';
import {backoffMs} from '../../lib/http/retry-after.ts';
import type {Secret} from '../../lib/options/options.ts';
import {unlessAborted} from '../_objects/bucket-retry.ts';
import {type BrokerRetry, secretReader} from '../_streams/connection.ts';
import type {Message} from '../_streams/message.ts';
import {installed} from '../_streams/package.ts';
import {failureOf, isOfProducer, isTooLarge, type KafkaFailure, kafkaError, TooLarge} from './errors.ts';

interface KafkaOptions extends BrokerRetry {
	readonly name: string;
	readonly needs: readonly string[];
	readonly topic: string;
	/** `host:port` each. */
	readonly servers: readonly string[];
	readonly tls: object | undefined;
	readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
	readonly username?: string | undefined;
	readonly password?: Secret | undefined;
	readonly timeoutMs: number;
	readonly signal: AbortSignal;
	warn(message: string): void;
}

export interface KafkaConnection {
	/** Resolves when all in-sync replicas have all of these messages; rejects with TooLarge where the topic takes them in parts only. */
	send(messages: readonly Message[]): Promise<void>;
	/** A second call does nothing. */
	close(): Promise<void>;
}

/** The longest wait for a connection. */
const maxConnectMs = 10_000;
const errorLevel = 1;

/** Connects to a cluster that has this topic. */
export async function connectKafka(options: KafkaOptions): Promise<KafkaConnection> {
	const {name, topic, signal, maxAttempts, retryBaseMs, retryMaxMs} = options;
	const {default: kafkajs} = await installed(name, options.needs, async () => import('kafkajs'));
	const secrets = secretReader(name);
	const errorOf = (error: unknown, doing: string) => kafkaError(failureOf(error, secrets.quote), doing, name, topic);
	/** The partitions that got messages of the batch that is being sent. */
	const used = new Set<number>();
	let producer: Producer | undefined;
	let sending: Promise<unknown> = Promise.resolve();
	let isClosed = false;

	const client = await createClient();
	await checkTopic();
	await checkRights();

	async function createClient() {
		const {username, password, mechanism} = options;
		const sasl = username !== undefined && password !== undefined && {username, password: await secrets.read(password)};
		return new kafkajs.Kafka({
			clientId: 'rxaudit',
			brokers: [...options.servers],
			...(options.tls ? {ssl: options.tls} : {}),
			...(sasl ? {sasl: {mechanism, ...sasl} as NonNullable<KafkaConfig['sasl']>} : {}),
			connectionTimeout: Math.min(options.timeoutMs, maxConnectMs),
			requestTimeout: options.timeoutMs,
			retry: {retries: maxAttempts - 1, initialRetryTime: retryBaseMs, maxRetryTime: retryMaxMs},
			logLevel: errorLevel,
			logCreator: logger,
		});
	}

	/** What kafkajs would write on standard error, each sentence once until there is another one. */
	function logger(): ReturnType<logCreator> {
		let last = '';
		return ({level, namespace, log: {message}}) => {
			if (level !== errorLevel || namespace === 'Connection' || message === last || isClosed) return;
			last = message;
			options.warn(`${name}: ${secrets.quote(message)}`);
		};
	}

	async function checkTopic(): Promise<void> {
		const admin = client.admin();
		try {
			await unlessAborted(
				admin.connect().then(async () => admin.fetchTopicMetadata({topics: [topic]})),
				signal,
			);
		} catch (error) {
			signal.throwIfAborted();
			throw errorOf(error, `use topic ${topic}`);
		} finally {
			await admin.disconnect().catch(() => {});
		}
	}

	/** Kafka makes a producer for who may write, to whatever topic. */
	async function checkRights(): Promise<void> {
		const opening = openProducer();
		try {
			await unlessAborted(opening, signal);
		} catch (error) {
			await dropProducer();
			// one that nobody waits for any more may still connect
			void opening.then(async made => made.disconnect()).catch(() => {});
			signal.throwIfAborted();
			throw errorOf(error, `send to topic ${topic}`);
		}
	}

	async function openProducer(): Promise<Producer> {
		const made = client.producer({
			idempotent: true,
			maxInFlightRequests: 1,
			allowAutoTopicCreation: false,
			createPartitioner() {
				const partitionOf = kafkajs.Partitioners.DefaultPartitioner();
				return message => {
					const partition = partitionOf(message);
					used.add(partition);
					return partition;
				};
			},
		});
		producer = made;
		await made.connect();
		return made;
	}

	async function sendOnce(messages: readonly Message[]): Promise<void> {
		used.clear();
		const sender = producer ?? (await openProducer());
		// no timestamp: by the time of an old event the retention would delete it at once
		const content = messages.map(({key, value, headers}) => ({key, value, headers: {...headers}}));
		assertAcknowledged(await sender.send({topic, acks: -1, timeout: options.timeoutMs, messages: content}));
	}

	/** kafkajs leaves out a partition whose leader moves to a broker that has answered already. */
	function assertAcknowledged(answers: readonly RecordMetadata[]): void {
		const taken = new Set(
			answers
				.filter(({errorCode, baseOffset}) => errorCode === 0 && Number(baseOffset) >= 0)
				.map(({partition}) => partition),
		);
		const missing = [...used].filter(partition => !taken.has(partition));
		if (used.size > 0 && missing.length === 0) return;
		throw Object.assign(new Error(`partition ${missing.join(', ')} acknowledged nothing`), {type: unacknowledged});
	}

	/** The sequence numbers of a producer that failed may stand for these messages at the broker: it gets no others. */
	async function dropProducer(): Promise<void> {
		const dropped = producer;
		producer = undefined;
		await dropped?.disconnect().catch(() => {});
	}

	return {
		async send(messages) {
			for (let attempt = 1; ; attempt++) {
				try {
					sending = sendOnce(messages);
					return await unlessAborted(sending as Promise<void>, signal);
				} catch (error) {
					signal.throwIfAborted();
					await dropProducer();
					const failure = failureOf(error, secrets.quote);
					if (isTooLarge(failure)) throw new TooLarge(failure.message);
					if (!isMended(failure) || attempt >= maxAttempts) throw errorOf(error, `send to topic ${topic}`);
					const waitMs = backoffMs(attempt - 1, {baseMs: retryBaseMs, maxMs: retryMaxMs});
					options.warn(`${name}: ${failure.message}; sending again in ${Math.round(waitMs)} ms`);
					await systemClock.sleep(waitMs, signal);
				}
			}
		},
		async close() {
			isClosed = true;
			// a try that nobody waits for any more may connect again
			void sending.catch(() => {}).then(dropProducer);
			await dropProducer();
		},
	};
}

const unacknowledged = 'UNACKNOWLEDGED';

function isMended(failure: KafkaFailure): boolean {
	return failure.type === unacknowledged || isOfProducer(failure);
}
