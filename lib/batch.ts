import {reasonOf} from './errors.ts';
import type {Page, Rejected} from './page.ts';
import type {Batch} from './sink.ts';

/** A page as sinks take it, and the events that could not be written as JSON. Each event is serialized once. */
export function toBatch(page: Page): {batch: Batch; rejected: readonly Rejected[]} {
	const {name, tenant, ids} = page.source;
	const source = {name, tenant, ids};
	if (page.verbatim && page.events.every((event, index) => event === page.records[index]!.value)) {
		return {batch: {events: page.events, records: page.records, ...ownTexts(page), source}, rejected: []};
	}
	const rejected: Rejected[] = [];
	const texts: string[] = [];
	const written: number[] = [];
	for (const [index, event] of page.events.entries()) {
		try {
			const text = JSON.stringify(event) as string | undefined;
			if (text === undefined) throw new TypeError(`a ${typeof event} has no JSON`);
			texts.push(text);
			written.push(index);
		} catch (error) {
			const {id, text} = page.records[index]!;
			rejected.push({id, text, reason: `cannot be written as JSON: ${reasonOf(error)}`});
		}
	}
	const all = rejected.length === 0;
	const events = all ? page.events : written.map(index => page.events[index]);
	const records = all ? page.records : written.map(index => page.records[index]!);
	return {batch: {events, records, ...join(texts), source}, rejected};
}

function ownTexts(page: Page): Pick<Batch, 'lines' | 'ends'> {
	const {records} = page;
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

function join(texts: readonly string[]): Pick<Batch, 'lines' | 'ends'> {
	const joined = texts.length === 0 ? '' : `${texts.join('\n')}\n`;
	const lines = Buffer.from(joined, 'utf8');
	const oneByteEach = lines.length === joined.length;
	const ends = new Uint32Array(texts.length);
	let bytes = 0;
	for (const [index, text] of texts.entries()) {
		ends[index] = bytes += (oneByteEach ? text.length : Buffer.byteLength(text)) + 1;
	}
	return {lines, ends};
}
