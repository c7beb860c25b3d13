import {z} from 'zod';
import {firstIndex} from '../data/timeline.ts';
import {adminError, type Answer} from '../server/answer.ts';
import type {Api, ApiDefinition, ApiRequest, EmulatedApi} from '../server/api.ts';
import {createCursors} from '../server/cursors.ts';
import type {Setting} from '../server/setting.ts';
import {oneOf} from '../server/switches.ts';
import {
	epochMs,
	exampleOrg,
	orgApi,
	orgEvents,
	type OrgEvents,
	orgPage,
	orgPath,
	type Processed,
} from './_organization.ts';

const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 500;

const group = z.strictObject({
	lastPageCursor: oneOf(
		['always', 'null', 'emptyPage'],
		"how the events-stream ends; always: every page has a cursor, an empty one keeps the one that it was asked with; null: the last page has none; emptyPage: only an empty page behind it has none; default: always, as the vendor's guide says",
	),
	bounds: oneOf(['processed', 'happened'], 'which time the bounds of the events-stream are about; default: processed'),
});

/** Where a reading is, as a cursor holds it. */
interface Reading {
	readonly isDescending: boolean;
	readonly from: number;
	readonly to: number;
	/** The time of processing and the row of the last event that was served. */
	readonly behind: readonly number[];
}

const nowhere = [0, Infinity];

/** The Organizations API's `events-stream`: events in the order of processing, what is new at the end. */
function create(setting: Setting): Api {
	const {errorBody} = setting;
	const {lastPageCursor = 'always', bounds = 'processed'} = group.parse(setting.switches['stream'] ?? {});
	const events = setting.shared(orgEvents);
	const cursors = createCursors(setting, 5);

	function page(request: ApiRequest): Answer {
		const {query, fault} = request;
		const opened = cursors.open(request);
		if (opened === null) return adminError(errorBody, '400-1');
		if (!['asc', 'desc', null].includes(query.get('sortOrder'))) return adminError(errorBody, '400-4');
		const reading = readingOf(query, opened);
		if ([reading.from, reading.to].some(Number.isNaN)) return adminError(errorBody, '400-3');
		const asked = Number(query.get('limit') ?? DEFAULT_LIMIT);
		if (!Number.isInteger(asked) || asked < 1) return adminError(errorBody, '400-4');
		const size = setting.limit(asked, MAX_LIMIT);
		const left = fault?.kind === 'empty-pages' ? [] : rest(reading, size + 1);
		const found = left.slice(0, size);
		const last = found.at(-1);
		const placeOf = (behind: readonly number[]) => [...behind, reading.isDescending ? 1 : 0, reading.from, reading.to];
		const more = lastPageCursor === 'null' ? left.length > size : found.length > 0;
		const atEnd =
			lastPageCursor === 'always' ? (query.get('cursor') ?? cursors.seal(request, placeOf(nowhere))) : undefined;
		const next = more && last ? cursors.seal(request, placeOf([last.processedMs, last.row.id])) : atEnd;
		return orgPage(setting, request, {
			resource: 'events-stream',
			size,
			next: cursors.next(request, next, placeOf(reading.behind)),
			records: found.map(({row}) => events.log.textOf(row, 1)),
		});
	}

	/** The next events of a reading, at most `count`. */
	function rest(
		{isDescending, from, to, behind: [processedMs = 0, id = 0]}: Reading,
		count: number,
	): readonly Processed[] {
		const isProcessed = bounds === 'processed';
		const all = events.stream();
		const within = isProcessed ? all : all.filter(({row}) => row.timeMs >= from && row.timeMs <= to);
		const first = (holds: (event: Processed) => boolean) => firstIndex(within.length, index => holds(within[index]!));
		const order = (event: Processed) => event.processedMs - processedMs || event.row.id - id;
		let low = isProcessed ? first(event => event.processedMs >= from) : 0;
		let high = isProcessed ? first(event => event.processedMs > to) : within.length;
		if (id !== Infinity && isDescending)
			high = Math.min(
				high,
				first(event => order(event) >= 0),
			);
		if (id !== Infinity && !isDescending)
			low = Math.max(
				low,
				first(event => order(event) > 0),
			);
		if (isDescending) return within.slice(Math.max(low, high - count), Math.max(low, high)).reverse();
		return within.slice(low, Math.max(low, Math.min(high, low + count)));
	}

	const path = orgPath('events-stream');
	return orgApi(setting, [{method: 'GET', path, paged: true, answer: page}], heldStream(events));
}

// A cursor holds order and bounds; what is sent again replaces them. NaN for what is no time.
function readingOf(query: URLSearchParams, opened: readonly number[] | undefined): Reading {
	const [processedMs = 0, id = Infinity, descending = 0, from = -Infinity, to = Infinity] = opened ?? [];
	return {
		isDescending: (query.get('sortOrder') ?? (descending === 1 ? 'desc' : 'asc')) === 'desc',
		from: epochMs(query, 'from', from),
		to: epochMs(query, 'to', to),
		behind: [processedMs, id],
	};
}

function heldStream({log, stream, insert, processedMsOf}: OrgEvents): EmulatedApi {
	const view = (row: Processed['row']) => ({
		id: log.view(row).id!,
		timeMs: row.timeMs,
		processedMs: processedMsOf(row),
		get text() {
			return log.textOf(row, 1);
		},
	});
	return {
		*records({from = -Infinity, to = Infinity} = {}) {
			for (const {row, processedMs} of stream().toReversed()) {
				if (processedMs >= from && processedMs <= to) yield view(row);
			}
		},
		insert: records => insert(records).map(view),
		remove(isGone) {
			const gone = stream()
				.toReversed()
				.map(({row}) => row)
				.filter((row, index) => isGone(view(row), index));
			const ids = new Set(gone.map(row => log.view(row).id));
			log.remove(({id}) => ids.has(id));
			return gone.map(view);
		},
	};
}

export default {
	switches: {stream: group},
	reading: {options: {orgId: exampleOrg}, emptyPageEnds: true},
	create,
} satisfies ApiDefinition;
