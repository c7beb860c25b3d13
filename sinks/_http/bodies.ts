import {contentId} from '../../lib/content-id.ts';
import {parseJson} from '../../lib/http/client.ts';
import type {Batch} from '../../lib/sink.ts';

/** How events stand in the body of a request, and what an answer says of them. */
export interface BodyFormat {
	readonly contentType: string;
	/** What stands around all events, and between two. Default: nothing. */
	readonly open?: string;
	readonly separator?: string;
	readonly close?: string;
	/** One event as it stands in the body. A view of the batch where that is all it takes. */
	event(batch: Batch, index: number): Uint8Array;
	/** Of a 2xx answer to so many events; throws where it is not the answer of such a receiver. Default: all are taken. */
	read?(answer: Buffer, count: number): readonly ItemResult[];
}

/** What became of one event. */
export interface ItemResult {
	/** As HTTP has them. */
	readonly status: number;
	readonly reason: string;
}

export const bodyNames = ['ndjson', 'json', 'hec', 'elastic'] as const;

/** The format of a name; `sourcetype` is for hec. */
export function bodyFormat(name: (typeof bodyNames)[number], sourcetype: string | undefined): BodyFormat {
	return {ndjson, json, hec: hec(sourcetype), elastic}[name];
}

const ndjson: BodyFormat = {
	contentType: 'application/x-ndjson',
	event: ({lines, ends}, index) => lines.subarray(startOf(ends, index), ends[index]),
};

const json: BodyFormat = {
	contentType: 'application/json',
	open: '[',
	separator: ',',
	close: ']',
	event: textOf,
};

/** The event endpoint of a Splunk HTTP Event Collector: objects one behind the other, their times in seconds. */
function hec(sourcetype: string | undefined): BodyFormat {
	return {
		contentType: 'application/json',
		event(batch, index) {
			const {name, tenant} = batch.source;
			const timeMs = batch.records[index]?.timeMs;
			const time = timeMs === undefined ? undefined : timeMs / 1000;
			const head = JSON.stringify({time, host: tenant, source: name, sourcetype}).slice(0, -1);
			return Buffer.concat([Buffer.from(`${head},"event":`), textOf(batch, index), Buffer.from('}\n')]);
		},
		read(answer, count) {
			const {code} = parseJson(answer) as {code?: number};
			if (code !== 0) throw new Error('it is not of an event collector');
			return Array.from({length: count}, () => taken);
		},
	};
}

/**
 * The bulk API of Elasticsearch and OpenSearch. An event is created under an id of its own, so that one that is there
 * already stays, and is not there twice.
 */
const elastic: BodyFormat = {
	contentType: 'application/x-ndjson',
	event(batch, index) {
		const {name, tenant} = batch.source;
		const record = batch.records[index];
		const identity = record?.identity ?? record?.id ?? Buffer.from(textOf(batch, index)).toString();
		const action = JSON.stringify({create: {_id: contentId([name, tenant, identity])}});
		return Buffer.concat([Buffer.from(`${action}\n`), ndjson.event(batch, index)]);
	},
	read(answer, count) {
		const {items} = parseJson(answer) as {items: readonly {create: BulkItem}[]};
		if (items.length !== count) throw new Error('it is not about as many events as were sent');
		return items.map(({create: {status, error}}) => {
			if (typeof status !== 'number') throw new Error('it lacks a status');
			const reason = [error?.type, error?.reason, error?.caused_by?.reason].filter(Boolean).join(': ');
			// 409: a document of this id is there
			return status === 409 ? taken : {status, reason};
		});
	},
};

interface BulkItem {
	readonly status?: number;
	readonly error?: {readonly type?: string; readonly reason?: string; readonly caused_by?: {readonly reason?: string}};
}

const taken: ItemResult = {status: 200, reason: ''};

/** The text of one event, without its line break. */
export function textOf({lines, ends}: Batch, index: number): Uint8Array {
	return lines.subarray(startOf(ends, index), ends[index]! - 1);
}

function startOf(ends: Uint32Array, index: number): number {
	return index === 0 ? 0 : ends[index - 1]!;
}
