import {z} from 'zod';
import {defineSink} from '../lib/sink/define-sink.ts';
import {ConfigError} from '../lib/model/errors.ts';
import {wholeNumber} from '../lib/options/options.ts';
import {connectKafka} from './_kafka/connect.ts';
import {startDelivery} from './_kafka/delivery.ts';
import {brokerOptions, checkUser, encryptionOf, serversIn} from './_streams/connection.ts';
import {messagesOf} from './_streams/message.ts';

const name = 'kafka';
const needs = ['kafkajs'];

/**
 * Sends each event as a message to a topic of Kafka; a write resolves when all in-sync replicas have acknowledged it.
 *
 * It is at least once, since no topic can be cut: after a kill the page that was being sent comes again, under the same
 * keys. Needs `npm install kafkajs`.
 */
export default defineSink({
	name,
	docs:
		'Sends events to a topic of Kafka, kafka:TOPIC?brokers=HOST:PORT,HOST:PORT, one message each. ' +
		'At least once: what a killed run had sent and not committed (a page, where this is the only sink) comes again. The key ' +
		"is the event's id (SOURCE:TENANT:ID where ids are unique within a tenant only), so that compaction or a consumer keeps " +
		'one. A write is over when all in-sync replicas have it (acks all, idempotent producer): events are as durable as ' +
		"replication.factor and min.insync.replicas of the topic make them, and stay for as long as its retention says. The value is the event's line, the headers rxaudit-source, " +
		'rxaudit-tenant and rxaudit-time say where and when it occurred. Events of a partition are in order, but for those that came again. ' +
		'An event larger than the topic takes is a dead letter. The topic must exist. ' +
		'User and password: username=NAME and password-file=FILE, or RXAUDIT_KAFKA_PASSWORD. ' +
		'Needs npm install kafkajs. ' +
		"Example: rxaudit pull atlassian-org-events --org-id ORG --to 'kafka:audit?brokers=kafka.example:9093' --state kafka.state",
	target: 'topic',
	options: z.object({
		topic: z.string().min(1).describe('the topic, which must exist'),
		brokers: z
			.string()
			.min(1)
			.default('localhost:9092')
			.describe('where to ask for the brokers of the cluster: host:port, several with commas between them'),
		...brokerOptions,
		mechanism: z
			.enum(['plain', 'scram-sha-256', 'scram-sha-512'])
			.default('scram-sha-512')
			.describe('how user and password are presented: plain, scram-sha-256 or scram-sha-512'),
		maxBytes: wholeNumber(1, 1_073_741_824)
			.default(900_000)
			.describe(
				'the largest batch of messages that is sent at once, in bytes; a larger event goes alone; ' +
					'it halves by itself where the topic takes less (max.message.bytes)',
			),
	}),
	create({topic, brokers, maxBytes, ...options}) {
		if (!/^[\w.-]{1,249}$/.test(topic) || /^\.\.?$/.test(topic)) {
			const expected = 'up to 249 letters, digits, dots, _ and -';
			throw ConfigError.of(name, [{option: 'topic', expected, got: JSON.stringify(topic)}]);
		}
		checkUser(name, options);
		const servers = serversIn(name, 'brokers', brokers, 9092);
		const encryption = encryptionOf(name, servers, options, options.password !== undefined);
		return {
			target: topic,
			needs,
			opensUnchanged: true,
			commitSize: {pages: 1},
			async open({signal, warn}) {
				if (encryption.warning !== undefined) warn(encryption.warning);
				const connection = await connectKafka({
					...options,
					name,
					needs,
					topic,
					servers,
					tls: encryption.tls,
					signal,
					warn,
				});
				const deliver = startDelivery({name, topic, maxBytes, send: connection.send});
				return {
					write: async batch => deliver(messagesOf(batch)),
					flush: async () => ({}),
					close: connection.close,
				};
			},
		};
	},
});
