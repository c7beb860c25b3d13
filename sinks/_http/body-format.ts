import type {Batch} from '../../lib/sink/sink.ts';

/** How events stand in the body of a request, and what an answer says of them. */
export interface BodyFormat {
	readonly contentType: string;
	/** Headers of each request. */
	readonly headers?: Readonly<Record<string, string>>;
	/** What stands around all events, and between two. Default: nothing. */
	readonly open?: string;
	readonly separator?: string;
	readonly close?: string;
	/** One event as it stands in the body. A view of the batch where that is all it takes. */
	event(batch: Batch, index: number): Uint8Array;
	/**
	 * What a 2xx answer says of each event that was sent. Throws where the answer is not such a receiver's, is about
	 * other events, or tells of a failure without naming the event.
	 */
	read(answer: Buffer, sent: readonly Uint8Array[]): readonly ItemResult[];
	/** The verdict of an answer that is no 2xx, where its status does not tell. */
	judge?(answer: Buffer): Verdict | undefined;
}

/**
 * What a refusal is about: `passing`, the receiver's state; `target`, where the events go; `event`, this event.
 * Without a verdict the status decides.
 */
export type Verdict = 'passing' | 'target' | 'event';

/** What became of one event. */
export interface ItemResult {
	/** As HTTP has them. */
	readonly status: number;
	readonly reason: string;
	readonly verdict?: Verdict | undefined;
}

export const taken: ItemResult = {status: 200, reason: ''};

/** The text of one event, without its line break. */
export function textOf({lines, ends}: Batch, index: number): Uint8Array {
	return lines.subarray(startOf(ends, index), ends[index]! - 1);
}

/** The text of one event, with its line break. */
export function lineOf({lines, ends}: Batch, index: number): Uint8Array {
	return lines.subarray(startOf(ends, index), ends[index]);
}

/** The JSON that a body holds; undefined where it holds none. */
export function jsonIn(body: Buffer): unknown {
	try {
		return JSON.parse(body.toString());
	} catch {
		return undefined;
	}
}

function startOf(ends: Uint32Array, index: number): number {
	return index === 0 ? 0 : ends[index - 1]!;
}
