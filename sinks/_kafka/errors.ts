import {type AuditError, AuthError, SinkError} from '../../lib/model/errors.ts';
import {member, text} from '../_objects/bucket-retry.ts';

/** The topic does not take these messages together. */
export class TooLarge extends Error {
	override name = 'TooLarge';
}

/** What is known of something that kafkajs threw. */
export interface KafkaFailure {
	/** For people. */
	readonly message: string;
	/** The name of Kafka's error code, for example `MESSAGE_TOO_LARGE`, or that of kafkajs's class. */
	readonly type: string;
}

/** About the sequence numbers of a producer: another producer begins with its own. */
const ofProducer = new Set([
	'OUT_OF_ORDER_SEQUENCE_NUMBER',
	'DUPLICATE_SEQUENCE_NUMBER',
	'UNKNOWN_PRODUCER_ID',
	'INVALID_PRODUCER_EPOCH',
	'INVALID_PRODUCER_ID_MAPPING',
]);
const tooLarge = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const unauthorized = new Set(['KafkaJSSASLAuthenticationError', 'SASL_AUTHENTICATION_FAILED', 'ILLEGAL_SASL_STATE']);
const unsupported = 'UNSUPPORTED_SASL_MECHANISM';

/** The innermost of the errors that kafkajs wraps into each other. */
export function failureOf(error: unknown, quote: (text: string) => string): KafkaFailure {
	let inner = error;
	while (member(inner, 'cause') instanceof Error) inner = member(inner, 'cause');
	const type = text(member(inner, 'type')) || text(member(inner, 'name'));
	return {type, message: quote(text(member(inner, 'message')))};
}

export function isOfProducer({type}: KafkaFailure): boolean {
	return ofProducer.has(type);
}

export function isTooLarge({type}: KafkaFailure): boolean {
	return tooLarge.has(type);
}

/** What a failure becomes for the world; `doing` as in "send to topic audit". */
export function kafkaError({type, message}: KafkaFailure, doing: string, name: string, topic: string): AuditError {
	const said = `${name}: cannot ${doing}: ${message}`;
	if (unauthorized.has(type)) {
		return new AuthError('UNAUTHORIZED', `${said}; check username, password and mechanism`);
	}
	if (type.endsWith('_AUTHORIZATION_FAILED')) {
		const rights = `the rights Describe and Write on topic ${topic}, and IdempotentWrite on the cluster before Kafka 2.8`;
		return new AuthError('FORBIDDEN', `${said}; give the user ${rights}`);
	}
	return new SinkError('SINK_FAILED', `${said}${adviceOf(type, message, topic)}`);
}

function adviceOf(type: string, message: string, topic: string): string {
	if (type === 'UNKNOWN_TOPIC_OR_PARTITION') {
		return `; make the topic first: kafka-topics.sh --create --topic ${topic} --bootstrap-server HOST:PORT`;
	}
	if (type === unsupported || /mechanism/i.test(message)) return '; check mechanism';
	if (type.startsWith('NOT_ENOUGH_REPLICAS')) return '; fewer replicas are in sync than min.insync.replicas wants';
	if (/certificate/i.test(message)) return '; check ca-file, with its authority, and the host in brokers';
	if (type.startsWith('KafkaJSConnection')) {
		return '; check brokers, that they run, and tls; what was not acknowledged is sent again by the next run';
	}
	return '';
}
