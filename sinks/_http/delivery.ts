import {createHash} from 'node:crypto';
import {promisify} from 'node:util';
import zlib from 'node:zlib';
import {AuthError, SinkError, SourceError} from '../../lib/model/errors.ts';
import type {ClientRequest} from '../../lib/http/request.ts';
import {type BackoffOptions, backoffMs} from '../../lib/http/retry-after.ts';
import type {Rejected, SourceRecord} from '../../lib/model/page.ts';
import type {Batch} from '../../lib/sink/sink.ts';
import {type BodyFormat, type ItemResult, textOf, type Verdict} from './body-format.ts';
import type {Receiver} from './receiver.ts';

interface DeliveryOptions {
	readonly name: string;
	readonly receiver: Receiver;
	readonly format: BodyFormat;
	readonly gzip: boolean;
	/** The largest body, before gzip; a larger event goes alone. */
	readonly maxBytes: number;
	readonly maxEvents: number;
	/** How many events in a row may be refused. */
	readonly maxRefused: number;
	/** How often events are sent at most of which the receiver takes none. */
	readonly maxAttempts: number;
	readonly backoff: BackoffOptions;
	readonly signal: AbortSignal;
}

/** Some events of a batch: what one request carries. */
interface Part {
	readonly batch: Batch;
	/** Of all events of the batch, as they stand in a body. */
	readonly texts: readonly Uint8Array[];
	readonly indexes: readonly number[];
}

const gzipped = promisify(zlib.gzip);
/** Answers about what was sent: another part of it may be taken. */
const refusals = new Set([400, 413, 422]);
const tooLarge = 413;

/**
 * Posts the batches one after the other; resolves with the events that the receiver refuses. A part is made by
 * halving alone, and a limit is only ever the size of a part that the receiver refused, so a replay cuts a batch into
 * the same parts, under the same keys.
 */
export function startDelivery(options: DeliveryOptions): (batch: Batch) => Promise<readonly Rejected[]> {
	const {name, receiver, format, maxEvents, maxRefused, maxAttempts, signal} = options;
	const {open = '', separator = '', close = ''} = format;
	let maxBytes = options.maxBytes;
	let refusedInARow = 0;

	async function post(part: Part): Promise<readonly ItemResult[]> {
		const body = bodyOf(part);
		let verdict: Verdict | undefined;
		const request: ClientRequest = {
			method: 'POST',
			path: receiver.path,
			search: receiver.search,
			headers: {
				...(await receiver.headers()),
				...format.headers,
				'content-type': format.contentType,
				...(options.gzip ? {'content-encoding': 'gzip'} : {}),
				'idempotency-key': idempotencyKeyOf(part),
			},
			body: options.gzip ? await gzipped(body) : body,
			repeatable: true,
			passing(status, answer) {
				verdict = format.judge?.(answer);
				return verdict === 'passing' || status === 409; // it is still busy with an earlier attempt of this key
			},
			parse: answer =>
				format.read(
					answer,
					part.indexes.map(index => part.texts[index]!),
				),
		};
		try {
			const {content} = await receiver.client(request, signal);
			return content as readonly ItemResult[];
		} catch (error) {
			throw verdict === 'target' && error instanceof SourceError ? wrongTarget(error.message, error) : error;
		}
	}

	function bodyOf({texts, indexes}: Part): Uint8Array {
		const between = Buffer.from(separator);
		const pieces = indexes.flatMap((index, place) => (place === 0 ? [texts[index]!] : [between, texts[index]!]));
		return Buffer.concat([Buffer.from(open), ...pieces, Buffer.from(close)]);
	}

	function bytesOf({texts, indexes}: Part): number {
		return indexes.reduce((sum, index) => sum + texts[index]!.length + separator.length, open.length + close.length);
	}

	return async batch => {
		const rejected: Rejected[] = [];
		const texts = Array.from(batch.ends, (_, index) => format.event(batch, index));
		await deliver({batch, texts, indexes: [...texts.keys()]});
		return rejected;

		async function deliver(part: Part, attempt = 1): Promise<void> {
			const {indexes} = part;
			if (indexes.length === 0) return;
			if (indexes.length > 1 && (indexes.length > maxEvents || bytesOf(part) > maxBytes)) return deliverHalves(part);
			let results: readonly ItemResult[];
			try {
				results = await post(part);
			} catch (error) {
				if (!(error instanceof SourceError) || !refusals.has(error.status ?? 0)) throw error;
				if (error.status === tooLarge) maxBytes = Math.min(maxBytes, bytesOf(part) - 1);
				if (indexes.length > 1) return deliverHalves(part);
				return refuse(indexes[0]!, error.message);
			}
			const again = indexes.filter((index, place) => isToSendAgain(index, results[place]!));
			if (again.length === 0) return;
			const isInVain = again.length === indexes.length;
			if (isInVain && attempt >= maxAttempts) throw failure(results[0]!);
			receiver.limiter.pause(backoffMs(isInVain ? attempt - 1 : 0, options.backoff));
			await deliver({...part, indexes: again}, isInVain ? attempt + 1 : 1);
		}

		async function deliverHalves({indexes, ...part}: Part): Promise<void> {
			const middle = Math.ceil(indexes.length / 2);
			await deliver({...part, indexes: indexes.slice(0, middle)});
			await deliver({...part, indexes: indexes.slice(middle)});
		}

		/** Counts what is settled with one event. */
		function isToSendAgain(index: number, result: ItemResult): boolean {
			const {status, verdict} = result;
			if (verdict === 'passing' || status === 408 || status === 429 || status >= 500) return true;
			if (verdict === 'event' || (verdict !== 'target' && refusals.has(status)))
				refuse(index, `${name}: ${said(result)}`);
			else if (status >= 300) throw failure(result);
			else refusedInARow = 0;
			return false;
		}

		/** A receiver that takes nothing is no judge of events: they must not all become dead letters. */
		function refuse(index: number, reason: string): void {
			if (++refusedInARow > maxRefused) {
				throw new SinkError(
					'SINK_FAILED',
					`${name}: ${refusedInARow} events in a row were refused, the last one so: ${reason}; ` +
						'check the URL and the form of the body; what was not taken is sent again by the next run',
				);
			}
			const {id, text} = batch.records[index] ?? {id: undefined, text: Uint8Array.from(textOf(batch, index))};
			rejected.push({...(id === undefined ? {} : {id}), text, reason});
		}
	};

	function said({status, reason}: ItemResult): string {
		return `${receiver.shown} answered ${status} for an event: ${receiver.quote(reason)}`;
	}

	function failure(result: ItemResult): Error {
		const message = `${name}: ${said(result)}`;
		const {status, verdict} = result;
		if (verdict === 'target') return wrongTarget(message);
		if (status === 401) return new AuthError('UNAUTHORIZED', message);
		if (status === 403 && verdict === undefined) return new AuthError('FORBIDDEN', message);
		return new SinkError('SINK_FAILED', verdict === 'passing' ? `${message}; tried again in vain` : message);
	}
}

function wrongTarget(message: string, cause?: unknown): SinkError {
	const advice = 'check the URL, the index option, and what the token may do';
	return new SinkError('SINK_FAILED', `${message}; ${advice}`, {cause});
}

/** The key of these events: the same in every run, and another one for their twins. */
function idempotencyKeyOf({batch, texts, indexes}: Part): string {
	const {name, tenant, unorderedLists} = batch.source;
	const hash = createHash('sha256').update(`${JSON.stringify([name, tenant])}\n`);
	for (const index of indexes) {
		const {id = '', identity = id, timeMs = 0}: Partial<SourceRecord> = batch.records[index] ?? {};
		hash.update(`${JSON.stringify([identity, timeMs])}\n`);
		// where lists come in another order each time, the same record has another text
		if (!unorderedLists) hash.update(texts[index]!);
	}
	return `"${hash.digest('hex').slice(0, 32)}"`;
}
