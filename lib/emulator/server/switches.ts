import {z} from 'zod';
import type {ApiDefinition} from './api.ts';

/** What a switch can be set to. Each may be left out, and says what it does. */

export function yesOrNo(does: string) {
	return z.boolean().exactOptional().describe(does);
}

export function oneOf<const Names extends readonly string[]>(names: Names, does: string) {
	return z.enum(names).exactOptional().describe(does);
}

export function wholeFrom(min: number, does: string, max = Number.MAX_SAFE_INTEGER) {
	return z.number().int().min(min).max(max).exactOptional().describe(does);
}

/** A text for which `isRight` holds: `expected` says what that is. */
export function textLike(expected: string, isRight: (text: string) => boolean, does: string) {
	return z
		.string()
		.refine(isRight, {error: `expected ${expected}`})
		.exactOptional()
		.describe(does);
}

export function isPath(text: string): boolean {
	return /^(\/[\w.~-]+)*$/.test(text);
}

/** How many events share a millisecond, and how often. */
const bursts = z.strictObject({
	perThousand: wholeFrom(0, 'how many times in a thousand records 2 to 5 share a millisecond; default: 4', 100),
	longSize: wholeFrom(
		0,
		'how many records of a long burst share a millisecond: more than a page holds, so that a page ends among them; default: 250; 0: none',
	),
	longEvery: wholeFrom(
		1,
		'one long burst in so many records, in the middle of them; at least twice its size; default: 10000',
	),
});

export type Bursts = Readonly<z.output<typeof bursts>>;

/** How records come and go while they are read: before every n-th page of an API, each API by itself. */
const churn = z.strictObject({
	insertEvery: wholeFrom(
		1,
		'before every n-th page of an API there is a new record: the newest of all, and the next time a late one among the newest fifty, in turn',
	),
	removeEvery: wholeFrom(
		1,
		'before every n-th page one of the newest fifty records is deleted, the first of them before the last',
	),
	purgeEvery: wholeFrom(1, 'before every n-th page the ten oldest records are deleted, as the retention does it'),
});

export type Churn = Readonly<z.output<typeof churn>>;

/** The switches that all APIs, or several of them, look at. */
const general = {
	prettyPrint: yesOrNo('answers have line breaks and indentation'),
	gzip: yesOrNo('answers are compressed for clients that accept it'),
	linkOrigin: textLike(
		'an origin like https://api.atlassian.com',
		text => URL.canParse(text) && new URL(text).origin === text,
		"the origin of links to next pages; default: the emulator's own",
	),
	pathPrefix: textLike('a path like /proxy', isPath, 'a path that everything lies below'),
	end: oneOf(
		['null', 'absent', 'empty-page'],
		"what the last page says of a next one: null, nothing, or the way to an empty page; default: null for the organization's events, absent for others; APIs that end by another sign are not touched, nor is the events-stream",
	),
	maxLimit: wholeFrom(1, "a larger limit is cut to this; default: 10000, or the API's own where that is less"),
	cursorTtlMs: wholeFrom(0, 'cursors are refused after so many milliseconds; default: never'),
	cursorTtlRequests: wholeFrom(0, 'cursors are refused after so many requests; default: never'),
	missing: oneOf(
		['mixed', 'absent', 'null', 'empty'],
		'what members without a value look like in the events of an organization; default: mixed',
	),
	errorBody: oneOf(
		['object', 'array', 'text', 'html'],
		"the body of an error: the vendor's object, a list of it, plain text, or a page of its edge; default: object",
	),
	forbidden: yesOrNo('every request is answered with 403'),
	hiddenFractions: yesOrNo(
		'a third of the times in the events of an organization lack the fraction that the order still follows',
	),
	oddRecords: yesOrNo(
		'events of an organization with numbers beyond 2^53, 1.0, duplicate keys, integer keys out of order, __proto__',
	),
	hostileIds: yesOrNo(
		'events of an organization whose ids have slashes, dots, NUL, and pairs that differ in case only',
	),
	twinPercent: wholeFrom(
		0,
		'where records have no id: how many percent of those that share a millisecond with the one before are byte for byte like it; default: 50',
		100,
	),
	linkFilters: yesOrNo(
		"false: links to next pages lack the filters of the request; default: true; the organization's never have them",
	),
	bursts: bursts.exactOptional(),
	churn: churn.exactOptional(),
};

/**
 * What the real server does is not known in every detail: each switch changes one. Besides these there are groups of
 * single APIs, by the name of the group; they are checked at the start.
 */
export type EmulatorSwitches = Readonly<z.output<z.ZodObject<typeof general>>> & Readonly<Record<string, unknown>>;

/** The switches of all these APIs. */
export function switchesOf(apis: Iterable<ApiDefinition>): z.ZodObject {
	const groups = Array.from(apis, ({switches = {}}) => Object.entries(switches)).flat();
	return z.strictObject({
		...general,
		...Object.fromEntries(groups.map(([name, group]) => [name, group.exactOptional()])),
	});
}
