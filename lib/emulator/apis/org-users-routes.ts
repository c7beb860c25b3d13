import {adminError, jsonAnswer, type Answer, type ErrorBody} from '../server/answer.ts';
import {createByteWriter} from '../data/byte-writer.ts';
import {openNumbers, sealNumbers} from '../data/cursor.ts';
import {type CursorLife, isExpired, stampOf} from '../server/cursor-life.ts';
import {createCursorFaults, FOREIGN_ORIGIN} from '../server/next-cursor.ts';
import type {OrgUsers} from './org-users.ts';
import {pageBody, RECORD_DEPTH} from '../server/page-body.ts';
import {prettyPrint} from '../data/pretty-print.ts';
import type {ApiRequest, Route} from '../server/route.ts';

const PAGE_SIZE = 50;

export interface OrgUsersRouteOptions extends CursorLife {
	readonly seed: number;
	readonly errorBody: ErrorBody;
	readonly prettyPrint: boolean;
	/** `absent` (default) or `null`: `links.next` of the last page. */
	readonly end: string | undefined;
	readonly linkBase: () => string;
}

/** The managed accounts of an organization, fifty a page. Its only cursor is within `links.next`, a whole URL. */
export function orgUsersRoutes(options: OrgUsersRouteOptions, users: OrgUsers): readonly Route[] {
	const writer = createByteWriter();
	const cursorFaults = createCursorFaults();

	function page(request: ApiRequest): Answer {
		const {query, fault, parameters} = request;
		const given = query.get('cursor') ?? undefined;
		const start = given === undefined ? 0 : openCursor(given, request);
		if (start === undefined || (given !== undefined && fault?.kind === 'refuse-cursor')) {
			return adminError('ADMIN-400-1', options.errorBody);
		}
		const rows = fault?.kind === 'empty-pages' ? [] : users.slice(start, start + PAGE_SIZE);
		const seal = (place: number, differs: boolean) => {
			const {issuedMs, request: number} = stampOf(options, request, differs);
			return sealNumbers([place, issuedMs, number], options.seed);
		};
		const next = cursorFaults(fault, {
			given,
			next: start + PAGE_SIZE < users.size() ? seal(start + PAGE_SIZE, false) : undefined,
			again: () => seal(start, true),
		});
		const base = fault?.kind === 'foreign-next' ? `${fault.origin ?? FOREIGN_ORIGIN}/admin` : options.linkBase();
		const self = `/v1/orgs/${encodeURIComponent(parameters[0] ?? '')}/users`;
		const link = (cursor: string | undefined) =>
			(cursor !== undefined && `${base}${self}?cursor=${cursor}`) || undefined;
		const links = {
			self: link(given) ?? base + self,
			next: link(next) ?? (options.end === 'null' ? null : undefined),
		};
		const writeRecord = (index: number) => {
			const text = JSON.stringify(rows[index]);
			writer.write(Buffer.from(options.prettyPrint ? prettyPrint(text, RECORD_DEPTH) : text));
		};
		const envelope = {data: [], links, meta: {total: users.size()}};
		return jsonAnswer(200, pageBody(writer, envelope, 'data', rows.length, writeRecord, options.prettyPrint));
	}

	function openCursor(text: string, request: ApiRequest): number | undefined {
		const [start, issuedMs = 0, number = 0, ...more] = openNumbers(text, options.seed) ?? [];
		if (more.length > 0 || isExpired(options, {issuedMs, request: number}, request)) return undefined;
		return start;
	}

	return [{method: 'GET', path: /^\/admin\/v1\/orgs\/([^/]+)\/users$/, paged: true, answer: page}];
}
