import assert from 'node:assert/strict';
import {z} from 'zod';
import {ConfigError} from '../../lib/model/errors.ts';
import type {Json} from '../../lib/model/event.ts';
import type {Page} from '../../lib/model/page.ts';
import type {SourcePosition} from '../../lib/source/scan.ts';
import {defineSource, type SourceDefinition} from '../../lib/source/define-source.ts';
import {defaultConcurrency} from '../../lib/source/open-source.ts';
import {PageStream} from '../../lib/model/stream.ts';
import {freshStart, type Start} from '../../lib/model/start.ts';
import {type ServedRequest, withJsonServer} from '../support/json-server.ts';
import {idsOf, listen} from '../support/pages.ts';

interface Row {
	readonly id: string;
	readonly at?: string;
}

const own = {kind: z.string().optional().describe('only these'), list: z.array(z.string()).optional().describe('any')};
const definition: SourceDefinition<typeof own, Row> = {
	name: 'some-source',
	docs: 'Rows of a test.',
	reference: 'https://example.com/docs',
	auth: ['bearer'],
	options: own,
	order: 'newest-first',
	ids: 'tenant',
	lagMs: 60_000,
	records: 'rows',
	tenant: (_, endpoint) => endpoint.host,
	id: ({id}) => id,
	time: ({at}) => at,
	request: (_, {fromMs, toMs, start, cursor}) => ({
		path: '/rows',
		query: {from: fromMs, to: toMs, start, cursor: cursor as string | undefined},
	}),
	next: ({envelope}) => (envelope as {next?: string}).next,
	mapping: {},
};
const {time: _time, ...timeless} = definition;
const listing = {...timeless, order: 'none'} as const;
const {next: _next, ...withoutNext} = definition;
const byTime = withoutNext;

const row = (id: string, ms: number): Row => ({id, at: new Date(ms).toISOString()});

interface Run {
	readonly pages: readonly Page<Row>[];
	readonly start: Start & {said: unknown[]};
	readonly served: readonly ServedRequest[];
	readonly error: unknown;
	readonly position: SourcePosition;
}

/** One run against a server, from a position as a state would hold it. */
async function run(
	given: SourceDefinition<typeof own, Row>,
	answer: (request: ServedRequest, index: number) => object | number,
	{position, options = {}}: {position?: SourcePosition | undefined; options?: object} = {},
): Promise<Run> {
	let done!: Run;
	await withJsonServer(answer, async (endpoint, served) => {
		const said: unknown[] = [];
		const start = {
			...freshStart(),
			said,
			openSource(key: string, binding: object) {
				said.push([key, binding]);
				return {
					key,
					position: () => position as unknown as Json,
					begin: (begun: Json) => void said.push([key, begun]),
					stream: () => new PageStream(key),
				};
			},
		};
		const heard = listen(defineSource(given)({token: 't', endpoint, ...options}, start), page => page.ack());
		await heard.over;
		const last = heard.values.at(-1)?.position;
		const reached = JSON.parse(JSON.stringify(last ?? null)) as SourcePosition;
		done = {pages: heard.values, start, served, error: heard.error, position: reached};
	});
	return done;
}

describe('openSource', () => {
	it('binds its state to the address and the filters that were given, in full', async () => {
		const {start, served} = await run(definition, () => ({rows: []}), {options: {kind: 'x', since: 1_700_000_000_000}});
		const [key, binding] = start.said[0] as [string, Record<string, string>];
		assert.match(key, /^some-source:127\.0\.0\.1:\d+$/);
		assert.deepEqual({...binding, endpoint: ''}, {endpoint: '', kind: '"x"'});
		assert.match(binding['endpoint']!, /^http:\/\/127\.0\.0\.1:\d+\/$/);
		assert.equal(served.length, 1);
	});

	it('takes times as text, numbers and dates, and complains by name', () => {
		const source = defineSource(definition);
		const fails = (options: object, message: RegExp) =>
			assert.throws(
				() => source({token: 't', endpoint: 'http://127.0.0.1:1', ...options}),
				(error: unknown) => error instanceof ConfigError && message.test(error.message),
				String(message),
			);
		fails(
			{since: '2026-01-02', until: new Date('2026-01-01')},
			/^some-source: expected since before until, got since 2026-01-02/,
		);
		fails({since: 1_767_312_000_000, until: 1_767_312_000_000}, /expected since before until/);
		fails({since: '1s'}, /until \S+ \(now minus the lag of 60 s\)$/);
		fails({since: 'soon'}, /^some-source: option since: expected a time/);
		fails({until: 'soon'}, /^some-source: option until: expected a time/);
		fails({overlap: 'long'}, /^some-source: option overlap: expected a span/);
	});

	describe('of a listing', () => {
		it('reads all of it each time, since it covers no time', async () => {
			const first = await run(listing, () => ({rows: [{id: 'a'}]}));
			assert.deepEqual(first.pages.flatMap(idsOf), ['a']);
			assert.deepEqual(first.position.covered, []);
			const second = await run(listing, () => ({rows: [{id: 'a'}]}), {position: first.position});
			assert.deepEqual(second.pages.flatMap(idsOf), ['a']);
			assert.ok(second.served[0]!.url.includes('from=0'));
		});

		it('says where it begins in plain JSON, finishes what was interrupted, and leaves a new one to the next run', async () => {
			const twoPages = (request: ServedRequest) =>
				request.url.includes('cursor') ? {rows: [{id: 'b'}]} : {rows: [{id: 'a'}], next: 'C'};
			const {start, pages} = await run(listing, twoPages);
			const begun = start.said[1];
			assert.deepEqual(JSON.parse(JSON.stringify(begun)), begun);
			const position = JSON.parse(JSON.stringify(pages[0]!.position)) as SourcePosition;
			assert.deepEqual(start.meter.warnings, []);
			const again = await run(listing, twoPages, {position});
			assert.deepEqual(again.pages.flatMap(idsOf), ['b']);
			const listedAtMs = pages[0]!.records[0]!.timeMs;
			assert.equal(again.pages[0]!.records[0]!.timeMs, listedAtMs, 'one pass, one identity');
			assert.deepEqual(again.position, {covered: [], watermarkMs: listedAtMs});
			const begunAt = new Date(listedAtMs + 1).toISOString();
			assert.deepEqual(again.start.meter.warnings, [
				`some-source: this run finished the listing that was begun at ${begunAt}; run again for a new one`,
			]);
			const next = await run(listing, twoPages, {position: again.position});
			assert.deepEqual(next.pages.flatMap(idsOf), ['a', 'b']);
			assert.ok(next.pages[0]!.records[0]!.timeMs >= listedAtMs);
			assert.deepEqual(next.start.meter.warnings, []);
		});

		it('does not say that it finished one that failed again', async () => {
			const scan = {sinceMs: 0, untilMs: 9000, coversToMs: 0, cursor: 'C'};
			const failed = await run(listing, () => 403, {position: {covered: [], scan}});
			assert.match(String(failed.error), /403/);
			assert.deepEqual(failed.start.meter.warnings, []);
		});
	});

	it('leaves out what its source does not want, and reads on', async () => {
		const {pages, position} = await run(
			{...definition, leavesOut: ({id}, {kind}) => id.startsWith(kind ?? '-')},
			(_, index) => (index === 0 ? {rows: [row('x1', 5000), row('a', 4000)], next: 'C'} : {rows: [row('x2', 3000)]}),
			{options: {kind: 'x', until: new Date(9000)}},
		);
		assert.deepEqual(pages.map(idsOf), [['a'], []]);
		assert.deepEqual(position.covered, [[0, 9000]]);
	});

	describe('where the API refuses', () => {
		it('takes it for a refused cursor only where it is one', async () => {
			const scan = {sinceMs: 0, untilMs: 9000, coversToMs: 9000, cursor: 'old', lastMs: 4000};
			const position = {covered: [], scan};
			const answer = ({url}: ServedRequest) => (url.includes('old') ? 400 : {rows: []});
			const until = {position, options: {until: new Date(9000), overlap: '0'}};
			assert.equal((await run(definition, answer, until)).served.length, 2);
			const own = {...definition, refusesCursor: ({status}: {status?: number | undefined}) => status === 409};
			const refused = await run(own, answer, until);
			assert.match(String(refused.error), /400/);
			assert.equal(refused.served.length, 1);
			const conflict = await run(own, ({url}) => (url.includes('old') ? 409 : {rows: []}), until);
			assert.equal(conflict.error, undefined);
		});

		it('never where it pages by time: there is no cursor to refuse', async () => {
			const answer = (_: ServedRequest, index: number) =>
				index === 0 ? {rows: [row('a', 5000), row('b', 4000)]} : 400;
			const {error, pages, served} = await run(byTime, answer, {options: {until: new Date(9000)}});
			assert.match(String(error), /400/);
			assert.deepEqual(pages.map(idsOf), [['a', 'b']]);
			assert.equal(served.length, 2);
		});
	});

	it('goes on by time from a saved page', async () => {
		const rows = [row('a', 5000), row('b', 4000), row('c', 4000), row('d', 3000)];
		const answer = ({url}: ServedRequest) => {
			const {to = 0, start = 0} = Object.fromEntries(
				[...new URL(url, 'http://x').searchParams].map(([k, v]) => [k, Number(v)]),
			);
			const found = rows.filter(({at}) => Date.parse(at!) <= to);
			return {rows: found.slice(start, start + 2)};
		};
		const until = {options: {until: new Date(9000)}};
		const {pages} = await run(byTime, answer, until);
		assert.deepEqual(pages.flatMap(idsOf), ['a', 'b', 'c', 'd']);
		for (let read = 1; read < pages.length; read++) {
			const position = JSON.parse(JSON.stringify(pages[read - 1]!.position)) as SourcePosition;
			const rest = await run(byTime, answer, {...until, position});
			const others = pages.slice(read);
			assert.deepEqual(rest.pages.slice(0, others.length).map(idsOf), others.map(idsOf));
			assert.deepEqual((rest.pages[others.length - 1]!.position as SourcePosition).covered, [[0, 9000]]);
		}
	});
});

describe('the order that is asked for', () => {
	const access = {endpoint: 'http://localhost:1', token: 't'};
	const oneBound: SourceDefinition<typeof own, Row>['request'] = (_, {toMs}) => ({path: '/rows', query: {to: toMs}});

	it('is refused where the API can give the other one only', () => {
		for (const [other, order] of [
			[{order: 'oldest-first'}, 'newest'],
			[{request: oneBound}, 'oldest'],
		] as const) {
			const source = defineSource({...definition, ...other});
			assert.throws(() => source({...access, order}), /option order: its API gives .*-first only; leave it out/);
		}
		assert.throws(() => defineSource(definition)({...access, order: 'other' as 'newest'}), /expected newest or oldest/);
	});

	it('is what the API gives, unless it is turned round', () => {
		defineSource(definition)({...access, order: 'newest'});
		defineSource({...definition, order: 'oldest-first'})({...access, order: 'oldest'});
		defineSource({...definition, request: oneBound})({...access, order: 'newest'});
	});
});

describe('defaultConcurrency', () => {
	it('is four, and one where a quota or the memory is small', () => {
		const heap = 2 ** 31;
		assert.equal(defaultConcurrency(undefined, heap), 4);
		assert.equal(defaultConcurrency({requests: 50, perMs: 1000}, heap), 4);
		assert.equal(defaultConcurrency({requests: 50, perMs: 60_000}, heap), 1);
		assert.equal(defaultConcurrency(undefined, 100 * 2 ** 20), 1);
	});
});
