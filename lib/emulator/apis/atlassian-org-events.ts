import {adminError, type Answer, jsonAnswer} from '../server/answer.ts';
import type {Api, ApiDefinition, ApiRequest} from '../server/api.ts';
import {createCursors} from '../server/cursors.ts';
import type {Setting} from '../server/setting.ts';
import {
	epochMs,
	type EventFilter,
	exampleOrg,
	matcherOf,
	orgApi,
	orgEvents,
	orgPage,
	orgPath,
} from './_organization.ts';
import {actions} from './_organization-records.ts';

const DEFAULT_LIMIT = 30;
/** Before all events. */
const START = [8.64e15, Number.MAX_SAFE_INTEGER];

/** The Organizations API: events, one event, the catalogue of actions. */
function create(setting: Setting): Api {
	const {errorBody, switches} = setting;
	const {end = 'null'} = switches;
	const events = setting.shared(orgEvents);
	const {log} = events;
	const cursors = createCursors(setting, 2);

	function page(request: ApiRequest): Answer {
		const {query, fault} = request;
		const place = cursors.open(request);
		if (place === null) return adminError(errorBody, '400-1');
		const filter = filterOf(query);
		if ([filter.from, filter.to].some(Number.isNaN)) return adminError(errorBody, '400-3');
		const asked = Number(query.get('limit') ?? DEFAULT_LIMIT);
		if (!Number.isInteger(asked) || asked < 1) return adminError(errorBody, '400-4');
		const size = setting.limit(asked);
		const [timeMs = 0, id = 0] = place ?? [];
		const within = {...filter, behind: place && {timeMs, id}};
		const found = fault?.kind === 'empty-pages' ? [] : log.select(within, matcherOf(filter), size + 1);
		const rows = found.slice(0, size);
		const more = end === 'empty-page' ? rows.length > 0 : found.length > size;
		const last = rows.at(-1);
		const next = more && last ? cursors.seal(request, [last.timeMs, last.id]) : undefined;
		const records = rows.map(row => log.textOf(row));
		return orgPage(setting, request, {
			resource: 'events',
			size,
			next: cursors.next(request, next, place ?? START),
			end,
			records,
		});
	}

	function one({parameters}: ApiRequest): Answer {
		const row = log.rows().find(candidate => log.view(candidate).id === parameters[1]);
		return row ? jsonAnswer(200, `{"data":${log.textOf(row)}}`) : adminError(errorBody, '404-4');
	}

	function catalogue(): Answer {
		const data = actions.map(({id, displayName, group}) => {
			return {id, type: 'event-actions', attributes: {displayName, groupDisplayName: group}};
		});
		return jsonAnswer(200, {data});
	}

	return orgApi(
		setting,
		[
			{method: 'GET', path: orgPath('events'), paged: true, answer: page},
			{method: 'GET', path: orgPath('events/([^/]+)'), answer: one},
			{method: 'GET', path: orgPath('event-actions'), answer: catalogue},
		],
		{
			...log,
			*records(filter: EventFilter = {}) {
				for (const row of log.select(filter, matcherOf(filter))) yield log.view(row);
			},
			insert: records => events.insert(records).map(log.view),
		},
	);
}

// Of this request only, since a cursor carries no filters. NaN for what is no time.
function filterOf(query: URLSearchParams): EventFilter {
	return {
		from: epochMs(query, 'from', -Infinity),
		to: epochMs(query, 'to', Infinity),
		action: query.get('action') ?? undefined,
		q: query.get('q') ?? undefined,
		actor: query.getAll('actor'),
		ip: query.getAll('ip'),
	};
}

export default {
	reading: {options: {orgId: exampleOrg}},
	create,
} satisfies ApiDefinition;
