import assert from 'node:assert/strict';
import type {Emulator} from '../support/emulator.ts';
import {call, callJson, textsOf, withEmulator, written} from './ask.ts';

interface Page {
	readonly offset: number;
	readonly limit: number;
	readonly total: number;
	readonly records: readonly {readonly id: number}[];
}

const path = '/rest/api/3/auditing/record';
const page = (emulator: Emulator, query: string) => callJson<Page>(emulator, `${path}?${query}`);
const held = (emulator: Emulator, bounds = {}) => textsOf(emulator, 'jira-cloud', bounds);

describe('emulator/jira-cloud', () => {
	it('pages by offsets and ends on a short page', () =>
		withEmulator({events: 1100}, async emulator => {
			const pages = [await page(emulator, ''), await page(emulator, 'offset=1000&limit=5000')];
			assert.deepEqual(
				pages.flatMap(({records}) => written(records)),
				held(emulator),
			);
			assert.deepEqual(
				pages.map(({offset, limit, total}) => [offset, limit, total]),
				[
					[0, 1000, 1100],
					[1000, 1000, 1100],
				],
			);
			assert.deepEqual((await page(emulator, 'offset=1100')).records, []);
		}));

	it('has a total that ignores filter and bounds', () =>
		withEmulator({events: 300}, async emulator => {
			const found = await page(emulator, 'filter=WORKFLOW');
			assert.deepEqual(
				written(found.records),
				held(emulator).filter(text => /workflow/i.test(text)),
			);
			assert.equal(found.total, 300);
			const none = await page(emulator, 'filter=no-such-text');
			assert.deepEqual([none.records, none.total], [[], 300]);
		}));

	it('includes both bounds, with and without a zone', () =>
		withEmulator({events: 100}, async emulator => {
			const records = Array.from(emulator.api('jira-cloud').records());
			const bounds = {from: records[60]!.timeMs, to: records[20]!.timeMs};
			const [from, to] = [bounds.from, bounds.to].map(timeMs => new Date(timeMs).toISOString());
			const expected = held(emulator, bounds);
			assert.deepEqual(written((await page(emulator, `from=${from}&to=${to}`)).records), expected);
			const zone = encodeURIComponent('+0000');
			const other = `from=${from?.slice(0, -1)}${zone}&to=${to?.slice(0, -1)}`;
			assert.deepEqual(written((await page(emulator, other)).records), expected);
		}));

	it('refuses what is no time or number, in its own words', () =>
		withEmulator({events: 1}, async emulator => {
			for (const query of ['from=2026-01-01T00:00:00.000+0000', 'to=yesterday', 'offset=-1', 'limit=0']) {
				const {status, body} = await call(emulator, `${path}?${query}`);
				assert.equal(status, 400, query);
				assert.deepEqual(Object.keys(JSON.parse(body.toString()) as object), ['errorMessages', 'errors']);
			}
			assert.equal((await call(emulator, path, {headers: {authorization: ''}})).status, 401);
		}));

	it('has numbers as ids, and times without a colon in the offset', () =>
		withEmulator({events: 200}, async emulator => {
			for (const {id, timeMs, text} of emulator.api('jira-cloud').records()) {
				const record = JSON.parse(text) as {id: number; created: string};
				const created = new Date(timeMs).toISOString().replace('Z', '+0000');
				assert.deepEqual([record.id, record.created], [Number(id), created]);
			}
		}));

	it('lies behind the gateway too, and cuts limits', () =>
		withEmulator({events: 9, switches: {maxLimit: 4}}, async emulator => {
			const {records, limit} = await callJson<Page>(emulator, `/ex/jira/site${path}?limit=8`);
			assert.deepEqual([records.length, limit], [4, 4]);
		}));
});
