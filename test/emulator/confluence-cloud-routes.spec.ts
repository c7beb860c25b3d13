import assert from 'node:assert/strict';
import type {Emulator} from '../../lib/emulator/index.ts';
import {call, callJson, withEmulator} from './ask.ts';

interface Page {
	readonly results: readonly {readonly creationDate: number}[];
	readonly start: number;
	readonly limit: number;
	readonly size: number;
	readonly _links: {readonly base: string; readonly context: string; readonly next?: string};
}

const path = '/wiki/rest/api/audit';
const held = (emulator: Emulator, bounds = {}) =>
	Array.from(emulator.api('confluence-cloud').records(bounds), ({text}) => text);
const page = (emulator: Emulator, query: string, where = path) => callJson<Page>(emulator, `${where}?${query}`);

async function scan(emulator: Emulator, query: string, between = () => {}): Promise<string[]> {
	const texts: string[] = [];
	for (;;) {
		const {results, _links} = await page(emulator, `${query}&start=${texts.length}`);
		texts.push(...results.map(record => JSON.stringify(record)));
		if (_links.next === undefined) return texts;
		between();
	}
}

describe('emulator/confluence-cloud-routes', () => {
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
			const body = (await call(emulator, path)).body.toString();
			assert.equal(body, JSON.stringify(JSON.parse(body), null, 2));
			for (const text of held(emulator)) assert.ok(body.includes(text));
		}));
});
