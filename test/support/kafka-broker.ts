import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import path from 'node:path';
import {createInterface} from 'node:readline';

export interface KafkaMessage {
	readonly key: string;
	readonly value: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly partition: number;
	readonly timestamp: number;
}

export interface KafkaBroker {
	/** `host:port,host:port`. */
	readonly brokers: string;
	/** Makes a topic; its name. Default: 4 partitions, as one has that a client only asks for. */
	createTopic(topic: string, partitions?: number): Promise<string>;
	/** All that a topic holds, by partition. */
	read(topic: string): Promise<readonly KafkaMessage[]>;
	/** The next requests to write get these error codes. */
	failProduce(...codes: readonly number[]): Promise<void>;
	/** The next requests to become a producer get these error codes. */
	failProducer(...codes: readonly number[]): Promise<void>;
	/** From now on this error code is all that is said about the topic; 0 ends it. */
	spoil(topic: string, code: number): Promise<void>;
	/** Makes another broker the leader of a partition. */
	lead(topic: string, partition: number, broker: number): Promise<void>;
	/** Takes all brokers down or up. */
	setDown(isDown: boolean): Promise<void>;
	close(): Promise<void>;
}

const script = path.join(import.meta.dirname, 'kafka-mock.py');
const python = '/usr/bin/python3';
const produce = 0;
const initProducerId = 22;

/** The brokers of librdkafka's mock cluster: Kafka's protocol over TCP, in memory. */
export async function startKafka(count = 2): Promise<KafkaBroker> {
	const child = spawn(python, [script, `${count}`], {stdio: ['pipe', 'pipe', 'pipe']});
	let said = '';
	child.stderr.on('data', (text: Buffer) => (said += text.toString()));
	child.on('error', error => (said += error.message));
	const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
	const next = async (): Promise<unknown> => {
		const {value} = (await lines.next()) as {value?: string};
		if (value !== undefined) return JSON.parse(value);
		throw new Error(`${python}: expected python3-confluent-kafka of Debian, which has librdkafka's broker: ${said}`);
	};
	let asked: Promise<unknown> = Promise.resolve();
	const ask = async (...command: readonly unknown[]): Promise<unknown> => {
		asked = asked.then(async () => {
			child.stdin.write(`${JSON.stringify(command)}\n`);
			return next();
		});
		return asked;
	};
	const brokers = (await next()) as string;
	return {
		brokers,
		async createTopic(topic, partitions = 4) {
			await ask('create', topic, partitions);
			return topic;
		},
		read: async topic => (await ask('read', topic)) as KafkaMessage[],
		async failProduce(...codes) {
			await ask('fail', produce, codes);
		},
		async failProducer(...codes) {
			await ask('fail', initProducerId, codes);
		},
		async spoil(topic, code) {
			await ask('spoil', topic, code);
		},
		async lead(topic, partition, broker) {
			await ask('lead', topic, partition, broker);
		},
		async setDown(isDown) {
			for (let broker = 1; broker <= count; broker++) await ask('down', broker, isDown);
		},
		close: () => end(child),
	};
}

async function end(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null) return;
	child.kill('SIGKILL');
	await once(child, 'exit');
}
