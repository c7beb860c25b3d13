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

export type FaultKind = AnswerFault | WireFault | PageFault;

/** Another answer than the right one, sent properly. */
export type AnswerFault =
	/** An error as the real server words it, or with these headers and this body. Dates: see `headerValue`. */
	| {
			readonly kind: 'status';
			readonly status: number;
			readonly headers?: Readonly<Record<string, string>>;
			readonly body?: string;
			readonly bodyType?: 'json' | 'html' | 'text';
			/** Only in the place of answers that hold this text: a record that the server cannot give. */
			readonly holding?: string;
	  }
	/** A page for people with status 200: one to log in (default), or one that says that it will soon be over. */
	| {readonly kind: 'html'; readonly page?: 'login' | 'maintenance'}
	/** The right answer with these headers as well. */
	| {readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>>}
	/** The right body packed in another way, as Content-Encoding says it, with junk behind it where `junk` says so. */
	| {readonly kind: 'coding'; readonly coding: string; readonly junk?: boolean}
	/** The right body in another charset, which is announced unless `silent` says otherwise. */
	| {readonly kind: 'charset'; readonly charset: 'iso-8859-1' | 'utf-16'; readonly silent?: boolean}
	/** The right body with a flaw in the first record of it, which is not JSON then, or not UTF-8. */
	| {readonly kind: 'bad-record'; readonly flaw: RecordFlaw}
	/** The right page with so many records more: `{}` each, as a small gzip body (default 10 million). */
	| {readonly kind: 'many-records'; readonly records?: number}
	/** The right body under another content type. */
	| {readonly kind: 'content-type'; readonly value: string}
	| {readonly kind: 'redirect'; readonly location: string; readonly status?: number}
	/** Half of the body with the length of that half. */
	| {readonly kind: 'truncate'}
	/** Half of a gzip stream. */
	| {readonly kind: 'gzip-cut'}
	/** A small gzip body that is the right page and megabytes of spaces (default 100). */
	| {readonly kind: 'bomb'; readonly megabytes?: number};

/** A raw control character, NaN, an escape that JSON does not know, a byte that is no UTF-8. */
export type RecordFlaw = 'control' | 'nan' | 'escape' | 'byte';

/** The right answer, sent badly. */
export type WireFault =
	/** The connection is reset before the headers (default) or in the middle of the body. */
	| {readonly kind: 'reset'; readonly where?: 'headers' | 'body'}
	/** The connection is closed in the middle of a body whose length was announced. */
	| {readonly kind: 'short'}
	/** Nothing comes any more, before the headers (default) or in the middle of the body. */
	| {readonly kind: 'hang'; readonly where?: 'headers' | 'body'}
	/** The body comes so many bytes a second (default 1). */
	| {readonly kind: 'drip'; readonly bytesPerSecond?: number}
	/** The right page and megabytes of spaces (default 50), not compressed. */
	| {readonly kind: 'big'; readonly megabytes?: number}
	| {readonly kind: 'delay'; readonly delayMs: number};

/**
 * A well-formed page that leads nowhere. Requests that do not ask for a page are not touched, nor are APIs that have no
 * such thing: those that page by offsets have no cursor to repeat, refuse or cycle.
 */
export type PageFault =
	/** The next cursor is the one that the page was asked for with. */
	| {readonly kind: 'repeat-cursor'}
	/** The next cursor is the one that the page before was asked for with: A, B, A, B. */
	| {readonly kind: 'cycle-cursor'}
	/** The next cursor is a new one for the same place. */
	| {readonly kind: 'renew-cursor'}
	/** No events, and a new cursor for the same place. */
	| {readonly kind: 'empty-pages'}
	/** The link to the next page is on another host (default http://127.0.0.2:9); `onlyLink` leaves the cursor out. */
	| {readonly kind: 'foreign-next'; readonly origin?: string; readonly onlyLink?: boolean}
	/** 400 for any cursor. */
	| {readonly kind: 'refuse-cursor'};

const stages = {
	status: 'answer',
	html: 'answer',
	headers: 'answer',
	coding: 'answer',
	charset: 'answer',
	'bad-record': 'answer',
	'many-records': 'answer',
	'content-type': 'answer',
	redirect: 'answer',
	truncate: 'answer',
	'gzip-cut': 'answer',
	bomb: 'answer',
	reset: 'wire',
	short: 'wire',
	hang: 'wire',
	drip: 'wire',
	big: 'wire',
	delay: 'wire',
	'repeat-cursor': 'page',
	'cycle-cursor': 'page',
	'renew-cursor': 'page',
	'empty-pages': 'page',
	'foreign-next': 'page',
	'refuse-cursor': 'page',
} as const satisfies Record<FaultKind['kind'], string>;

/** The names of all kinds. */
export const faultKinds: readonly string[] = Object.keys(stages);

export function isAnswerFault(fault: FaultKind): fault is AnswerFault {
	return stages[fault.kind] === 'answer';
}

export function isWireFault(fault: FaultKind): fault is WireFault {
	return stages[fault.kind] === 'wire';
}

export function isPageFault(fault: FaultKind): fault is PageFault {
	return stages[fault.kind] === 'page';
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
