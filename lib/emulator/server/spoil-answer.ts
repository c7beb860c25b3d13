import {brotliCompressSync, deflateRawSync, deflateSync, gzipSync} from 'node:zlib';
import {textAnswer, type Answer} from './answer.ts';
import type {AnswerFault, RecordFlaw} from './faults.ts';
import {headerValue} from './rate-limit.ts';

const MEGABYTE = 2 ** 20;
const BOMB_MEGABYTES = 100;
const MANY = 10_000_000;

const pages = {
	login: '<!DOCTYPE html><html><title>Log in</title><form action="/login"></form></html>',
	maintenance: '<!DOCTYPE html><html><title>Down for maintenance</title><p>Back soon</p></html>',
};
const contentTypes = {json: 'application/json', html: 'text/html', text: 'text/plain'};
const packers: Readonly<Record<string, (body: Buffer) => Buffer>> = {
	none: body => body,
	identity: body => body,
	gzip: body => gzipSync(body),
	'x-gzip': body => gzipSync(body),
	deflate: body => deflateSync(body),
	'raw-deflate': body => deflateRawSync(body),
	br: body => brotliCompressSync(body),
};
const flaws: Readonly<Record<RecordFlaw, Buffer>> = {
	control: Buffer.from('"flaw":"\v",'),
	nan: Buffer.from('"flaw":NaN,'),
	escape: Buffer.from(String.raw`"flaw":"\x41",`),
	byte: Buffer.from('"flaw":"\xe4",', 'latin1'),
};

/**
 * The answer that a fault makes of the right one. `nowMs` is what dates in headers count from, `errorOf` words errors
 * as the API does.
 */
export function spoilAnswer(
	right: Answer,
	fault: AnswerFault,
	nowMs: number,
	errorOf: (status: number) => Answer,
): Answer {
	switch (fault.kind) {
		case 'status': {
			const {status, body, bodyType = 'json', headers = {}} = fault;
			const answer = body === undefined ? errorOf(status) : textAnswer(status, body, contentTypes[bodyType]);
			return withHeaders(answer, headers, nowMs);
		}
		case 'html':
			return textAnswer(200, pages[fault.page ?? 'login'], 'text/html');
		case 'headers':
			return withHeaders(right, fault.headers, nowMs);
		case 'content-type':
			return withHeaders(right, {'content-type': fault.value}, nowMs);
		case 'redirect':
			return {...textAnswer(fault.status ?? 302, ''), headers: {location: fault.location}};
		case 'truncate':
			return {...right, body: right.body.subarray(0, right.body.length / 2)};
		case 'gzip-cut': {
			const body = gzipSync(right.body);
			return encoded(right, body.subarray(0, body.length / 2));
		}
		case 'bomb':
			return encoded(right, bomb(right.body, fault.megabytes ?? BOMB_MEGABYTES));
		case 'coding': {
			const names = fault.coding.split(',').map(name => name.trim().toLowerCase());
			const body = names.reduce((packed, name) => packers[name]!(packed), right.body);
			const whole = fault.junk ? Buffer.concat([body, Buffer.from('\r\njunk')]) : body;
			return encoded(right, whole, fault.coding.replace('raw-deflate', 'deflate'));
		}
		case 'charset': {
			const text = right.body.toString();
			const isWide = fault.charset === 'utf-16';
			const body = isWide ? Buffer.from(`\ufeff${text}`, 'utf16le') : Buffer.from(text, 'latin1');
			const type = `application/json${fault.silent ? '' : `;charset=${fault.charset}`}`;
			return {...right, headers: {...right.headers, 'content-type': type}, body};
		}
		case 'bad-record': {
			const at = firstRecord(right.body);
			return at < 0 ? right : {...right, body: inserted(right.body, at + 1, flaws[fault.flaw])};
		}
		case 'many-records': {
			const at = firstRecord(right.body);
			const more = Buffer.alloc(3 * (fault.records ?? MANY), '{},');
			return at < 0 ? right : encoded(right, gzipSync(inserted(right.body, at, more)));
		}
	}
}

function withHeaders(answer: Answer, headers: Answer['headers'], nowMs: number): Answer {
	const dated = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), headerValue(value, nowMs)]);
	return {...answer, headers: {...answer.headers, ...Object.fromEntries(dated)}};
}

function encoded(right: Answer, body: Buffer, coding = 'gzip'): Answer {
	return {...right, headers: {...right.headers, 'content-encoding': coding}, body};
}

// A gzip file may have many members, so one member of a megabyte is enough.
function bomb(body: Buffer, megabytes: number): Buffer {
	const member = gzipSync(Buffer.alloc(MEGABYTE, ' '), {level: 9});
	const members = Array.from({length: megabytes}, () => member);
	return Buffer.concat([gzipSync(body.subarray(0, -1)), ...members, gzipSync(body.subarray(-1))]);
}

function inserted(body: Buffer, at: number, more: Buffer): Buffer {
	return Buffer.concat([body.subarray(0, at), more, body.subarray(at)]);
}

/** Where the first record's opening brace is, or -1 where there is no record. */
function firstRecord(body: Buffer): number {
	const match = /\[\s*\{/.exec(body.toString('latin1'));
	return match ? match.index + match[0].length - 1 : -1;
}
