import assert from 'node:assert/strict';
import type {EmulatedApi, Emulator} from '../support/emulator.ts';
import {ask, type EventPage, idsOf, pageOf, withEmulator, isIndented} from './ask.ts';

const page = async (emulator: Emulator, query = ''): Promise<EventPage> =>
	pageOf(await ask(emulator, `/events-stream?${query}`));
const held = (emulator: Emulator, bounds = {}) =>
	Array.from(emulator.api('atlassian-org-events-stream').records(bounds), ({id}) => String(id)).reverse();

async function scan(emulator: Emulator, query: string): Promise<EventPage[]> {
	const pages = [await page(emulator, query)];
	for (;;) {
		const {data, meta} = pages.at(-1)!;
		if (!meta.next || data.length === 0) return pages;
		pages.push(await page(emulator, `limit=70&cursor=${meta.next}`));
	}
}

describe('emulator/atlassian-org-events-stream', () => {
	it('pages in the order of processing, from the cursor alone', () =>
		withEmulator({events: 500}, async emulator => {
			assert.deepEqual(idsOf(await scan(emulator, 'limit=70')), held(emulator));
			assert.deepEqual(idsOf(await scan(emulator, 'limit=70&sortOrder=desc')), held(emulator).reverse());
			const records = Array.from(emulator.api('atlassian-org-events-stream').records());
			const bounds = {from: records[400]!.processedMs, to: records[100]!.processedMs};
			const expected = held(emulator, bounds);
			assert.equal(expected.length, 301);
			assert.deepEqual(idsOf(await scan(emulator, `limit=70&from=${bounds.from}&to=${bounds.to}`)), expected);
		}));

	it('shows when an event was processed, and else the record of the other order', () =>
		withEmulator({events: 20}, async emulator => {
			const {body} = await ask(emulator, '/events-stream');
			const records = Array.from(emulator.api('atlassian-org-events-stream').records()).reverse();
			assert.ok(body.toString().startsWith(`{"data":[${records.map(({text}) => text).join(',')}]`));
			const byId = new Map(Array.from(emulator.events(), ({id, text}) => [id, text]));
			for (const {id, text, processedMs} of records) {
				const member = `,"processedAt":"${new Date(processedMs!).toISOString()}"`;
				assert.ok(text.includes(member));
				assert.equal(text.replace(member, ''), byId.get(String(id)));
			}
		}));

	it('adds the time of processing to exact and indented texts', async () => {
		await withEmulator({events: 0}, async emulator => {
			const text = '{"id":"x","attributes":{"time":"1970-01-01T00:00:00Z","n":1.0}}';
			emulator.insert([{timeMs: 0, id: 'x', processedMs: 5, text}]);
			const {body} = await ask(emulator, '/events-stream');
			assert.ok(body.includes('{"processedAt":"1970-01-01T00:00:00.005Z","time":"1970-01-01T00:00:00Z","n":1.0}'));
		});
		await withEmulator({events: 3, switches: {prettyPrint: true}}, async emulator => {
			const {body} = await ask(emulator, '/events-stream');
			assert.ok(isIndented(body));
		});
	});

	it('has 200 events a page, at most 500', () =>
		withEmulator({events: 700}, async emulator => {
			assert.equal((await page(emulator)).data.length, 200);
			assert.equal((await page(emulator, 'limit=9999')).data.length, 500);
		}));

	it('keeps its cursor at the end, and goes on from there', () =>
		withEmulator({events: 20}, async emulator => {
			const first = await page(emulator);
			const empty = await page(emulator, `cursor=${first.meta.next}`);
			assert.deepEqual([empty.data, empty.meta.next], [[], first.meta.next]);
			const [id] = emulator.insert([{timeMs: 5}]);
			assert.deepEqual(idsOf([await page(emulator, `cursor=${first.meta.next}`)]), [id]);
		}));

	it('begins empty with a cursor that goes on, too', () =>
		withEmulator({events: 0}, async emulator => {
			const empty = await page(emulator);
			const [id] = emulator.insert([{timeMs: 5}]);
			assert.deepEqual(idsOf([await page(emulator, `cursor=${empty.meta.next}`)]), [id]);
		}));

	it('ends with null, or with null behind an empty page', async () => {
		await withEmulator({events: 20, switches: {stream: {lastPageCursor: 'null'}}}, async emulator => {
			const last = await page(emulator, 'limit=20');
			assert.deepEqual([last.data.length, last.meta.next, last.links], [20, null, {}]);
		});
		await withEmulator({events: 20, switches: {stream: {lastPageCursor: 'emptyPage'}}}, async emulator => {
			const last = await page(emulator);
			const empty = await page(emulator, `cursor=${last.meta.next}`);
			assert.deepEqual([last.data.length, empty.data, empty.meta.next, empty.links], [20, [], null, {}]);
			assert.deepEqual([empty.meta.total, empty.meta.page_size], [0, 200]);
		});
	});

	it('can bound the time of the event instead', () =>
		withEmulator({events: 300, switches: {stream: {bounds: 'happened'}}}, async emulator => {
			const [, second] = emulator.events();
			const times = (await page(emulator, `from=${second?.timeMs}`)).data.map(({attributes}) => attributes.time);
			assert.deepEqual(times.length, 2);
		}));

	it('refuses what is wrong', () =>
		withEmulator({events: 3, faults: [{kind: 'refuse-cursor', at: 1}]}, async emulator => {
			const {meta} = await page(emulator);
			emulator.setFaults([{kind: 'refuse-cursor', at: 2}]);
			const wrong = [`cursor=${meta.next}`, 'cursor=x', 'from=today', 'sortOrder=up', 'limit=0'];
			const codes = ['400-1', '400-1', '400-3', '400-4', '400-4'];
			for (const [index, query] of wrong.entries()) {
				const {body} = await ask(emulator, `/events-stream?${query}`);
				assert.ok(body.includes(`ADMIN-${codes[index]}`), query);
			}
			const other = pageOf(await ask(emulator, '/events?limit=1')).meta.next;
			assert.equal((await ask(emulator, `/events-stream?cursor=${other}`)).status, 400);
		}));

	it('lets cursors expire', () =>
		withEmulator({events: 30, switches: {cursorTtlRequests: 1}}, async emulator => {
			const {meta} = await page(emulator, 'limit=5');
			assert.equal((await ask(emulator, `/events-stream?cursor=${meta.next}`)).status, 200);
			assert.equal((await ask(emulator, `/events-stream?cursor=${meta.next}`)).status, 400);
		}));

	it('holds the events of the other order, which come and go in both', () =>
		withEmulator({events: 50}, async emulator => {
			const [events, stream] = ['', '-stream'].map(name => emulator.api(`atlassian-org-events${name}`)) as [
				EmulatedApi,
				EmulatedApi,
			];
			const ids = (api: EmulatedApi) => Array.from(api.records(), ({id}) => id);
			const [late] = events.insert([{timeMs: 5}]);
			assert.deepEqual([ids(stream)[0], ids(events).at(-1)], [late?.id, late?.id], 'late, so processed last');
			const [other] = stream.insert([{timeMs: 4}]);
			assert.equal(ids(events).at(-1), other?.id);
			assert.ok(other?.text.includes('processedAt') && !late?.text.includes('processedAt'));
			const [first, second] = events.records();
			assert.deepEqual(
				events.remove((_, index) => index < 2),
				[first, second],
			);
			const [last] = stream.records();
			assert.deepEqual(
				stream.remove(({id}) => id === last?.id).map(({id}) => id),
				[last?.id],
			);
			assert.equal(ids(events).length, 49);
			assert.deepEqual(new Set(ids(events)), new Set(ids(stream)));
		}));
});
