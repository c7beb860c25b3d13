import {ConfigError} from '../../model/errors.ts';
import {hash} from '../data/random.ts';

const FAULT_SALT = 40;

/** Something that goes wrong, and the requests that it goes wrong for: the first fault that applies is taken. */
export type Fault = FaultedRequests & FaultKind;

/** Which API requests, counted from 1: any of these; none of them means no request. */
export interface FaultedRequests {
	readonly at?: number | readonly number[] | 'all' | {readonly from: number; readonly to?: number};
	/** Every n-th request. */
	readonly every?: number;
	/** From 0 to 1, drawn from the seed and the request number. */
	readonly probability?: number;
}

/** What goes wrong. {@link faultHelp} says of each kind what it does. */
export type FaultKind = AnswerFault | WireFault | PageFault;

type Headers = Readonly<Record<string, string>>;

/** Another answer than the right one, sent properly. */
export type AnswerFault =
	| StatusFault
	| {readonly kind: 'html'; readonly page?: 'login' | 'maintenance'}
	| {readonly kind: 'headers'; readonly headers: Headers}
	/** With junk behind the packed body where `junk` says so. */
	| {readonly kind: 'coding'; readonly coding: string; readonly junk?: boolean}
	/** Announced unless `silent` says otherwise. */
	| {readonly kind: 'charset'; readonly charset: 'iso-8859-1' | 'utf-16'; readonly silent?: boolean}
	| {readonly kind: 'bad-record'; readonly flaw: RecordFlaw}
	| {readonly kind: 'many-records'; readonly records?: number}
	| {readonly kind: 'content-type'; readonly value: string}
	| {readonly kind: 'redirect'; readonly location: string; readonly status?: number}
	| {readonly kind: 'truncate' | 'gzip-cut'}
	| {readonly kind: 'bomb'; readonly megabytes?: number};

/** An error as the real server words it, or with these headers and this body. Dates: see `headerValue`. */
export interface StatusFault {
	readonly kind: 'status';
	readonly status: number;
	readonly headers?: Headers;
	readonly body?: string;
	readonly bodyType?: 'json' | 'html' | 'text';
	/** Only in the place of answers that hold this text: a record that the server cannot give. */
	readonly holding?: string;
}

/** A raw control character, NaN, an escape that JSON does not know, a byte that is no UTF-8. */
export type RecordFlaw = 'control' | 'nan' | 'escape' | 'byte';

/** The right answer, sent badly. */
export type WireFault =
	| {readonly kind: 'reset' | 'hang'; readonly where?: 'headers' | 'body'}
	| {readonly kind: 'short'}
	| {readonly kind: 'drip'; readonly bytesPerSecond?: number}
	| {readonly kind: 'big'; readonly megabytes?: number}
	| {readonly kind: 'delay'; readonly delayMs: number};

/**
 * A well-formed page that leads nowhere. Requests that do not ask for a page are not touched, nor are APIs that have no
 * such thing: those that page by offsets have no cursor to repeat, refuse or cycle.
 */
export type PageFault =
	| {readonly kind: 'repeat-cursor' | 'cycle-cursor' | 'renew-cursor' | 'empty-pages' | 'refuse-cursor'}
	/** Default http://127.0.0.2:9; `onlyLink` leaves the cursor out. */
	| {readonly kind: 'foreign-next'; readonly origin?: string; readonly onlyLink?: boolean};

/** What the argument of a kind stands for: undefined when it is wrong. */
type Argument = (text: string | undefined) => object | undefined;

const none: Argument = text => (text === undefined ? {} : undefined);
const word =
	(member: string, words: readonly string[], missing?: object): Argument =>
	text =>
		text === undefined ? missing : words.includes(text) ? {[member]: text} : undefined;
const number =
	(member: string, missing?: object): Argument =>
	text =>
		text === undefined ? missing : /^\d+$/.test(text) ? {[member]: Number(text)} : undefined;
const any =
	(member: string, missing?: object): Argument =>
	text =>
		text ? {[member]: text} : missing;
const headers: Argument = (text = '') => {
	const pairs = text.split(',').map(header => /^([\w-]+)=(.*)$/s.exec(header)?.slice(1));
	return pairs.every(pair => pair !== undefined) ? {headers: Object.fromEntries(pairs) as Headers} : undefined;
};
const status: Argument = (text = '') => {
	const [, code, said] = /^([2-5]\d\d)(?:,(.*))?$/s.exec(text) ?? [];
	const parsed = said === undefined ? {} : headers(said);
	return code && parsed ? {status: Number(code), ...parsed} : undefined;
};
const coding: Argument = text =>
	/^(none|identity|x?-?gzip|(raw-)?deflate|br)(, ?(none|identity|x?-?gzip|(raw-)?deflate|br))*$/i.test(text ?? '')
		? {coding: text}
		: undefined;

type Stage = 'answer' | 'wire' | 'page';

const where = word('where', ['headers', 'body'], {});

const kinds: Readonly<
	Record<FaultKind['kind'], readonly [stage: Stage, form: string, does: string, argument: Argument]>
> = {
	status: ['answer', ':N[,NAME=VALUE...]', 'an error, 200 to 599; values: date+5, date-60, epoch+5, minute+5', status],
	html: [
		'answer',
		'[:login|:maintenance]',
		'a page for people with status 200: log in, or soon over',
		word('page', ['login', 'maintenance'], {}),
	],
	headers: ['answer', ':NAME=VALUE[,...]', 'the right answer with these headers too, values as above', headers],
	coding: ['answer', ':NAMES', 'the right body, packed so: gzip, br, deflate, raw-deflate, none', coding],
	charset: [
		'answer',
		':iso-8859-1|:utf-16',
		'the right body in another charset, announced',
		word('charset', ['iso-8859-1', 'utf-16']),
	],
	'bad-record': [
		'answer',
		'[:FLAW]',
		'the first record has a raw control character; or nan, escape, byte',
		word('flaw', ['control', 'nan', 'escape', 'byte'], {flaw: 'control'}),
	],
	'many-records': [
		'answer',
		'[:N]',
		'so many empty records more (10,000,000) in a small gzip body',
		number('records', {}),
	],
	'content-type': [
		'answer',
		'[:TYPE]',
		'the right body under another type (text/plain)',
		any('value', {value: 'text/plain'}),
	],
	redirect: ['answer', ':URL', '302', any('location')],
	truncate: ['answer', '', 'half of the JSON, properly framed', none],
	'gzip-cut': ['answer', '', 'half of a gzip stream', none],
	bomb: [
		'answer',
		'[:MB]',
		'the right page and megabytes of spaces (100) as a small gzip body',
		number('megabytes', {}),
	],
	big: ['wire', '[:MB]', 'the right page and megabytes of spaces (50) as they are', number('megabytes', {})],
	short: ['wire', '', 'the connection is closed before the announced length', none],
	reset: ['wire', '[:headers|:body]', 'the connection is reset before the headers or in the body', where],
	hang: ['wire', '[:headers|:body]', 'nothing more comes', where],
	drip: ['wire', '[:BYTES]', 'so many bytes a second (1)', number('bytesPerSecond', {})],
	delay: ['wire', ':MS', 'the right answer, later', number('delayMs')],
	'refuse-cursor': ['page', '', '400 for any cursor', none],
	'repeat-cursor': ['page', '', 'the next cursor is the one that the page was asked for with', none],
	'cycle-cursor': ['page', '', 'the next cursor is the one of the page before: A, B, A, B', none],
	'renew-cursor': ['page', '', 'the next cursor is a new one for the same place', none],
	'empty-pages': ['page', '', 'no records, and a new cursor for the same place', none],
	'foreign-next': ['page', '[:ORIGIN]', 'the link to the next page is on another host', any('origin', {})],
};

/** The grammar of {@link parseFault}, for a help text. */
export const faultHelp = `A fault is kind[:argument[,argument...]]@requests, for example status:503@3,4.

Requests are counted from 1: 3 | 3,4 | 5- | 5-9 | all | every=7 | 5% (at random, by the seed).

Kinds:
${Object.entries(kinds)
	.map(([kind, [, form, does]]) => `  ${(kind + form).padEnd(28)}${does}`)
	.join('\n')}`;

export function isAnswerFault(fault: FaultKind): fault is AnswerFault {
	return kinds[fault.kind][0] === 'answer';
}

export function isWireFault(fault: FaultKind): fault is WireFault {
	return kinds[fault.kind][0] === 'wire';
}

export function isPageFault(fault: FaultKind): fault is PageFault {
	return kinds[fault.kind][0] === 'page';
}

/** The first fault that applies to a request. */
export function faultAt(faults: readonly Fault[], request: number, seed: number): Fault | undefined {
	return faults.find(
		({at, every, probability}, index) =>
			(at !== undefined && isAt(at, request)) ||
			(every !== undefined && request % every === 0) ||
			(probability !== undefined && hash(seed, FAULT_SALT + index, request) < probability * 2 ** 32),
	);
}

function isAt(at: NonNullable<FaultedRequests['at']>, request: number): boolean {
	if (at === 'all') return true;
	if (typeof at === 'number') return at === request;
	if ('from' in at) return request >= at.from && request <= (at.to ?? Infinity);
	return at.includes(request);
}

/** The fault that a text like `status:503@3,4` stands for. See {@link faultHelp}. */
export function parseFault(text: string): Fault {
	const bad = (expected: string, got = text) => new ConfigError(`fault '${text}': expected ${expected}, got '${got}'`);
	const at = text.lastIndexOf('@');
	if (at < 0) throw bad('kind[:arguments]@requests');
	const [kind = '', argument] = text.slice(0, at).split(/:(.*)/s);
	if (!Object.hasOwn(kinds, kind)) throw bad(`one of the kinds ${Object.keys(kinds).join(', ')}`, kind);
	const [, form, , argumentOf] = kinds[kind as FaultKind['kind']];
	const members = argumentOf(argument);
	if (!members) throw bad(form ? kind + form : `${kind} without an argument`, argument);
	const requests = requestsOf(text.slice(at + 1));
	if (!requests) throw bad('requests like 3 | 3,4 | 5- | 5-9 | all | every=7 | 5%', text.slice(at + 1));
	return {kind, ...members, ...requests} as Fault;
}

function requestsOf(text: string): FaultedRequests | undefined {
	if (text === 'all') return {at: 'all'};
	const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
	if (percent !== undefined) return {probability: Number(percent) / 100};
	const every = /^every=([1-9]\d*)$/.exec(text)?.[1];
	if (every !== undefined) return {every: Number(every)};
	const [, from, to] = /^([1-9]\d*)-([1-9]\d*)?$/.exec(text) ?? [];
	if (from !== undefined) return {at: {from: Number(from), ...(to !== undefined && {to: Number(to)})}};
	return /^[1-9]\d*(,[1-9]\d*)*$/.test(text) ? {at: text.split(',').map(Number)} : undefined;
}
