import {SinkError} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import type {Batch, SinkContext} from '../sink/sink.ts';

export interface TestEvent {
	readonly id: string;
	/** One line; default: JSON of the id. */
	readonly text?: string;
	readonly timeMs?: number;
}

/** A batch as the pipeline makes it. */
export function batchOf(given: readonly TestEvent[], ids: 'global' | 'tenant' = 'global'): Batch {
	const texts = given.map(({id, text}) => text ?? JSON.stringify({id}));
	const ends: number[] = [];
	for (const text of texts) ends.push((ends.at(-1) ?? 0) + Buffer.byteLength(text) + 1);
	return {
		events: given,
		records: given.map(({id, timeMs = Date.UTC(2026, 0, 2)}, index) => ({
			id,
			timeMs,
			orderMs: timeMs,
			wholeSecond: false,
			text: Buffer.from(texts[index]!),
			value: {id},
		})),
		lines: Buffer.from(texts.map(text => `${text}\n`).join('')),
		ends: Uint32Array.from(ends),
		source: {name: 'some-source', tenant: 'some-tenant', ids},
	};
}

/** A context that keeps what it is told. */
export type HeardContext = SinkContext & {readonly warnings: string[]; readonly notes: string[]};

export function sinkContext(resume?: Json, signal: AbortSignal = new AbortController().signal): HeardContext {
	const warnings: string[] = [];
	const notes: string[] = [];
	return {
		resume,
		signal,
		warnings,
		notes,
		warn: message => void warnings.push(message),
		note: message => void notes.push(message),
	};
}

/** For `assert.rejects`: a SinkError of this code whose message matches. */
export function sinkError(code: string, message = /./): (error: unknown) => boolean {
	return error => error instanceof SinkError && error.code === code && message.test(error.message);
}
