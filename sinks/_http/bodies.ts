import {randomUUID} from 'node:crypto';
import {parseJson} from '../../lib/http/client.ts';
import {OtherAnswer, UnreadableBody} from '../../lib/http/unreadable.ts';
import {assertNoFailure, valuesIn} from './answer.ts';
import {type BodyFormat, type ItemResult, jsonIn, lineOf, taken, textOf} from './body-format.ts';
import {pageInstead} from '../../lib/http/login.ts';
import {elastic, type ElasticOptions} from './elastic.ts';

export interface HecOptions {
	/** Default: that of the token. */
	readonly sourcetype: string | undefined;
	/** Default: that of the token. */
	readonly index: string | undefined;
}

/** Codes of a 400 about index, channel and acknowledgment, which the URL, the token and options choose. */
const aboutTarget = new Set([7, 10, 11, 14]);

/** The event endpoint of a Splunk HTTP Event Collector: objects one behind the other, their times in seconds. */
export function hec({sourcetype, index}: HecOptions): BodyFormat {
	return {
		contentType: 'application/json',
		// A token with indexer acknowledgment wants one; any other leaves it unread.
		headers: {'x-splunk-request-channel': randomUUID()},
		event(batch, at) {
			const {name, tenant} = batch.source;
			const timeMs = batch.records[at]?.timeMs;
			const time = timeMs === undefined ? undefined : timeMs / 1000;
			const head = JSON.stringify({time, host: tenant, source: name, sourcetype, index}).slice(0, -1);
			return Buffer.concat([Buffer.from(`${head},"event":`), textOf(batch, at), Buffer.from('}\n')]);
		},
		read(answer, sent) {
			const said = parseJson(answer) as {code?: number; 'invalid-event-number'?: number} | null;
			assertNoFailure(said, sent);
			if (said?.code !== 0)
				throw new OtherAnswer(`expected code 0 of an event collector, got ${shownCode(said?.code)}`);
			const invalid = said['invalid-event-number'];
			if (invalid !== undefined) {
				throw new OtherAnswer(`it says that not all was taken: "invalid-event-number": ${shownCode(invalid)}`);
			}
			return sent.map(() => taken);
		},
		judge(answer) {
			const {code = 0} = (jsonIn(answer) ?? {}) as {code?: number};
			return aboutTarget.has(code) ? 'target' : undefined;
		},
	};
}

function shownCode(code: unknown): string {
	return code === undefined ? 'none' : JSON.stringify(code).slice(0, 40);
}

export const bodyNames = ['ndjson', 'json', 'hec', 'elastic'] as const;

export type BodyName = (typeof bodyNames)[number];

/** The options that some formats alone have. */
export const optionsOf: Readonly<Record<keyof (HecOptions & ElasticOptions), readonly BodyName[]>> = {
	sourcetype: ['hec'],
	index: ['hec', 'elastic'],
	ids: ['elastic'],
};

/** The format of a name, for one run. */
export function bodyFormat(name: BodyName, options: HecOptions & ElasticOptions): BodyFormat {
	switch (name) {
		case 'hec':
			return hec(options);
		case 'elastic':
			return elastic(options);
		default:
			return {ndjson, json}[name];
	}
}

const ndjson: BodyFormat = {
	contentType: 'application/x-ndjson',
	event: lineOf,
	read: takenUnlessRefused,
};

const json: BodyFormat = {
	contentType: 'application/json',
	open: '[',
	separator: ',',
	close: ']',
	event: textOf,
	read: takenUnlessRefused,
};

/** A webhook may answer anything but a page to log in or a failure. */
function takenUnlessRefused(answer: Buffer, sent: readonly Uint8Array[]): readonly ItemResult[] {
	const page = pageInstead(answer, {'content-type': 'text/html'});
	if (page?.isLogin) throw new UnreadableBody(`${page.words} came`);
	for (const value of valuesIn(answer)) assertNoFailure(value, sent);
	return sent.map(() => taken);
}
