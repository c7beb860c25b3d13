import assert from 'node:assert/strict';
import type {Emulator, EmulatorOptions} from '../../lib/emulator/index.ts';
import {call, callJson, withEmulator} from './ask.ts';

interface Page {
	readonly entities: readonly {readonly timestamp: string; readonly type: {readonly action: string}}[];
	readonly pagingInfo: {
		readonly nextPageCursor?: string | null;
		readonly nextPageLink?: string | null;
		readonly nextPageOffset?: number | null;
		readonly lastPage: boolean;
		readonly size: number;
	};
}

const path = '/jira/rest/auditing/1.0/events';
const silent = {dataCenter: {selfAudit: false}};
const quiet = (options: EmulatorOptions = {}): EmulatorOptions => ({
	events: 300,
	...options,
	switches: {...silent, ...options.switches},
});
const held = (emulator: Emulator) => Array.from(emulator.api('jira-data-center').records(), ({text}) => text);
const page = (emulator: Emulator, query: string, where = path) => callJson<Page>(emulator, `${where}?${query}`);

async function scan(emulator: Emulator, query: string, between = () => {}): Promise<string[]> {
	const texts: string[] = [];
	for (let cursor: string | null | undefined; ;) {
		const {entities, pagingInfo} = await page(emulator, query + (cursor ? `&pageCursor=${cursor}` : ''));
		texts.push(...entities.map(record => JSON.stringify(record)));
		assert.equal(pagingInfo.size, entities.length);
		if (pagingInfo.lastPage) return texts;
		cursor = pagingInfo.nextPageCursor;
		between();
	}
}

describe('emulator/data-center-routes', () => {
	it('pages by cursors over what it holds, byte for byte, with an exact end', () =>
		withEmulator(quiet({switches: {bursts: {longSize: 60, longEvery: 150}}}), async emulator => {
			for (const limit of [7, 100, 299, 300]) assert.deepEqual(await scan(emulator, `limit=${limit}`), held(emulator));
			const times = (await page(emulator, 'limit=300')).entities.map(({timestamp}) => timestamp);
			assert.ok(times.some(time => /:\d\dZ$/.test(time)) && times.some(time => /\.\d{3}Z$/.test(time)));
			assert.ok(new Set(held(emulator)).size < 290, 'twins');
			assert.equal((await page(emulator, '')).entities.length, 200);
			const none = await page(emulator, 'to=1999-01-01T00:00:00Z');
			assert.deepEqual(none, {entities: [], pagingInfo: {lastPage: true, size: 0}});
		}));

	it('does not shift its cursors when records come, but its offsets', () =>
		withEmulator(quiet(), async emulator => {
			const before = held(emulator);
			const api = emulator.api('jira-data-center');
			const [newest] = api.records();
			assert.deepEqual(await scan(emulator, 'limit=100', () => api.insert([newest!])), before);
			const {entities} = await page(emulator, 'limit=1&offset=100');
			assert.equal(JSON.stringify(entities[0]), before[98]);
		}));

	it('shows the id of the last record in the cursor, and a whole link', () =>
		withEmulator(quiet(), async emulator => {
			const {pagingInfo} = await page(emulator, 'limit=2&from=1970-01-01T00:00:00.000Z');
			const [, second] = emulator.api('jira-data-center').records();
			const cursor = `${second?.timeMs},${second?.rowId}`;
			assert.deepEqual(pagingInfo, {
				nextPageOffset: 0,
				nextPageCursor: cursor,
				nextPageLink: `${emulator.url}${path}?limit=2&from=1970-01-01T00%3A00%3A00.000Z&offset=0&pageCursor=${cursor}`,
				lastPage: false,
				size: 2,
			});
			assert.equal((await fetch(pagingInfo.nextPageLink!)).status, 401);
		}));

	it('words paging as the switches say', () =>
		withEmulator(
			quiet({
				events: 2,
				switches: {
					dataCenter: {pageCursor: 'object', selfAudit: false, contexts: {jira: '', bitbucket: '/bb'}},
					linkOrigin: 'https://proxy.test',
					linkFilters: false,
					end: 'null',
				},
			}),
			async emulator => {
				const {pagingInfo} = await page(emulator, 'limit=1&search=a%20e%20i%20o', '/rest/auditing/1.0/events');
				const {cursor} = pagingInfo.nextPageCursor as unknown as {cursor: string};
				assert.match(cursor, /^\d+,2$/);
				assert.equal(
					pagingInfo.nextPageLink,
					`https://proxy.test/rest/auditing/1.0/events?limit=1&offset=0&pageCursor=${cursor}`,
				);
				const last = await page(emulator, '', '/bb/rest/auditing/1.0/events');
				assert.deepEqual([last.pagingInfo.nextPageCursor, last.pagingInfo.nextPageLink], [null, null]);
				assert.equal((await call(emulator, path)).status, 404);
			},
		));

	it('has three products, Jira at the root too', () =>
		withEmulator(quiet({events: 3}), async emulator => {
			const bodies = await Promise.all(
				['/jira', '', '/confluence', '/bitbucket'].map(async context =>
					JSON.stringify((await page(emulator, '', `${context}/rest/auditing/1.0/events`)).entities),
				),
			);
			assert.equal(bodies[0], bodies[1]);
			assert.equal(new Set(bodies).size, 3);
		}));

	it('audits each search, after it', () =>
		withEmulator({events: 5}, async emulator => {
			assert.equal((await page(emulator, 'limit=3')).entities.length, 3);
			const {entities} = await page(emulator, '');
			assert.equal(entities.length, 6);
			assert.equal(entities[0]?.type.action, 'Audit Log search performed');
			assert.equal(Array.from(emulator.api('jira-data-center').records()).length, 7);
			assert.equal(Array.from(emulator.api('bitbucket-data-center').records()).length, 5);
		}));

	it('says what is wrong in one object, or in a list of it', async () => {
		const wrong = async (emulator: Emulator) => {
			const {status, body} = await call(emulator, `${path}?from=2026-01-01T00:00:00%2B0300&limit=0`);
			assert.equal(status, 400);
			return JSON.parse(body.toString()) as object;
		};
		const expected = {
			status: 400,
			message: 'Invalid Query',
			errors: [
				{key: 'validation.error.from.invalid', message: "'from' timestamp is invalid"},
				{key: 'validation.error.limit.small', message: "Limit can't exceed 100 000"},
			],
			timestamp: '1970-01-01T00:00:00.000Z',
		};
		await withEmulator({now: () => 0}, async emulator => assert.deepEqual(await wrong(emulator), expected));
		await withEmulator({now: () => 0, switches: {errorBody: 'array'}}, async emulator => {
			assert.deepEqual(await wrong(emulator), [expected]);
		});
	});

	it('fails in plain text, and limits by a bucket', () =>
		withEmulator(
			{now: () => 0, rateLimit: {requests: 2, perMs: 60_000}, faults: [{kind: 'status', status: 500, at: 1}]},
			async emulator => {
				const failed = await call(emulator, path);
				assert.equal(failed.status, 500);
				assert.match(String(failed.headers['content-type']), /^text\/plain/);
				assert.equal(failed.headers['retry-after'], '0');
				const last = await call(emulator, path);
				assert.deepEqual([last.status, last.headers['retry-after']], [200, '60']);
				const refused = await call(emulator, path);
				assert.equal(refused.status, 429);
				const names = ['limit', 'remaining', 'interval-seconds', 'fillrate'];
				assert.deepEqual(
					names.map(name => refused.headers[`x-ratelimit-${name}`]),
					['2', '0', '60', '2'],
				);
				assert.equal(refused.headers['retry-after'], '60');
			},
		));

	it('exports CSV', () =>
		withEmulator(quiet({events: 4}), async emulator => {
			const {headers, body} = await call(emulator, `${path}?outputFormat=csv&limit=50000`);
			assert.match(String(headers['content-disposition']), /^attachment; filename="Auditing Export \d{4}-.*Z\.csv"$/);
			assert.equal(body.toString().match(/^"20/gm)?.length, 4);
		}));

	it('makes pages that lead nowhere', () =>
		withEmulator(
			quiet({
				faults: [
					{kind: 'foreign-next', onlyLink: true, at: 1},
					{kind: 'empty-pages', at: [2, 3]},
					{kind: 'repeat-cursor', at: 4},
					{kind: 'refuse-cursor', at: 5},
				],
			}),
			async emulator => {
				const foreign = await page(emulator, 'limit=5');
				assert.match(String(foreign.pagingInfo.nextPageLink), /^http:\/\/127\.0\.0\.2:9\/jira\/rest/);
				assert.ok(!('nextPageCursor' in foreign.pagingInfo));
				const empty = await page(emulator, 'limit=5');
				assert.deepEqual([empty.entities, empty.pagingInfo.lastPage], [[], false]);
				const again = await page(emulator, `limit=5&pageCursor=${empty.pagingInfo.nextPageCursor}`);
				assert.notEqual(again.pagingInfo.nextPageCursor, empty.pagingInfo.nextPageCursor);
				const cursor = again.pagingInfo.nextPageCursor;
				const repeated = await page(emulator, `limit=5&pageCursor=${cursor}`);
				assert.equal(repeated.pagingInfo.nextPageCursor, cursor);
				assert.deepEqual(
					repeated.entities.map(record => JSON.stringify(record)),
					held(emulator).slice(0, 5),
				);
				const refused = await call(emulator, `${path}?pageCursor=${cursor}`);
				assert.match(refused.body.toString(), /validation\.error\.cursor\.invalid/);
			},
		));
});
