import assert from 'node:assert/strict';
import type {Observable} from 'rxjs';
import {z} from 'zod';
import {AuthError, ConfigError} from '../../lib/model/errors.ts';
import type {Json} from '../../lib/model/event.ts';
import type {Page} from '../../lib/model/page.ts';
import type {SourcePosition} from '../../lib/source/scan.ts';
import {defineSource, type SourceDefinition} from '../../lib/source/define-source.ts';
import {PageStream} from '../../lib/model/stream.ts';
import {freshStart, type Start} from '../../lib/model/start.ts';
import {withJsonServer} from '../support/json-server.ts';
import {idsOf, listen} from '../support/pages.ts';

interface Row {
	readonly id: string;
	readonly at: string;
}

const own = {site: z.string().describe('the site'), kind: z.array(z.string()).optional().describe('only these')};
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
	tenant: ({site}) => site,
	id: ({id}) => id,
	time: ({at}) => at,
	request: ({site, kind, pageSize}, {fromMs, toMs, cursor}) => ({
		path: `/rows/${encodeURIComponent(site)}`,
		query: {from: fromMs, to: toMs, kind, limit: pageSize, cursor: cursor as string | undefined},
	}),
	next: ({envelope}) => (envelope as {next?: string}).next,
	mapping: {action: 'id'},
};
const source = defineSource(definition);
const good = {site: 's', token: 't', endpoint: 'http://127.0.0.1:1'};
const row = (id: string, ms: number): Row => ({id, at: new Date(ms).toISOString()});

function fails(options: object, message: RegExp): void {
	assert.throws(
		() => source(options as typeof good),
		(error: unknown) => {
			assert.ok(error instanceof ConfigError, String(error));
			assert.match(error.message, message);
			return true;
		},
	);
}

async function pagesOf(pages: Observable<Page<Row>>): Promise<Page<Row>[]> {
	const heard = listen(pages, page => page.ack());
	await heard.over;
	if (heard.ended === 'error') throw heard.error;
	return heard.values;
}

/** A start that has saved a position and writes down what a source says. */
function savedStart(position?: SourcePosition): Start & {said: unknown[]} {
	const said: unknown[] = [];
	return {
		...freshStart(),
		said,
		openSource(key, binding) {
			said.push([key, binding]);
			return {
				key,
				position: () => position as unknown as Json,
				begin: begun => void said.push([key, begun]),
				stream: () => new PageStream(key),
			};
		},
	};
}

describe('defineSource', () => {
	it('states the facts', () => {
		assert.equal(source.name, 'some-source');
		assert.equal(source.docs, 'Rows of a test.');
		assert.equal(source.reference, 'https://example.com/docs');
		assert.equal(source.endpoint, undefined);
		assert.deepEqual(source.auth, ['bearer']);
		assert.equal(source.order, 'newest-first');
		assert.equal(source.ids, 'tenant');
		assert.equal(source.rate, undefined);
		assert.equal(source.lagMs, 60_000);
		assert.deepEqual(source.filters, ['site', 'kind']);
		const options = Object.keys(source.options.shape);
		for (const name of ['endpoint', 'site', 'token', 'since', 'until', 'overlap', 'pageSize', 'rate']) {
			assert.ok(options.includes(name), name);
		}
		assert.equal(options.includes('username'), false, 'only what its schemes need');
		assert.ok(Object.keys(defineSource({...definition, auth: ['basic']}).options.shape).includes('password'));
	});

	it('refuses bad options when it is called, before any request', () => {
		fails({...good, site: undefined}, /^some-source: option site: expected .*, got nothing/);
		fails({...good, apiKey: 'x'}, /^some-source: option apiKey: expected one of /);
		fails(
			{...good, endpoint: undefined},
			/^some-source: option endpoint: expected the address of the server, got nothing/,
		);
		fails({...good, endpoint: 'http://example.com'}, /^some-source: option endpoint: expected https/);
		fails({...good, token: undefined}, /^some-source: /);
		fails({...good, pageSize: 0}, /pageSize: expected a whole number from 1 to 10000, got 0/);
		fails({...good, rate: 'fast'}, /rate: expected N\/min/);
		fails({...good, since: 'yesterday'}, /^some-source: option since: expected a time/);
		fails({...good, until: '12'}, /^some-source: option until: expected a time/);
		fails({...good, overlap: '60'}, /^some-source: option overlap: .*add the unit/);
		fails({...good, maxWait: 'long'}, /^some-source: option maxWait: expected a span/);
		fails(
			{...good, since: '2026-01-02', until: '2026-01-02'},
			/expected since before until, got since 2026-01-02T00:00/,
		);
		fails({...good, since: '10s'}, /now minus the lag of 60 s/);
	});

	it('says what it belongs to and where it begins, before its first request', () => {
		const start = savedStart();
		const bounds = {since: new Date(5), until: new Date(9)};
		source({...good, endpoint: 'http://127.0.0.1:1/prefix/', kind: ['b', 'a'], ...bounds}, start);
		assert.deepEqual(start.said, [
			['some-source:s', {endpoint: 'http://127.0.0.1:1/prefix', site: '"s"', kind: '["b","a"]'}],
			['some-source:s', {covered: [], scan: {sinceMs: 5, untilMs: 9, coversToMs: 9}}],
		]);
	});

	it('goes on where its state says, and says so', () => {
		const scan = {sinceMs: 5, untilMs: 9, coversToMs: 9, cursor: 'C'};
		const start = savedStart({covered: [], scan});
		source({...good, until: new Date(90_000)}, start);
		assert.deepEqual(start.said[1], ['some-source:s', {covered: [], scan}]);
	});

	it('asks below the endpoint with its filters, bounds and page size, on each page', async () => {
		const answers = [{rows: [row('b', 7000), row('late', 12_000)], next: 'C&1'}, {rows: [row('a', 6000)]}];
		await withJsonServer(
			(_, index) => answers[index]!,
			async (origin, served) => {
				const start = savedStart();
				const options = {...good, endpoint: `${origin}/pre/fix/`, site: 'a/b', kind: ['x y', 'z'], pageSize: 5};
				const pages = await pagesOf(source({...options, since: new Date(5000), until: new Date(10_000)}, start));
				const query = 'from=5000&to=10000&kind=x+y&kind=z&limit=5';
				assert.deepEqual(
					served.map(({method, url}) => `${method} ${url}`),
					[`GET /pre/fix/rows/a%2Fb?${query}`, `GET /pre/fix/rows/a%2Fb?${query}&cursor=C%261`],
				);
				assert.deepEqual(pages.map(idsOf), [['b'], ['a']], 'until is exclusive');
				const scan = {sinceMs: 5000, untilMs: 10_000, coversToMs: 10_000};
				assert.deepEqual(start.said[1], ['some-source:a/b', {covered: [], scan}]);
				assert.deepEqual(pages[1]!.position, {covered: [[5000, 10_000]], watermarkMs: 7000});
				const {name, tenant, ids, order, overlapMs} = pages[0]!.source;
				assert.deepEqual(
					[name, tenant, ids, order, overlapMs],
					['some-source', 'a/b', 'tenant', 'newest-first', 3_600_000],
				);
				assert.deepEqual(pages[0]!.source.normalize(pages[0]!.events[0]), {action: 'b'});
				assert.equal(start.meter.requests, 2);
				assert.ok(pages[0]!.bytes > 0);
			},
		);
	});

	it('asks up to now minus its lag, and from the beginning, where nothing else is said', async () => {
		await withJsonServer(
			() => ({rows: []}),
			async (endpoint, served) => {
				const before = Date.now();
				const [page] = await pagesOf(source({...good, endpoint}));
				const query = new URL(served[0]!.url, endpoint).searchParams;
				assert.equal(query.get('from'), '0');
				const to = Number(query.get('to'));
				assert.ok(to >= before - 60_000 && to <= Date.now() - 60_000);
				// nothing came, ever: it covers nothing
				assert.deepEqual(page!.position, {covered: [], askedFromMs: 0});
			},
		);
	});

	it('reads anew, up to another now, for each that subscribes', async () => {
		await withJsonServer(
			() => ({rows: [row('b', 0)]}),
			async (endpoint, served) => {
				const pages = source({...good, endpoint});
				const [first] = await pagesOf(pages);
				for (const then = Date.now(); Date.now() === then;);
				const [second] = await pagesOf(pages);
				assert.deepEqual([first!.sequence, second!.sequence], [0, 0]);
				const [one, other] = served.map(({url}) => Number(new URL(url, endpoint).searchParams.get('to')));
				assert.ok(other! > one!, `${other} after ${one}`);
			},
		);
	});

	it('sends a body as JSON where the API wants one', async () => {
		const posting = defineSource({
			...definition,
			request: ({site}, {fromMs}) => ({method: 'POST', path: '/search', body: {site, fromMs}}),
		});
		await withJsonServer(
			() => ({rows: []}),
			async (endpoint, served) => {
				await pagesOf(posting({...good, endpoint, since: new Date(5)}));
				assert.deepEqual(served, [{method: 'POST', url: '/search', body: '{"site":"s","fromMs":5}'}]);
			},
		);
	});

	for (const [order, from, to] of [
		['newest-first', '0', '7000'],
		['oldest-first', '5000', '90000'],
	] as const) {
		it(`goes on from the last record where its cursor is not known any more (${order})`, async () => {
			for (const status of [400, 404, 410]) {
				const scan = {sinceMs: 0, untilMs: 90_000, coversToMs: 90_000, cursor: 'old', lastMs: 7000};
				const start = savedStart({covered: [], watermarkMs: 7000, scan});
				await withJsonServer(
					({url}) => (url.includes('cursor=old') ? status : {rows: [row('a', 7000)]}),
					async (endpoint, served) => {
						const ordered = defineSource({...definition, order});
						const options = {...good, endpoint, overlap: '2s', until: new Date(90_000)};
						const pages = await pagesOf(ordered(options, start));
						assert.deepEqual(idsOf(pages[0]!), ['a']);
						const query = new URL(served[1]!.url, endpoint).searchParams;
						assert.deepEqual([query.get('from'), query.get('to')], [from, to]);
						assert.equal(start.meter.warnings.length, 1);
						assert.deepEqual(pages[0]!.position, {covered: [[0, 90_000]], watermarkMs: 7000});
					},
				);
			}
		});
	}

	it('finishes an interrupted pass, then reads on from where that ended', async () => {
		const scan = {sinceMs: 0, untilMs: 50_000, coversToMs: 50_000};
		const start = savedStart({covered: [], scan});
		await withJsonServer(
			({url}) => ({rows: url.includes('to=50000') ? [row('a', 40_000)] : [row('b', 80_000)]}),
			async (endpoint, served) => {
				const pages = await pagesOf(source({...good, endpoint, overlap: '1s', until: new Date(90_000)}, start));
				assert.deepEqual(pages.flatMap(idsOf), ['a', 'b']);
				assert.deepEqual(
					pages.map(({sequence}) => sequence),
					[0, 1],
				);
				const bounds = served.map(({url}) => /from=(\d+)&to=(\d+)/.exec(url)!.slice(1).map(Number));
				assert.deepEqual(bounds, [
					[0, 50_000],
					[39_000, 90_000],
				]);
			},
		);
	});

	it('begins no new pass when it is asked to stop', async () => {
		const stop = new AbortController();
		const scan = {sinceMs: 0, untilMs: 50_000, coversToMs: 50_000};
		const start = {...savedStart({covered: [], scan}), signal: stop.signal};
		await withJsonServer(
			() => {
				stop.abort();
				return {rows: []};
			},
			async (endpoint, served) => {
				await pagesOf(source({...good, endpoint}, start));
				assert.equal(served.length, 1);
				assert.equal(start.interrupted, true);
			},
		);
	});

	it('fails for good where no retry helps, without a secret in the message', async () => {
		await withJsonServer(
			() => 401,
			async endpoint => {
				await assert.rejects(pagesOf(source({...good, endpoint, token: 'hush-hush'})), (error: unknown) => {
					assert.ok(error instanceof AuthError);
					assert.match(error.message, /^some-source: /);
					assert.doesNotMatch(JSON.stringify(error) + error.message + String(error.stack), /hush-hush/);
					return true;
				});
			},
		);
	});

	it('leaves out what is not wanted, however many pages of it there are', async () => {
		const unwanted = defineSource({
			...definition,
			leavesOut: ({id}: Row, {kind}) => kind?.some(one => id.startsWith(one)) === true,
		});
		await withJsonServer(
			(_, index) => ({
				rows: [row(`${index % 150 === 0 ? 'wanted' : 'unwanted'}${index}`, 1000 - index)],
				...(index < 150 ? {next: `${index}`} : {}),
			}),
			async endpoint => {
				const pages = await pagesOf(unwanted({...good, endpoint, kind: ['unwanted']}));
				assert.equal(pages.length, 151);
				assert.deepEqual(pages.flatMap(idsOf), ['wanted0', 'wanted150']);
			},
		);
	});

	it('is cold: each subscription reads from the beginning', async () => {
		await withJsonServer(
			() => ({rows: [row('a', 1000)]}),
			async (endpoint, served) => {
				const stream = source({...good, endpoint, until: new Date(5000)});
				assert.equal(served.length, 0);
				for (let time = 0; time < 2; time++) assert.deepEqual((await pagesOf(stream)).map(idsOf), [['a']]);
				assert.equal(served.length, 2);
			},
		);
	});
});
