import assert from 'node:assert/strict';
import type {Emulator} from '../support/emulator.ts';
import {call, callJson, textsOf, withEmulator, written, isIndented} from './ask.ts';

interface Page {
	readonly results: readonly {readonly creationDate: number}[];
	readonly start: number;
	readonly limit: number;
	readonly size: number;
	readonly _links: {readonly base: string; readonly context: string; readonly next?: string};
}

const path = '/wiki/rest/api/audit';
const nowMs = Date.UTC(2026, 1, 1);
const held = (emulator: Emulator, bounds = {}) => textsOf(emulator, 'confluence-cloud', bounds);
const page = (emulator: Emulator, query: string, where = path) => callJson<Page>(emulator, `${where}?${query}`);

async function scan(emulator: Emulator, query: string, between = () => {}): Promise<string[]> {
	const texts: string[] = [];
	for (;;) {
		const {results, _links} = await page(emulator, `${query}&start=${texts.length}`);
		texts.push(...written(results));
		if (_links.next === undefined) return texts;
		between();
	}
}

describe('emulator/confluence-cloud', () => {
	it('pages by offsets over what it holds, newest first, byte for byte', () =>
		withEmulator({events: 300, spacingMs: 900}, async emulator => {
			for (const limit of [7, 100, 299, 300]) assert.deepEqual(await scan(emulator, `limit=${limit}`), held(emulator));
			const {results, size, limit, start} = await page(emulator, 'start=295&limit=10');
			assert.deepEqual([results.length, size, limit, start], [5, 5, 10, 295]);
			assert.deepEqual((await page(emulator, 'start=400')).results, []);
		}));

	it('has true twins and no ids', () =>
		withEmulator({events: 500, switches: {bursts: {longSize: 60, longEvery: 200}}}, async emulator => {
			const texts = held(emulator);
			assert.ok(new Set(texts).size < texts.length - 30);
			assert.ok(texts.every(text => !('id' in (JSON.parse(text) as object))));
		}));

	it('has no twins where they are switched off', () =>
		withEmulator({events: 60, switches: {twinPercent: 0, bursts: {longSize: 10, longEvery: 20}}}, async emulator => {
			// two of a millisecond may still be alike by chance
			assert.ok(new Set(held(emulator)).size > 55);
		}));

	it('includes both bounds, and searches texts', () =>
		withEmulator({events: 400}, async emulator => {
			const records = Array.from(emulator.api('confluence-cloud').records());
			const bounds = {from: records[300]!.timeMs, to: records[20]!.timeMs};
			const dates = `startDate=${bounds.from}&endDate=${bounds.to}`;
			assert.deepEqual(await scan(emulator, dates), held(emulator, bounds));
			assert.ok(held(emulator, bounds).includes(records[300]!.text));
			const found = await scan(emulator, 'searchString=SPACE%20CREATED');
			assert.deepEqual(
				found,
				held(emulator).filter(text => text.includes('"Space created"')),
			);
			assert.ok(found.length > 5);
		}));

	it('links relatively, with filters, without the context', () =>
		withEmulator({events: 9}, async emulator => {
			const {_links} = await page(emulator, 'limit=2&startDate=5');
			assert.deepEqual(_links, {
				base: `${emulator.url}/wiki`,
				context: '/wiki',
				self: `${emulator.url}/wiki/rest/api/audit`,
				next: '/rest/api/audit?startDate=5&limit=2&start=2',
			});
			const gateway = await page(emulator, 'limit=2', '/ex/confluence/c1/wiki/rest/api/audit');
			assert.equal(gateway._links.base, 'https://example.atlassian.net/wiki');
			assert.equal(gateway._links.next, '/rest/api/audit?limit=2&start=2');
		}));

	it('links as the switches say', () =>
		withEmulator(
			{
				events: 4,
				switches: {confluenceCloud: {nextWithContext: true}, linkFilters: false, end: 'empty-page', maxLimit: 2},
			},
			async emulator => {
				const {_links, limit} = await page(emulator, 'limit=50&endDate=99999999999999');
				assert.equal(limit, 2);
				assert.equal(_links.next, '/wiki/rest/api/audit?limit=2&start=2');
				assert.ok((await page(emulator, 'start=2'))._links.next);
				assert.equal((await page(emulator, 'start=4'))._links.next, undefined);
			},
		));

	it('shifts when records come and go above the reader', () =>
		withEmulator({events: 30, switches: {bursts: {perThousand: 0}}}, async emulator => {
			const api = emulator.api('confluence-cloud');
			const before = held(emulator);
			const once = (change: () => void) => {
				let changed = false;
				return () => {
					if (!changed) change();
					changed = true;
				};
			};
			const [newest] = api.records();
			const more = await scan(
				emulator,
				'limit=10',
				once(() => api.insert([newest!])),
			);
			assert.deepEqual(more, before.toSpliced(10, 0, before[9]!));
			const less = await scan(
				emulator,
				'limit=10',
				once(() => api.remove((_, index) => index < 2)),
			);
			assert.deepEqual(less, [before[0], ...before.slice(0, 9), ...before.slice(11)]);
		}));

	it('shows a new name of an author in old records, but not of an object, which has no id', () =>
		withEmulator({events: 400}, async emulator => {
			emulator.renameActor('Emma Richards', 'Emma Poor');
			const texts = await scan(emulator, '');
			assert.deepEqual(texts, held(emulator));
			for (const [part, isThere] of [
				['"displayName":"Emma Poor"', true],
				['"displayName":"Emma Richards"', false],
				['{"name":"Emma Richards","objectType":"User"}', true],
				['{"name":"Emma Poor"', false],
			] as const) {
				assert.equal(
					texts.some(text => text.includes(part)),
					isThere,
					part,
				);
			}
		}));

	it('words errors in its own way', async () => {
		await withEmulator({events: 1}, async emulator => {
			for (const query of ['startDate=2026-01-01', 'endDate=x', 'limit=0', 'start=-1']) {
				const {status, body} = await call(emulator, `${path}?${query}`);
				assert.equal(status, 400, query);
				assert.equal((JSON.parse(body.toString()) as {statusCode: number}).statusCode, 400);
			}
		});
		await withEmulator({switches: {forbidden: true, errorBody: 'text'}}, async emulator => {
			const {status, body} = await call(emulator, path);
			assert.deepEqual([status, body.length], [403, 0]);
		});
	});

	it('makes pages that lead nowhere', () =>
		withEmulator(
			{
				events: 20,
				faults: [
					{kind: 'foreign-next', at: 1},
					{kind: 'empty-pages', at: 2},
					{kind: 'repeat-cursor', at: 3},
				],
			},
			async emulator => {
				assert.equal((await page(emulator, 'limit=5'))._links.base, 'http://127.0.0.2:9/wiki');
				const empty = await page(emulator, 'limit=5&start=5');
				assert.deepEqual([empty.results, empty._links.next], [[], '/rest/api/audit?limit=5&start=5']);
				assert.equal((await page(emulator, 'limit=5&start=5'))._links.next, '/rest/api/audit?limit=5&start=5');
			},
		));

	it('indents its answers where it is told to', () =>
		withEmulator({events: 3, switches: {prettyPrint: true}}, async emulator => {
			const {body} = await call(emulator, path);
			assert.ok(isIndented(body));
			for (const text of held(emulator)) assert.ok(body.includes(text));
		}));

	it('lists the last span, counted from its own clock', () =>
		withEmulator({events: 200, now: () => nowMs}, async emulator => {
			const {results, _links} = await callJson<{results: {creationDate: number}[]; _links: {next: string}}>(
				emulator,
				`${path}/since?number=2&units=HOURS&limit=20`,
			);
			assert.ok(results.every(({creationDate}) => creationDate >= nowMs - 7_200_000));
			assert.equal(_links.next, '/rest/api/audit/since?number=2&units=HOURS&limit=20&start=20');
			const all = await callJson<{size: number}>(emulator, `${path}/since`);
			assert.equal(all.size, 200);
			assert.equal((await call(emulator, `${path}/since?units=FORTNIGHTS`)).status, 400);
		}));

	it('keeps a retention of at most a year', () =>
		withEmulator({events: 0}, async emulator => {
			assert.deepEqual(await callJson(emulator, `${path}/retention`), {number: 1, units: 'YEARS'});
			const body = {number: 6, units: 'MONTHS'};
			assert.deepEqual(await callJson(emulator, `${path}/retention`, {method: 'PUT', body}), body);
			for (const wrong of [{number: 2, units: 'YEARS'}, {number: 1}, {number: 0, units: 'DAYS'}, 'no JSON']) {
				assert.equal((await call(emulator, `${path}/retention`, {method: 'PUT', body: wrong})).status, 400);
			}
			assert.deepEqual(await callJson(emulator, `${path}/retention`), body);
		}));

	it('exports lines', () =>
		withEmulator({events: 5}, async emulator => {
			const {headers, body} = await call(emulator, `${path}/export`);
			assert.match(String(headers['content-type']), /^text\/csv/);
			assert.equal(body.toString().match(/^"20/gm)?.length, 5);
			const zip = await call(emulator, `${path}/export?format=zip&endDate=0`);
			assert.match(String(zip.headers['content-type']), /^application\/zip/);
			assert.equal((await call(emulator, `${path}/export?format=pdf`)).status, 400);
		}));

	it('stores records, back-dated ones too', () =>
		withEmulator({events: 5, now: () => nowMs}, async emulator => {
			const create = (body: object) => callJson(emulator, path, {method: 'POST', body});
			await create({remoteAddress: '1.2.3.4', summary: 'now'});
			await create({remoteAddress: '1.2.3.4', summary: 'then', creationDate: 5});
			const records = Array.from(emulator.api('confluence-cloud').records());
			assert.deepEqual([records.length, records[0]?.timeMs, records.at(-1)?.timeMs], [7, nowMs, 5]);
			assert.match(String(records.at(-1)?.text), /"creationDate":5/);
			assert.equal((await call(emulator, path, {method: 'POST', body: {summary: 'no address'}})).status, 400);
		}));
});
