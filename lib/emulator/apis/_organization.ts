import {hole} from '../data/json.ts';
import {hash} from '../data/random.ts';
import type {RecordLog, Row, Shape} from '../data/record-log.ts';
import {adminError, type Answer} from '../server/answer.ts';
import type {Api, ApiRequest, EmulatedApi, NewRecord, RecordBounds, Route} from '../server/api.ts';
import {linkOrigin} from '../server/cursors.ts';
import type {Setting} from '../server/setting.ts';
import {eventOf} from './_organization-records.ts';

/** The organization that records name where no other is given. */
export const exampleOrg = '9a1d6c2e-0f3b-4c57-8d21-5e7f90a1b2c3';

const FRACTION_SALT = 4;
const ID_SALT = 10;
const LAG_SALT = 50;
const LATE_PERCENT = 2;
const MAX_LATE_MS = 50 * 60_000;

/** Which events: those for which all of it holds. */
export interface EventFilter extends RecordBounds {
	readonly action?: string | undefined;
	/** Ids: any of these. */
	readonly actor?: readonly string[];
	readonly ip?: readonly string[];
	/** Part of a text of the record; upper and lower case are the same. */
	readonly q?: string | undefined;
}

/** What filters ask of an event. */
export interface EventFacts {
	readonly action: string | undefined;
	readonly actor: string | undefined;
	readonly ip: string | undefined;
}

/** An event, and when the server processed it. */
export interface Processed {
	readonly row: Row<EventFacts>;
	readonly processedMs: number;
}

/** The events of an organization, which two APIs give in two orders. */
export interface OrgEvents {
	readonly log: RecordLog<EventFacts>;
	/** In the order of processing, oldest first. */
	stream(): readonly Processed[];
	processedMsOf(row: Row<EventFacts>): number;
	insert(records: readonly NewRecord[]): readonly Row<EventFacts>[];
}

/**
 * Most events are processed within a second and a half, a few of them minutes late, so that some stand out of the
 * order of their times; none later than the newest of the beginning happened.
 */
export function orgEvents(setting: Setting): OrgEvents {
	const {seed, exampleOrgId, newestMs} = setting.options;
	const {missing = 'mixed', oddRecords: odd = false, hiddenFractions = false, hostileIds = false} = setting.switches;
	/** Those that were inserted, by row. */
	const processed = new Map<number, number>();
	let sorted: {readonly rows: number; readonly events: readonly Processed[]} | undefined;
	let lastMs: number | undefined;

	const log: RecordLog<EventFacts> = setting.log({
		twinPercent: 0,
		recordOf: random => eventOf({random, orgId: exampleOrgId, missing, odd, nameOf: setting.nameOf}),
		factsOf,
		variantsOf: record => {
			const {attributes} = record as {attributes: {time: string}};
			const {time, ...rest} = attributes;
			return [{...record, attributes: {time, processedAt: hole.processed, ...rest}}];
		},
		// only where there are attributes to put it before
		textVariantsOf: text => [
			text.replace(/"attributes"\s*:\s*\{(?=\s*")/, open => `${open}"processedAt":"${hole.processed}",`),
		],
		fill(row, name) {
			if (name === hole.time) return `"${timeOf(row)}"`;
			if (name === hole.processed) return `"${new Date(processedMsOf(row)).toISOString()}"`;
			const id = idOf(row);
			return name === hole.id ? JSON.stringify(id) : `${encodeURIComponent(id.replace(/\p{Surrogate}/gu, '\ufffd'))}"`;
		},
		marksOf: row => ({id: idOf(row), time: timeOf(row)}),
	});

	function idOf({id, given}: Row<EventFacts>): string {
		return given?.id ?? (hostileIds && !given ? hostileIdOf(setting.count - id) : uuidOf(seed, id));
	}

	function timeOf({timeMs, id}: Row<EventFacts>): string {
		const isWhole = timeMs % 1000 === 0 || (hiddenFractions && hash(seed, FRACTION_SALT, id) % 3 === 0);
		return new Date(timeMs).toISOString().replace(isWhole ? /\.\d+/ : '', '');
	}

	function processedMsOf({id, timeMs}: Row<EventFacts>): number {
		return processed.get(id) ?? Math.max(timeMs, Math.min(timeMs + lagMs(id), newestMs));
	}

	function lagMs(id: number): number {
		const random = hash(seed, LAG_SALT, id);
		return random % 100 < LATE_PERCENT ? random % MAX_LATE_MS : 200 + (random % 1300);
	}

	function stream(): readonly Processed[] {
		if (sorted?.rows === log.rows().length) return sorted.events;
		const events = log.rows().map(row => ({row, processedMs: processedMsOf(row)}));
		sorted = {rows: events.length, events: events.sort(inOrder)};
		return sorted.events;
	}

	return {
		log,
		stream,
		processedMsOf,
		insert: records =>
			records.map(record => {
				lastMs ??= stream().at(-1)?.processedMs ?? -Infinity;
				const row = log.put(record);
				const processedMs = record.processedMs ?? Math.max(row.timeMs + lagMs(row.id), lastMs + 1);
				processed.set(row.id, processedMs);
				lastMs = Math.max(lastMs, processedMs);
				sorted = undefined;
				return row;
			}),
	};
}

/** The order of processing; what was processed together stands as it happened. */
export function inOrder(one: Processed, other: Processed): number {
	return one.processedMs - other.processedMs || one.row.id - other.row.id;
}

/** Whether an event matches a filter, its time aside. */
export function matcherOf({action, actor = [], ip = [], q}: EventFilter): (shape: Shape<EventFacts>) => boolean {
	const isIn = (list: readonly string[], value = '') => list.length === 0 || list.includes(value);
	const needle = q?.toLowerCase() ?? '';
	return ({facts, words}) =>
		(action === undefined || facts.action === action) &&
		isIn(actor, facts.actor) &&
		isIn(ip, facts.ip) &&
		words.includes(needle);
}

/** The API of an organization: its routes take an API key only, and know one organization where one is given. */
export function orgApi({options: {orgId}, errorBody}: Setting, routes: readonly Route[], held: EmulatedApi): Api {
	const inOrg = (route: Route): Route => ({
		...route,
		answer(request) {
			const isForeign = orgId !== undefined && request.parameters[0] !== orgId;
			return isForeign ? adminError(errorBody, '404-2') : route.answer(request);
		},
	});
	return {routes: routes.map(inOrg), auth: ['bearer'], errorOf: status => adminError(errorBody, status), held};
}

export function orgPath(resource: string): RegExp {
	return new RegExp(`^/admin/v1/orgs/([^/]+)/${resource}$`);
}

/** What a link to a resource of the organization begins with. */
export function orgLink({linkBase}: Setting, {fault, parameters}: ApiRequest, resource: string): string {
	return `${linkOrigin(fault, linkBase())}/admin/v1/orgs/${encodeURIComponent(parameters[0] ?? '')}/${resource}`;
}

/** A page of events as the Organizations API wraps it; `end` is what its last one says of a next one. */
export function orgPage(
	setting: Setting,
	request: ApiRequest,
	page: {resource: string; size: number; next: string | undefined; end?: string; records: readonly string[]},
): Answer {
	const {resource, size, next, records} = page;
	const {fault} = request;
	const isLinkOnly = fault?.kind === 'foreign-next' && fault.onlyLink;
	const isAbsent = isLinkOnly || (next === undefined && page.end === 'absent');
	const meta = {
		attributes: null,
		next: isAbsent ? undefined : (next ?? null),
		prev: null,
		// the real server gives now the size of the page, now what it could have held
		page_size: records.length % 2 === 0 ? size : records.length,
		start_index: null,
		end_index: null,
		total: records.length,
	};
	const links = next === undefined ? {} : {next: `${orgLink(setting, request, resource)}?cursor=${next}`};
	return setting.page({data: [], links, meta}, 'data', records);
}

/** The number of a time, `missing` without one, NaN for what is no time. */
export function epochMs(query: URLSearchParams, name: string, missing: number): number {
	const text = query.get(name);
	return text === null ? missing : /^\d{1,16}$/.test(text) ? Number(text) : NaN;
}

function factsOf(record: object): EventFacts {
	const {attributes} = record as {
		attributes?: {action?: string; actor?: {id?: string} | null; location?: {ip?: string} | null};
	};
	return {action: attributes?.action, actor: attributes?.actor?.id, ip: attributes?.location?.ip};
}

/** Unique, since the first group is a bijection of the number. */
function uuidOf(seed: number, id: number): string {
	const [a, b, c, d] = [0, 8, 16, 24].map(salt =>
		hash(seed, ID_SALT + salt, id)
			.toString(16)
			.padStart(8, '0'),
	);
	return `${a}-${b!.slice(0, 4)}-4${b!.slice(5)}-a${c!.slice(0, 3)}-${c!.slice(3, 7)}${d}`;
}

/** Ids that are unsafe as file names: unique, but not on a file system that folds case or normalizes. */
function hostileIdOf(row: number): string {
	const round = Math.floor(row / hostile.length);
	return hostile[row % hostile.length]!(round);
}

const hostile: readonly ((round: number) => string)[] = [
	round => `../../escape-${round}`,
	round => `A-case-${round}`,
	round => `a-case-${round}`,
	round => '.'.repeat(2 * round + 1),
	round => '.'.repeat(2 * round + 2),
	round => `/etc/${round}`,
	round => `back\\slash\\${round}`,
	round => `nul\0${round}`,
	round => `${'long-'.repeat(80)}${round}`,
	round => `żółć-文件-🦊-${round}`,
	round => `caf\u00e9-${round}`,
	round => `cafe\u0301-${round}`,
	round => `CON.${round}`,
	round => ` space and\nline break ${round} `,
	round => `%2e%2e%2f${round}`,
	round => `-rf ~ $(id) "quoted" ${round}.json`,
	round => `lone\ud800-${round}`,
];
