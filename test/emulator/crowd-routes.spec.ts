import assert from 'node:assert/strict';
import type {Emulator} from '../../lib/emulator/index.ts';
import {call, callJson, withEmulator} from './ask.ts';

interface Changeset {
	readonly id: number;
	readonly eventType: string;
	readonly entities: readonly object[];
	readonly entries: readonly object[];
}

interface Page {
	readonly values: readonly Changeset[];
	readonly size: number;
	readonly start: number;
	readonly limit: number;
	readonly isLastPage: boolean;
}

const path = '/crowd/rest/admin/1.0/auditlog';
const query = (emulator: Emulator, parameters: string, body: unknown = {}, where = path) =>
	callJson<Page>(emulator, `${where}/query?${parameters}`, {method: 'POST', body});
const held = (emulator: Emulator, bounds = {}) =>
	Array.from(emulator.api('crowd-data-center').records(bounds), ({id}) => Number(id));

async function scan(emulator: Emulator, limit: number, body: unknown = {}): Promise<Changeset[]> {
	const all: Changeset[] = [];
	for (;;) {
		const {values, isLastPage} = await query(emulator, `limit=${limit}&start=${all.length}`, body);
		all.push(...values);
		if (isLastPage) return all;
	}
}

describe('emulator/crowd-routes', () => {
	it('pages by offsets, newest first, with an exact end', () =>
		withEmulator({events: 120}, async emulator => {
			for (const limit of [7, 60, 119, 120]) {
				assert.deepEqual(
					(await scan(emulator, limit)).map(({id}) => id),
					held(emulator),
				);
			}
			const {size, start, limit, isLastPage} = await query(emulator, '');
			assert.deepEqual([size, start, limit, isLastPage], [50, 0, 50, false]);
			assert.equal((await query(emulator, 'limit=5000')).limit, 1000);
		}));

	it('orders its sets anew in each answer, unless it is told not to', async () => {
		const texts = async (stableSets: boolean) => {
			const seen = new Set<string>();
			await withEmulator({events: 40, switches: {crowd: {stableSets}}}, async emulator => {
				const sorted = new Set<string>();
				for (let asked = 0; asked < 6; asked++) {
					const {values} = await query(emulator, '');
					seen.add(JSON.stringify(values));
					sorted.add(
						JSON.stringify(
							values.map(({entities, entries}) => [...entities, ...entries].map(item => JSON.stringify(item)).sort()),
						),
					);
				}
				assert.equal(sorted.size, 1);
			});
			return seen.size;
		};
		assert.ok((await texts(false)) > 3);
		assert.equal(await texts(true), 1);
	});

	it('serves the texts that it lists, where sets are stable', () =>
		withEmulator({events: 40, switches: {crowd: {stableSets: true}}}, async emulator => {
			const {body} = await call(emulator, `${path}/query`, {method: 'POST', body: {}});
			const texts = Array.from(emulator.api('crowd-data-center').records(), ({text}) => text);
			assert.ok(body.toString().startsWith(`{"values":[${texts.join(',')}],"size":40`));
		}));

	it('restricts by time, inclusive, and by what happened', () =>
		withEmulator({events: 200, switches: {crowd: {timeZone: 'UTC'}}}, async emulator => {
			const records = Array.from(emulator.api('crowd-data-center').records());
			const bounds = {from: records[150]!.timeMs, to: records[20]!.timeMs};
			const zoned = (timeMs: number) => new Date(timeMs).toISOString().replace('Z', '+0000');
			const body = {onOrAfter: zoned(bounds.from), beforeOrOn: zoned(bounds.to)};
			assert.deepEqual(
				(await scan(emulator, 50, body)).map(({id}) => id),
				held(emulator, bounds),
			);
			const deleted = await scan(emulator, 50, {actions: ['USER_DELETED', 'GROUP_DELETED']});
			assert.ok(deleted.length > 5 && deleted.every(({eventType}) => eventType.endsWith('_DELETED')));
		}));

	it('stores changesets, back-dated ones too, and again when they are sent again', () =>
		withEmulator({events: 3, now: () => Date.UTC(2026, 5, 1)}, async emulator => {
			const post = (body: object) => call(emulator, path, {method: 'POST', body});
			const changeset = {author: {name: 'a', type: 'USER'}, eventType: 'OTHER', id: 99};
			const {status, body} = await post(changeset);
			assert.deepEqual([status, body.length], [201, 0]);
			await post({...changeset, timestamp: '2017-04-26T00:00:00.000+0300'});
			await post(changeset);
			assert.deepEqual(held(emulator), [6, 4, 3, 2, 1, 5]);
			const refused = await post({eventType: 'OTHER'});
			assert.deepEqual(
				[refused.status, refused.body.toString()],
				[400, '{"reason":"ILLEGAL_ARGUMENT","message":"Author not set"}'],
			);
		}));

	it('lists filter values', () =>
		withEmulator({events: 300}, async emulator => {
			const filter = (parameters: string) =>
				callJson<Page & {values: {authorName: string}[]}>(emulator, `${path}/query/filter?${parameters}`, {
					method: 'POST',
					body: {},
				});
			const first = await filter('projection=AUTHOR&limit=2');
			const all = await filter('projection=AUTHOR&limit=100');
			assert.deepEqual([first.size, first.isLastPage, all.isLastPage], [2, false, true]);
			assert.deepEqual(first.values, all.values.slice(0, 2));
			assert.equal((await filter('projection=AUTHOR&search=lila')).values[0]?.authorName, 'Lila Smalls');
			assert.equal((await call(emulator, `${path}/query/filter`, {method: 'POST', body: {}})).status, 400);
		}));

	it('keeps its configuration', () =>
		withEmulator({events: 0}, async emulator => {
			assert.deepEqual(await callJson(emulator, `${path}/configuration`), {retentionPeriod: 'UNLIMITED'});
			const body = {retentionPeriod: 'SIX_MONTHS'};
			assert.deepEqual(await callJson(emulator, `${path}/configuration`, {method: 'PUT', body}), body);
			assert.deepEqual(await callJson(emulator, `${path}/configuration`), body);
			const wrong = {method: 'PUT', body: {retentionPeriod: 'for ever'}};
			assert.equal((await call(emulator, `${path}/configuration`, wrong)).status, 400);
		}));

	it('lies without a context too, but not where the misprint says', () =>
		withEmulator({events: 2}, async emulator => {
			assert.equal((await query(emulator, '', {}, '/rest/admin/1.0/auditlog')).size, 2);
			assert.equal((await call(emulator, '/rest/rest/admin/1.0/auditlog/configuration')).status, 404);
			assert.equal((await call(emulator, `${path}/query`)).status, 405);
			assert.equal((await call(emulator, `${path}/query`, {method: 'POST', body: 'no JSON'})).status, 400);
		}));

	it('has empty pages that are not the last', () =>
		withEmulator({events: 2, faults: [{kind: 'empty-pages', at: 1}]}, async emulator => {
			const {values, isLastPage} = await query(emulator, '');
			assert.deepEqual([values, isLastPage], [[], false]);
		}));
});
