import type {PubAck} from '@nats-io/jetstream';
import {SinkError} from '../../lib/model/errors.ts';
import type {Rejected} from '../../lib/model/page.ts';
import {unlessAborted} from '../_objects/bucket-retry.ts';
import {type Message, rejectedOf} from '../_streams/message.ts';
import type {NatsOptions, NatsTarget} from './connect.ts';
import {type NatsFailure, natsError} from './errors.ts';
import {backOff} from './retry.ts';

/** How much may be without an acknowledgment. */
const maxUnacknowledged = {messages: 256, bytes: 1024 * 1024};

/** What became of a message: `undefined` where the stream has it. */
type Outcome = NatsFailure | undefined;

/** Publishes messages to the stream; resolves, when it has all others, with those that it does not take. */
export function startDelivery(options: NatsOptions, {stream, jetstream, headers, failureOf}: NatsTarget) {
	const {name, subject, signal, maxAttempts} = options;
	const streamName = stream.config.name;
	let duplicates = 0;

	async function publish({key, value, headers: given}: Message): Promise<Outcome> {
		try {
			const own = headers();
			for (const [header, text] of Object.entries(given)) own.set(header, plain(text));
			const how = {msgID: plain(key), headers: own, expect: {streamName}};
			assertTaken(await jetstream.publish(subject, value, how));
			return undefined;
		} catch (error) {
			if (error instanceof SinkError) throw error;
			return failureOf(error);
		}
	}

	/** Throws for an acknowledgment that does not say that this stream has the message. */
	function assertTaken(ack: PubAck): void {
		if (ack.stream !== streamName || !Number.isSafeInteger(ack.seq) || ack.seq < 1) {
			const got = JSON.stringify({stream: ack.stream, seq: ack.seq});
			throw new SinkError(
				'SINK_FAILED',
				`${name}: expected an acknowledgment of stream ${streamName} with a sequence, got ${got}`,
			);
		}
		if (ack.duplicate) duplicates++;
	}

	async function deliverPart(messages: readonly Message[]): Promise<Rejected[]> {
		const rejected: Rejected[] = [];
		let failed = 0;
		for (let left = messages; left.length > 0;) {
			const outcomes = await unlessAborted(Promise.all(left.map(publish)), signal);
			const again: Message[] = [];
			let failure: NatsFailure | undefined;
			for (const [at, outcome] of outcomes.entries()) {
				if (outcome?.verdict === 'event') rejected.push(tooLarge(left[at]!, outcome));
				else if (outcome) {
					again.push(left[at]!);
					if (failure?.verdict !== 'final') failure = outcome;
				}
			}
			failed = again.length < left.length ? 0 : failed + 1;
			left = again;
			if (failure === undefined) break;
			if (failure.verdict === 'final' || failed >= maxAttempts) throw errorOf(failure);
			await backOff(options, Math.max(failed, 1), failure);
		}
		return rejected;
	}

	function errorOf(failure: NatsFailure): Error {
		return natsError(failure, `send to ${subject}`, name, subject);
	}

	function tooLarge(message: Message, failure: NatsFailure): Rejected {
		const size = `${message.value.length} bytes are more than the server or stream ${streamName} takes`;
		return rejectedOf(
			message,
			`${name}: ${size} (${failure.message}); raise max_payload, or max_msg_size of the stream`,
		);
	}

	return {
		async deliver(messages: readonly Message[]): Promise<readonly Rejected[]> {
			const rejected: Rejected[] = [];
			for (const part of parts(messages)) rejected.push(...(await deliverPart(part)));
			return rejected;
		},
		/** How many events the stream had already; counts from the last call on. */
		takeDuplicates(): number {
			const count = duplicates;
			duplicates = 0;
			return count;
		},
	};
}

function* parts(messages: readonly Message[]): Generator<readonly Message[]> {
	let begin = 0;
	let bytes = 0;
	for (const [at, {value}] of messages.entries()) {
		const isFull = at - begin >= maxUnacknowledged.messages || bytes + value.length > maxUnacknowledged.bytes;
		if (isFull && at > begin) {
			yield messages.slice(begin, at);
			begin = at;
			bytes = 0;
		}
		bytes += value.length;
	}
	if (begin < messages.length) yield messages.slice(begin);
}

/** As a header takes it: all but visible ASCII is percent-encoded, so that two texts never become one. */
export function plain(text: string): string {
	return text.replace(/[^!-$&-~]/gu, char =>
		/\p{Surrogate}/u.test(char) ? `%u${char.charCodeAt(0).toString(16)}` : encodeURIComponent(char),
	);
}
