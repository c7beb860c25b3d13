import {gzipSync} from 'node:zlib';
import {textAnswer, type Answer} from './answer.ts';
import type {AnswerFault} from './faults.ts';
import {headerValue} from './header-value.ts';
import {spoilBody} from './body-faults.ts';

const MEGABYTE = 2 ** 20;
const BOMB_MEGABYTES = 100;

const loginPage = '<!DOCTYPE html><html><title>Log in</title><form action="/login"></form></html>';
const maintenancePage = '<!DOCTYPE html><html><title>Down for maintenance</title><p>Back soon</p></html>';
const contentTypes = {json: 'application/json', html: 'text/html', text: 'text/plain'};

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
			return textAnswer(200, fault.page === 'maintenance' ? maintenancePage : loginPage, 'text/html');
		case 'headers':
			return withHeaders(right, fault.headers, nowMs);
		case 'coding':
		case 'charset':
		case 'bad-record':
		case 'many-records':
			return spoilBody(right, fault);
		case 'content-type':
			return {...right, headers: {...right.headers, 'content-type': fault.value}};
		case 'redirect':
			return {...textAnswer(fault.status ?? 302, ''), headers: {location: fault.location}};
		case 'truncate':
			return {...right, body: right.body.subarray(0, right.body.length / 2)};
		case 'gzip-cut': {
			const body = gzipSync(right.body);
			return {...encoded(right), body: body.subarray(0, body.length / 2)};
		}
		case 'bomb':
			return {...encoded(right), body: bomb(right.body, fault.megabytes ?? BOMB_MEGABYTES)};
	}
}

function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>, nowMs: number): Answer {
	const dated = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), headerValue(value, nowMs)]);
	return {...answer, headers: {...answer.headers, ...Object.fromEntries(dated)}};
}

function encoded(right: Answer): Answer {
	return {...right, headers: {...right.headers, 'content-encoding': 'gzip'}};
}

// A gzip file may have many members, so one member of a megabyte is enough.
function bomb(body: Buffer, megabytes: number): Buffer {
	const member = gzipSync(Buffer.alloc(MEGABYTE, ' '), {level: 9});
	const members = Array.from({length: megabytes}, () => member);
	return Buffer.concat([gzipSync(body.subarray(0, -1)), ...members, gzipSync(body.subarray(-1))]);
}
