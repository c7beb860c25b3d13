import {adminError, jsonAnswer, type AdminErrorCode, type Answer, type ErrorBody} from '../server/answer.ts';
import {createByteWriter} from '../data/byte-writer.ts';
import {formatCursor, parseCursor} from '../data/cursor.ts';
import {type CursorLife, isExpired, stampOf} from '../server/cursor-life.ts';
import {actions} from '../data/catalogue.ts';
import type {EventFilter} from './event-filter.ts';
import {firstOf} from '../data/first-of.ts';
import {createCursorFaults} from '../server/next-cursor.ts';
import type {OrgEvents, Position} from './org-events.ts';
import {orgPage} from './org-page.ts';
import type {ApiRequest, Route} from '../server/route.ts';

const DEFAULT_LIMIT = 30;
/** Before all events. */
const START: Position = {timeMs: 8.64e15, row: -Infinity};

export interface OrgRouteOptions extends CursorLife {
	readonly seed: number;
	readonly errorBody: ErrorBody;
	readonly prettyPrint: boolean;
	readonly end: 'null' | 'absent' | 'empty-page';
	readonly maxLimit: number;
	/** What `links.next` begins with, down to `/admin`. */
	readonly linkBase: () => string;
}

/** The Organizations API: events, one event, the catalogue of actions. */
export function orgRoutes(options: OrgRouteOptions, events: OrgEvents): readonly Route[] {
	const writer = createByteWriter();
	const cursorFaults = createCursorFaults();
	const error = (code: AdminErrorCode) => adminError(code, options.errorBody);

	function page(request: ApiRequest): Answer {
		const {query, fault} = request;
		const given = query.get('cursor') ?? undefined;
		const cursor = given === undefined ? undefined : parseCursor(given, options.seed);
		if (given !== undefined && (!cursor || isExpired(options, cursor, request) || fault?.kind === 'refuse-cursor')) {
			return error('ADMIN-400-1');
		}
		const filter = filterOf(query);
		if (!filter) return error('ADMIN-400-3');
		const limit = query.has('limit') ? Number(query.get('limit')) : DEFAULT_LIMIT;
		if (!Number.isInteger(limit) || limit < 1) return error('ADMIN-400-4');
		const size = Math.min(limit, options.maxLimit);

		const found = fault?.kind === 'empty-pages' ? [] : firstOf(events.rows(filter, cursor), size + 1);
		const rows = found.slice(0, size);
		const more = options.end === 'empty-page' ? rows.length > 0 : found.length > size;
		const nextOf = (position: Position, differs: boolean) =>
			formatCursor(
				{
					timeMs: position.timeMs,
					row: position.row,
					...stampOf(options, request, differs),
				},
				options.seed,
			);
		const next = cursorFaults(fault, {
			given,
			next: more ? nextOf(rows.at(-1) as Position, false) : undefined,
			again: () => nextOf(cursor ?? START, true),
		});
		const writeRecord = (index: number) => events.write(writer, rows[index]!);
		return orgPage({...options, writer}, request, {resource: 'events', count: rows.length, size, next, writeRecord});
	}

	function one(request: ApiRequest): Answer {
		const position = events.find(request.parameters[1] ?? '');
		if (!position) return error('ADMIN-404-4');
		writer.write(Buffer.from('{"data":'));
		events.write(writer, position);
		writer.write(Buffer.from('}'));
		return jsonAnswer(200, writer.take());
	}

	function catalogue(): Answer {
		const data = actions.map(({id, displayName, group}) => ({
			id,
			type: 'event-actions',
			attributes: {displayName, groupDisplayName: group},
		}));
		return jsonAnswer(200, Buffer.from(JSON.stringify({data})));
	}

	return [
		{method: 'GET', path: /^\/admin\/v1\/orgs\/([^/]+)\/events$/, paged: true, answer: page},
		{method: 'GET', path: /^\/admin\/v1\/orgs\/([^/]+)\/events\/([^/]+)$/, answer: one},
		{method: 'GET', path: /^\/admin\/v1\/orgs\/([^/]+)\/event-actions$/, answer: catalogue},
	];
}

// Of this request only, since a cursor carries no filters. Undefined when a time is no time.
function filterOf(query: URLSearchParams): EventFilter | undefined {
	const [from, to] = ['from', 'to'].map(name => query.get(name) ?? undefined);
	if ([from, to].some(time => time !== undefined && !/^\d{1,16}$/.test(time))) return undefined;
	return {
		from: from === undefined ? undefined : Number(from),
		to: to === undefined ? undefined : Number(to),
		action: query.get('action') ?? undefined,
		q: query.get('q') ?? undefined,
		actor: query.getAll('actor'),
		ip: query.getAll('ip'),
	};
}
