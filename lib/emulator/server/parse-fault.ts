import {ConfigError} from '../../model/errors.ts';
import {faultKinds, type Fault, type FaultedRequests, type FaultKind} from './faults.ts';

/** The grammar of {@link parseFault}, for a help text. */
export const faultHelp = `A fault is kind[:argument[,argument...]]@requests, for example status:503@3,4.

Requests are counted from 1: 3 | 3,4 | 5- | 5-9 | all | every=7 | 5% (at random, by the seed).

Kinds:
  status:N[,header=value...]  an error; values may be date+5, date-60, epoch+5, minute+5 (seconds from now)
  html[:login|:maintenance]   a login page with status 200, or one that says that it is soon over
  headers:NAME=VALUE[,...]    the right answer with these headers too, values as above
  coding:NAMES                the right body, packed so: gzip, br, deflate, raw-deflate, none
  charset:NAME                the right body in iso-8859-1 or utf-16, announced
  bad-record[:FLAW]           the first record has a raw control character; or nan, escape, byte
  many-records[:N]            so many empty records more (10,000,000) in a small gzip body
  content-type[:TYPE]         the right body under another type (text/plain)
  redirect:URL                302
  truncate                    half of the JSON, properly framed
  short                       the connection is closed before the announced length
  gzip-cut                    half of a gzip stream
  bomb[:MB], big[:MB]         so many megabytes, as a small gzip body or as they are
  reset[:headers|:body]       the connection is reset before the headers or in the body
  hang[:headers|:body]        nothing more comes
  drip[:BYTES]                so many bytes a second (1)
  delay:MS                    the right answer, later
  refuse-cursor               400 ADMIN-400-1 for any cursor
  repeat-cursor, cycle-cursor the next cursor was there before
  renew-cursor                the next cursor is a new one for the same place
  empty-pages                 no events, and a next cursor
  foreign-next[:ORIGIN]       links.next on another host`;

/** The fault that a text like `status:503@3,4` stands for. See {@link faultHelp}. */
export function parseFault(text: string): Fault {
	const at = text.lastIndexOf('@');
	if (at < 0) throw bad(text, 'kind[:arguments]@requests');
	const [kind = '', rest] = text.slice(0, at).split(/:(.*)/s);
	const requests = parseRequests(text, text.slice(at + 1));
	return {...parseKind(text, kind, rest), ...requests};
}

function parseRequests(text: string, requests: string): FaultedRequests {
	if (requests === 'all') return {at: 'all'};
	const percent = /^(\d+(?:\.\d+)?)%$/.exec(requests)?.[1];
	if (percent !== undefined) return {probability: Number(percent) / 100};
	const every = /^every=([1-9]\d*)$/.exec(requests)?.[1];
	if (every !== undefined) return {every: Number(every)};
	const [, from, to] = /^([1-9]\d*)-([1-9]\d*)?$/.exec(requests) ?? [];
	if (from !== undefined) return {at: {from: Number(from), ...(to !== undefined && {to: Number(to)})}};
	if (/^[1-9]\d*(,[1-9]\d*)*$/.test(requests)) return {at: requests.split(',').map(Number)};
	throw bad(text, 'requests like 3 | 3,4 | 5- | 5-9 | all | every=7 | 5%', requests);
}

function parseKind(text: string, kind: string, rest: string | undefined): FaultKind {
	const number = (name: string) => {
		if (!/^\d+$/.test(rest ?? '')) throw bad(text, `${kind}:${name}, a number`, rest);
		return Number(rest);
	};
	const where = () => {
		if (rest === undefined) return {};
		if (rest === 'headers' || rest === 'body') return {where: rest} as const;
		throw bad(text, `${kind}, ${kind}:headers or ${kind}:body`, rest);
	};
	switch (kind) {
		case 'status':
			return parseStatus(text, rest ?? '');
		case 'reset':
		case 'hang':
			return {kind, ...where()};
		case 'bomb':
		case 'big':
			return {kind, ...(rest !== undefined && {megabytes: number('MB')})};
		case 'drip':
			return {kind, ...(rest !== undefined && {bytesPerSecond: number('BYTES')})};
		case 'delay':
			return {kind, delayMs: number('MS')};
		case 'coding':
			if (!rest) throw bad(text, 'coding:NAMES');
			return {kind, coding: rest};
		case 'charset':
			return {kind, charset: oneOf(text, kind, rest, ['iso-8859-1', 'utf-16'])};
		case 'bad-record':
			return {kind, flaw: oneOf(text, kind, rest ?? 'control', ['control', 'nan', 'escape', 'byte'])};
		case 'many-records':
			return {kind, ...(rest !== undefined && {records: number('N')})};
		case 'content-type':
			return {kind, value: rest ?? 'text/plain'};
		case 'redirect':
			if (!rest) throw bad(text, 'redirect:URL');
			return {kind, location: rest};
		case 'foreign-next':
			return {kind, ...(rest !== undefined && {origin: rest})};
		case 'html':
			if (rest === undefined) return {kind};
			if (rest === 'login' || rest === 'maintenance') return {kind, page: rest};
			throw bad(text, 'html, html:login or html:maintenance', rest);
		case 'headers':
			return {kind, headers: parseHeaders(text, (rest ?? '').split(','))};
		case 'truncate':
		case 'short':
		case 'gzip-cut':
		case 'refuse-cursor':
		case 'repeat-cursor':
		case 'cycle-cursor':
		case 'renew-cursor':
		case 'empty-pages':
			if (rest !== undefined) throw bad(text, `${kind} without an argument`, rest);
			return {kind};
		default:
			throw bad(text, `one of the kinds ${faultKinds.join(', ')}`, kind);
	}
}

function oneOf<Word extends string>(text: string, kind: string, got: string | undefined, words: readonly Word[]): Word {
	const word = words.find(one => one === got);
	if (word === undefined) throw bad(text, `${kind}:${words.join('|')}`, got);
	return word;
}

function parseStatus(text: string, rest: string): FaultKind {
	const [status = '', ...headers] = rest.split(',');
	if (!/^[2-5]\d\d$/.test(status)) throw bad(text, 'status:N with N from 200 to 599', status);
	return {kind: 'status', status: Number(status), ...(headers.length > 0 && {headers: parseHeaders(text, headers)})};
}

function parseHeaders(text: string, headers: readonly string[]): Record<string, string> {
	const pairs = headers.map(header => {
		const [, name, value] = /^([\w-]+)=(.*)$/s.exec(header) ?? [];
		if (name === undefined || value === undefined) throw bad(text, 'headers like retry-after=2', header);
		return [name, value] as const;
	});
	return Object.fromEntries(pairs);
}

function bad(text: string, expected: string, got = text): ConfigError {
	return new ConfigError(`fault '${text}': expected ${expected}, got '${got}'`);
}
