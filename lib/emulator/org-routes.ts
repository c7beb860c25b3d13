import {adminError, jsonAnswer, type AdminErrorCode, type Answer, type ErrorBody} from './answer.ts';
import {createByteWriter} from './byte-writer.ts';
import {formatCursor, parseCursor, type Cursor} from './cursor.ts';
import {actions} from './org-catalogue.ts';
import type {EventFilter} from './event-filter.ts';
import type {OrgEvents, Position} from './org-events.ts';
import {prettyPrint} from './pretty-print.ts';
import type {ApiRequest, Route} from './route.ts';

const DEFAULT_LIMIT = 30;
const FOREIGN_ORIGIN = 'http://127.0.0.2:9';
/** Before all events. */
const START: Position = {timeMs: 8.64e15, row: -Infinity};

export interface OrgRouteOptions {
	readonly seed: number;
	readonly now: () => number;
	/** The only organization, or undefined for any. */
	readonly orgId: string | undefined;
	readonly forbidden: boolean;
	readonly errorBody: ErrorBody;
	readonly prettyPrint: boolean;
	readonly end: 'null' | 'absent' | 'empty-page';
	readonly maxLimit: number;
	readonly cursorTtlMs: number | undefined;
	readonly cursorTtlRequests: number | undefined;
	/** What `links.next` begins with, down to `/admin`. */
	readonly linkBase: () => string;
}

/** The Organizations API: events, one event, the catalogue of actions. */
export function orgRoutes(options: OrgRouteOptions, events: OrgEvents): readonly Route[] {
	const writer = createByteWriter();
	let cursorBefore: string | undefined;
	const error = (code: AdminErrorCode) => adminError(code, options.errorBody);

	function page(request: ApiRequest): Answer {
		const {query, fault} = request;
		const given = query.get('cursor') ?? undefined;
		const cursor = given === undefined ? undefined : parseCursor(given, options.seed);
		if (given !== undefined && (!cursor || isExpired(cursor, request, options) || fault?.kind === 'refuse-cursor')) {
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
		const nextOf = (position: Position, differs: boolean) => formatCursor({
			timeMs: position.timeMs,
			row: position.row,
			issuedMs: options.cursorTtlMs === undefined ? 0 : options.now(),
			request: differs || options.cursorTtlRequests !== undefined ? request.number : 0,
		}, options.seed);
		let next = more ? nextOf(rows.at(-1) as Position, false) : undefined;
		if (fault?.kind === 'empty-pages') next = nextOf(cursor ?? START, true);
		if (fault?.kind === 'repeat-cursor') next = given ?? next;
		if (fault?.kind === 'cycle-cursor') next = cursorBefore ?? next;
		cursorBefore = given;
		return jsonAnswer(200, pageBody(request, rows, next, size));
	}

	function pageBody(request: ApiRequest, rows: readonly Position[], next: string | undefined, size: number): Buffer {
		const {fault} = request;
		const foreign = fault?.kind === 'foreign-next' ? fault : undefined;
		const base = foreign ? `${foreign.origin ?? FOREIGN_ORIGIN}/admin` : options.linkBase();
		const link = `${base}/v1/orgs/${encodeURIComponent(request.parameters[0] ?? '')}/events?cursor=${next}`;
		// The real server gives now the size of the page, now what it could have held.
		const pageSize = rows.length % 2 === 0 ? size : rows.length;
		const nextMember = next === undefined && options.end === 'absent' || foreign?.onlyLink ? undefined : next ?? null;
		const rest = JSON.stringify({
			links: next === undefined ? {} : {next: link},
			meta: {
				attributes: null,
				next: nextMember,
				prev: null,
				page_size: pageSize,
				start_index: null,
				end_index: null,
				total: rows.length,
			},
		});
		const [head, between, tail] = !options.prettyPrint ? ['{"data":[', ',', `],${rest.slice(1)}`] :
			rows.length === 0 ? ['{\n  "data": [', '', `],\n${prettyPrint(rest).slice(2)}`] :
			['{\n  "data": [\n    ', ',\n    ', `\n  ],\n${prettyPrint(rest).slice(2)}`];
		writer.write(Buffer.from(head));
		const separator = Buffer.from(between);
		for (const [index, row] of rows.entries()) {
			if (index > 0) writer.write(separator);
			events.write(writer, row);
		}
		writer.write(Buffer.from(tail));
		return writer.take();
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
		const data = actions.map(({id, displayName, group}) =>
			({id, type: 'event-actions', attributes: {displayName, groupDisplayName: group}}));
		return jsonAnswer(200, Buffer.from(JSON.stringify({data})));
	}

	const guarded = (answer: Route['answer']): Route['answer'] => request => {
		if (options.orgId !== undefined && request.parameters[0] !== options.orgId) return error('ADMIN-404-2');
		return options.forbidden ? error('ADMIN-403-3') : answer(request);
	};
	return [
		{path: /^\/admin\/v1\/orgs\/([^/]+)\/events$/, answer: guarded(page)},
		{path: /^\/admin\/v1\/orgs\/([^/]+)\/events\/([^/]+)$/, answer: guarded(one)},
		{path: /^\/admin\/v1\/orgs\/([^/]+)\/event-actions$/, answer: guarded(catalogue)},
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

function isExpired(cursor: Cursor, request: ApiRequest, options: OrgRouteOptions): boolean {
	const {cursorTtlMs = Infinity, cursorTtlRequests = Infinity, now} = options;
	return now() - cursor.issuedMs > cursorTtlMs || request.number - cursor.request > cursorTtlRequests;
}

function firstOf<T>(items: Iterable<T>, count: number): T[] {
	const first: T[] = [];
	for (const item of items) {
		if (first.push(item) === count) break;
	}
	return first;
}
