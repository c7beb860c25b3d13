import {z} from 'zod';
import {churnSwitches} from './churn.ts';
import {confluenceCloudSwitches} from '../apis/confluence-cloud-routes.ts';
import {crowdSwitches} from '../apis/crowd-routes.ts';
import {dataCenterSwitches} from '../apis/data-center-routes.ts';
import {streamSwitches} from '../apis/org-stream-routes.ts';
import {burstSwitches} from '../data/timeline.ts';
import {isPath, oneOf, textLike, wholeFrom, yesOrNo} from './switch-value.ts';

/** What the real server does is not known in every detail: each switch changes one. */
export const emulatorSwitches = z.strictObject({
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
	bursts: burstSwitches.exactOptional(),
	churn: churnSwitches.exactOptional(),
	stream: streamSwitches.exactOptional(),
	confluenceCloud: confluenceCloudSwitches.exactOptional(),
	dataCenter: dataCenterSwitches.exactOptional(),
	crowd: crowdSwitches.exactOptional(),
});

/** What the real server does is not known in every detail: each switch changes one. */
export type EmulatorSwitches = Readonly<z.output<typeof emulatorSwitches>>;
