import {reasonOf} from '../model/errors.ts';
import {isOwn} from '../model/own-record.ts';
import type {Page, Rejected, SourceRecord} from '../model/page.ts';
import type {Batch} from '../sink/sink.ts';

/** A page as sinks take it, and the events that could not be written as JSON. Each event is serialized once. */
export function toBatch(page: Page): {batch: Batch; rejected: readonly Rejected[]} {
	const {name, tenant, ids, unorderedLists} = page.source;
	const source = {name, tenant, ids, unorderedLists};
	const {records} = page;
	if (page.verbatim && page.entries.every(isOwn)) {
		let events: readonly unknown[] | undefined;
		const batch = {
			...ownTexts(records),
			records,
			source,
			// most sinks never ask, and each event would have to be parsed
			get events() {
				return (events ??= page.events);
			},
		};
		return {batch, rejected: []};
	}
	const {events} = page;
	const rejected: Rejected[] = [];
	const written: number[] = [];
	const writer = new LineWriter(records);
	for (const [index, event] of events.entries()) {
		try {
			const text = JSON.stringify(event) as string | undefined;
			if (text === undefined) throw new TypeError(`a value of type ${typeof event} has no JSON`);
			writer.add(text);
			written.push(index);
		} catch (error) {
			const {id, text} = records[index]!;
			rejected.push({id, text, reason: `cannot be written as JSON: ${reasonOf(error)}`});
		}
	}
	const kept = <V>(list: readonly V[]) => (rejected.length === 0 ? list : written.map(index => list[index]!));
	return {batch: {events: kept(events), records: kept(records), ...writer.finish(), source}, rejected};
}

function ownTexts(records: readonly SourceRecord[]): Pick<Batch, 'lines' | 'ends'> {
	const ends = new Uint32Array(records.length);
	let bytes = 0;
	for (const [index, {text}] of records.entries()) ends[index] = bytes += text.length + 1;
	const lines = Buffer.allocUnsafe(bytes);
	for (const [index, {text}] of records.entries()) {
		lines.set(text, ends[index]! - text.length - 1);
		lines[ends[index]! - 1] = 0x0a;
	}
	return {lines, ends};
}

/** Encodes lines one by one into one buffer, so that each string can be collected as soon as it is written. */
class LineWriter {
	#lines: Buffer;
	readonly #ends: Uint32Array;
	#bytes = 0;
	#count = 0;

	constructor(records: readonly SourceRecord[]) {
		let bytes = 0;
		// the record's text as a JSON string inside a common record, or in a schema, is about this much larger
		for (const {text} of records) bytes += text.length * 1.3 + 2048;
		this.#lines = Buffer.allocUnsafe(Math.ceil(bytes));
		this.#ends = new Uint32Array(records.length);
	}

	add(text: string): void {
		if (this.#lines.length - this.#bytes < text.length * 3 + 1) this.#grow(Buffer.byteLength(text) + 1);
		this.#bytes += this.#lines.write(text, this.#bytes);
		this.#lines[this.#bytes++] = 0x0a;
		this.#ends[this.#count++] = this.#bytes;
	}

	finish(): Pick<Batch, 'lines' | 'ends'> {
		return {lines: this.#lines.subarray(0, this.#bytes), ends: this.#ends.subarray(0, this.#count)};
	}

	#grow(needed: number): void {
		if (this.#lines.length - this.#bytes >= needed) return;
		const grown = Buffer.allocUnsafe(Math.max(this.#lines.length * 2, this.#bytes + needed));
		this.#lines.copy(grown, 0, 0, this.#bytes);
		this.#lines = grown;
	}
}
