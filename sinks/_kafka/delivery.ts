import type {Rejected} from '../../lib/model/page.ts';
import {type Message, rejectedOf} from '../_streams/message.ts';
import {TooLarge} from './errors.ts';

interface DeliveryOptions {
	readonly name: string;
	readonly topic: string;
	/** The largest batch; a larger event goes alone. */
	readonly maxBytes: number;
	/** Resolves when all are acknowledged; rejects with {@link TooLarge} where they are too large together. */
	send(messages: readonly Message[]): Promise<void>;
}

/** What a record takes beside key, value and headers, at most. */
const overheadBytes = 64;

/** Sends messages in batches that the topic takes, one after the other; resolves with those that are too large alone. */
export function startDelivery({name, topic, send, ...options}: DeliveryOptions) {
	let maxBytes = options.maxBytes;

	return async (messages: readonly Message[]): Promise<readonly Rejected[]> => {
		const rejected: Rejected[] = [];
		for (let at = 0; at < messages.length;) {
			const batch = messages.slice(at, at + countWithin(messages, at, maxBytes));
			try {
				await send(batch);
				at += batch.length;
			} catch (error) {
				if (!(error instanceof TooLarge)) throw error;
				if (batch.length > 1) {
					maxBytes = Math.ceil(bytesOf(batch) / 2);
					continue;
				}
				const [message] = batch;
				const size = `${message!.value.length} bytes are more than topic ${topic} takes`;
				rejected.push(rejectedOf(message!, `${name}: ${size} (${error.message}); raise its max.message.bytes`));
				at++;
			}
		}
		return rejected;
	};
}

/** How many messages from there on are a batch of that size; one at least. */
function countWithin(messages: readonly Message[], from: number, maxBytes: number): number {
	let bytes = 0;
	let count = 0;
	while (from + count < messages.length) {
		bytes += bytesOf([messages[from + count]!]);
		if (bytes > maxBytes && count > 0) break;
		count++;
	}
	return count;
}

function bytesOf(messages: readonly Message[]): number {
	return messages.reduce((sum, {key, value, headers}) => {
		const texts = [key, ...Object.entries(headers).flat()];
		return sum + value.length + overheadBytes + texts.reduce((bytes, text) => bytes + Buffer.byteLength(text), 0);
	}, 0);
}
