import assert from 'node:assert/strict';
import {call, callJson, withEmulator} from './ask.ts';

const path = '/wiki/rest/api/audit';
const nowMs = Date.UTC(2026, 1, 1);

describe('emulator/confluence-cloud-operations', () => {
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
