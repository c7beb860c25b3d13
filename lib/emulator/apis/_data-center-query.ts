import {type Place, type RecordLog, type Shape, type Row} from '../data/record-log.ts';
import type {AuditFacts} from './_data-center-records.ts';

const MAX_INT = 2 ** 31 - 1;
const MAX_LIMIT = 100_000;
const MAX_JSON_LIMIT = 10_000;
const DEFAULT_LIMIT = 200;
const MAX_USER_ID_LENGTH = 200;
const MAX_SEARCH_LENGTH = 100;

/** What a request to the auditing API asks for. */
export interface AuditQuery {
	readonly from: number;
	readonly to: number;
	readonly behind: Place | undefined;
	readonly offset: number;
	readonly limit: number;
	readonly scanLimit: number;
	readonly csv: boolean;
	/** Empty: any. */
	readonly userIds: readonly string[];
	readonly categories: readonly string[];
	readonly actions: readonly string[];
	/** Groups of `type,id`: one of each group is affected. */
	readonly affected: readonly (readonly string[])[];
	/** Parts of texts, any of them. */
	readonly words: readonly string[];
}

export interface ValidationError {
	readonly key: string;
	readonly message: string;
}

/** By the name of an output format. */
const isCsv = new Map([
	['csv', true],
	['json', false],
]);

const messages = {
	'from.invalid': "'from' timestamp is invalid",
	'to.invalid': "'to' timestamp is invalid",
	'offset.not.number': 'Offset should be a number',
	// its key is that of another parameter, see below
	'offset.negative': 'Offset should be greater than or equal to 0',
	'offset.too.large': 'Offset is too large',
	'cursor.invalid': 'Cursor format is invalid. Should be two numbers delimited by ,',
	'limit.not.number': 'Limit should be a number',
	'limit.small': "Limit can't exceed 100 000",
	'limit.page.size': 'Maximum allowed page size is 10000',
	'user.ids.invalid': 'User ids are invalid',
	'categories.empty': 'Categories are empty',
	'actions.empty': 'Actions are empty',
	license: 'categories and actions are only supported for Datacenter license.',
	'affected.objects.invalid': 'Affected objects are invalid. Should be type,id delimited by ;',
	'search.too.long': 'Search is too long',
	format: 'Format should be either csv or json',
	'scan.limit.not.number': 'Scan limit should be a number',
	'scan.limit.too.large': 'Scan limit is too large',
};

/**
 * Reads the parameters of a search, or says all that is wrong with them. `licensed` for Data Center; a server licence
 * knows no categories and actions. Without `to` a search ends at `nowMs`.
 */
export function parseAuditQuery(
	query: URLSearchParams,
	licensed: boolean,
	nowMs: number,
): AuditQuery | readonly ValidationError[] {
	const wrong: (keyof typeof messages)[] = [];
	/** A parameter, read where it is given; `undefined` from `read` makes it wrong. */
	function given<T>(name: string, missing: T, error: keyof typeof messages, read: (text: string) => T | undefined): T {
		const text = query.get(name);
		if (text === null) return missing;
		const value = read(text);
		if (value === undefined) wrong.push(error);
		return value ?? missing;
	}
	const integer = (text: string) => (/^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined);
	const list = (text: string) => (text.split(',').some(item => item === '') ? undefined : text.split(','));
	const licensedList = (name: 'categories' | 'actions') => {
		if (query.has(name) && !licensed) wrong.push('license');
		return given(name, [], `${name}.empty`, list);
	};

	const parsed: AuditQuery = {
		from: given('from', 0, 'from.invalid', parseInstant),
		to: given('to', nowMs, 'to.invalid', parseInstant),
		behind: given<Place | undefined>('pageCursor', undefined, 'cursor.invalid', parseCursor),
		offset: given('offset', 0, 'offset.not.number', integer),
		limit: given('limit', DEFAULT_LIMIT, 'limit.not.number', integer),
		scanLimit: given('scanLimit', MAX_INT, 'scan.limit.not.number', integer),
		csv: given('outputFormat', false, 'format', text => isCsv.get(text)),
		userIds: given('userIds', [], 'user.ids.invalid', text =>
			list(text)?.some(id => id.length > MAX_USER_ID_LENGTH) ? undefined : list(text),
		),
		categories: licensedList('categories'),
		actions: licensedList('actions'),
		affected: given('affectedObject', [], 'affected.objects.invalid', parseAffected),
		words: given('search', [], 'search.too.long', text =>
			text.length > MAX_SEARCH_LENGTH ? undefined : text.toLowerCase().split(/\s+/).filter(Boolean),
		),
	};
	if (parsed.offset < 0) wrong.push('offset.negative');
	if (parsed.offset > MAX_INT) wrong.push('offset.too.large');
	if (parsed.limit < 1 || parsed.limit > MAX_LIMIT) wrong.push('limit.small');
	else if (parsed.limit > MAX_JSON_LIMIT && !parsed.csv) wrong.push('limit.page.size');
	if (parsed.scanLimit < 1 || parsed.scanLimit > MAX_INT) wrong.push('scan.limit.too.large');
	return wrong.length === 0 ? parsed : wrong.map(validationError);
}

/** What is said of a cursor that is none. */
export const cursorInvalid = validationError('cursor.invalid');

function validationError(name: keyof typeof messages): ValidationError {
	return {key: `validation.error.${name === 'offset.negative' ? 'to.invalid' : name}`, message: messages[name]};
}

/** A time as Java's `Instant.parse` takes it: with seconds, in UTC, never with an offset. */
function parseInstant(text: string): number | undefined {
	const timeMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text) ? Date.parse(text) : NaN;
	return Number.isNaN(timeMs) ? undefined : timeMs;
}

function parseCursor(text: string): Place | undefined {
	const [, timeMs, id] = /^(-?\d+),(\d+)$/.exec(text) ?? [];
	return id === undefined ? undefined : {timeMs: Number(timeMs), id: Number(id)};
}

function parseAffected(text: string): readonly (readonly string[])[] | undefined {
	const groups = new Map<string, string[]>();
	for (const object of text.split(';')) {
		const [type = '', id = '', ...more] = object.split(',');
		if (type === '' || id === '' || more.length > 0) return undefined;
		groups.set(type, [...(groups.get(type) ?? []), object]);
	}
	return [...groups.values()];
}

/** The rows that a search finds, newest first. The offset counts from behind the cursor. */
export function searchLog(log: RecordLog<AuditFacts>, query: AuditQuery): readonly Row<AuditFacts>[] {
	const {behind, offset, scanLimit, ...rest} = query;
	const following = log.select({...rest, behind}, asks(rest) ? shape => matches(shape, rest) : undefined);
	const lowest = scanLimit < log.rows().length ? lowestScanned(log.select(rest), scanLimit) : 0;
	const scanned = lowest > 0 ? following.filter(({id}) => id >= lowest) : following;
	return offset > 0 ? scanned.slice(offset) : scanned;
}

type Filter = Pick<AuditQuery, 'userIds' | 'categories' | 'actions' | 'affected' | 'words'>;

function asks({userIds, categories, actions, affected, words}: Filter): boolean {
	return [userIds, categories, actions, affected, words].some(list => list.length > 0);
}

function matches({facts, words}: Shape<AuditFacts>, filter: Filter): boolean {
	const isIn = (list: readonly string[], values: readonly (string | undefined)[]) =>
		list.length === 0 || values.some(value => value !== undefined && list.includes(value));
	return (
		isIn(filter.userIds, [facts.userId]) &&
		isIn(filter.categories, facts.categories) &&
		isIn(filter.actions, facts.actions) &&
		filter.affected.every(group => isIn(group, facts.objects)) &&
		(filter.words.length === 0 || filter.words.some(word => words.includes(word)))
	);
}

/** The lowest row id among the newest `count` ones. */
function lowestScanned(rows: readonly Row<AuditFacts>[], count: number): number {
	const ids = Float64Array.from(rows, ({id}) => id).sort();
	return ids[Math.max(0, ids.length - count)] ?? 0;
}
