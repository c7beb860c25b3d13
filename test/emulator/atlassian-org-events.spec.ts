import assert from 'node:assert/strict';
import type {EmulatorSwitches} from '../support/emulator.ts';
import {ask, askPage, idsHeld, idsOf, pageOf, scan, withEmulator, isIndented} from './ask.ts';

const newestMs = Date.UTC(2026, 0, 31);
const dense = {events: 400, newestMs, spacingMs: 3, switches: {bursts: {longSize: 60, longEvery: 200}}};

describe('emulator/atlassian-org-events', () => {
	it('pages over exactly what it holds, at every page size', () =>
		withEmulator(dense, async emulator => {
			for (const limit of [7, 59, 60, 199, 200, 399, 400, 401]) {
				const pages = await scan(emulator, `limit=${limit}`);
				assert.deepEqual(idsOf(pages), idsHeld(emulator), String(limit));
				assert.equal(pages.length, Math.ceil(400 / limit));
			}
			assert.equal((await askPage(emulator, '')).data.length, 30);
		}));

	it('serves exactly the texts that it lists', () =>
		withEmulator({events: 300, switches: {oddRecords: true, hostileIds: true}}, async emulator => {
			const texts = Array.from(emulator.events(), ({text}) => text);
			const {body} = await ask(emulator, '/events?limit=300');
			assert.equal(body.toString().indexOf(`{"data":[${texts.join(',')}],"links":{},"meta":{`), 0);
			assert.ok(texts.some(text => text.includes('\\ud800')));
		}));

	it('serves the same texts with line breaks', () =>
		withEmulator({events: 50, switches: {prettyPrint: true}}, async emulator => {
			const {body} = await ask(emulator, '/events?limit=20');
			assert.ok(isIndented(body));
			for (const {text} of [...emulator.events()].slice(0, 20)) assert.ok(body.includes(text));
			const empty = await ask(emulator, '/events?to=0');
			assert.ok(isIndented(empty.body));
		}));

	it('answers as the real server does', () =>
		withEmulator({events: 45}, async emulator => {
			const first = await askPage(emulator, '');
			const cursor = String(first.meta.next);
			assert.equal(first.links.next, `${emulator.url}/admin/v1/orgs/${emulator.orgId}/events?cursor=${cursor}`);
			assert.deepEqual(first.meta, {
				attributes: null,
				next: cursor,
				prev: null,
				page_size: 30,
				start_index: null,
				end_index: null,
				total: 30,
			});
			const last = await askPage(emulator, `cursor=${cursor}`);
			assert.deepEqual([last.links, last.meta.next, last.meta.total], [{}, null, 15]);
		}));

	it('includes both bounds', () =>
		withEmulator(dense, async emulator => {
			const held = [...emulator.events()];
			const [to, from] = [held[50]?.timeMs, held[350]?.timeMs];
			const expected = held.filter(({timeMs}) => timeMs >= Number(from) && timeMs <= Number(to));
			assert.deepEqual(
				idsOf(await scan(emulator, `from=${from}&to=${to}&limit=40`)),
				expected.map(({id}) => id),
			);
			assert.deepEqual(
				idsHeld(emulator, {from, to}),
				expected.map(({id}) => id),
			);
			assert.deepEqual(idsOf(await scan(emulator, `from=${to}&to=${from}`)), []);
		}));

	it('filters, and drops filters that are not sent again', () =>
		withEmulator({events: 2000}, async emulator => {
			const pages = await scan(emulator, 'action=user_login&limit=50');
			assert.deepEqual(idsOf(pages), idsHeld(emulator, {action: 'user_login'}));
			assert.ok(pages.length > 3);
			const next = String(pages[0]?.meta.next);
			const held = idsHeld(emulator);
			const place = held.indexOf(String(idsOf(pages)[49]));
			assert.deepEqual(idsOf([await askPage(emulator, `cursor=${next}&limit=50`)]), held.slice(place + 1, place + 51));
		}));

	it('takes several actors and addresses', () =>
		withEmulator({events: 2000}, async emulator => {
			const actor = ['confluence', '557058:f58131cb-b67d-43c7-b30d-6b58d40bd077'];
			const ip = Array.from({length: 20}, (_, index) => `203.0.113.${index}`);
			const query = [...actor.map(id => `actor=${id}`), ...ip.map(one => `ip=${one}`)].join('&');
			const ids = idsOf(await scan(emulator, query));
			assert.deepEqual(ids, idsHeld(emulator, {actor, ip}));
			assert.ok(ids.length > 10);
		}));

	it('does not show a running scan what is new, but what lands behind it', () =>
		withEmulator(dense, async emulator => {
			const before = idsHeld(emulator);
			let inserted: string[] = [];
			const pages = await scan(emulator, 'limit=100', () => {
				if (inserted.length > 0) return;
				inserted = emulator.insert([{timeMs: newestMs + 5}, {timeMs: newestMs - 1}, {timeMs: newestMs - 900}]);
			});
			const seen = idsOf(pages);
			assert.deepEqual(
				seen.filter(id => before.includes(id)),
				before,
			);
			assert.deepEqual(
				inserted.map(id => seen.includes(id)),
				[false, false, true],
			);
			assert.deepEqual(idsOf(await scan(emulator, 'limit=100')), idsHeld(emulator));
			assert.equal(idsHeld(emulator).length, 403);
		}));

	it('ends with null, without a member, or with an empty page', async () => {
		const lastPages = async (end: 'null' | 'absent' | 'empty-page') => {
			let pages: Awaited<ReturnType<typeof scan>> = [];
			await withEmulator({events: 20, switches: {end}}, async emulator => {
				pages = await scan(emulator, 'limit=10');
			});
			return pages;
		};
		assert.equal((await lastPages('null')).at(-1)?.meta.next, null);
		assert.ok(!('next' in ((await lastPages('absent')).at(-1)?.meta ?? {next: ''})));
		assert.deepEqual(
			(await lastPages('empty-page')).map(({data}) => data.length),
			[10, 10, 0],
		);
	});

	it("refuses what is wrong, in the vendor's words", () =>
		withEmulator({events: 5}, async emulator => {
			const codes: Record<string, string> = {
				'/events?cursor=made-up': 'ADMIN-400-1',
				'/events?cursor=': 'ADMIN-400-1',
				'/events?from=2026-01-01': 'ADMIN-400-3',
				'/events?to=': 'ADMIN-400-3',
				'/events?limit=0': 'ADMIN-400-4',
				'/events/nobody': 'ADMIN-404-4',
				'/nothing': 'ADMIN-404-1',
			};
			for (const [path, code] of Object.entries(codes)) {
				const {status, body} = await ask(emulator, path);
				assert.equal((JSON.parse(body.toString()) as {errors: [{code: string}]}).errors[0].code, code, path);
				assert.equal(String(status), code.slice(6, 9));
			}
		}));

	it('lets cursors expire by time or by requests', async () => {
		let nowMs = 0;
		await withEmulator({now: () => nowMs, switches: {cursorTtlMs: 1000}}, async emulator => {
			const {meta} = await askPage(emulator, '');
			nowMs = 1000;
			assert.equal((await ask(emulator, `/events?cursor=${meta.next}`)).status, 200);
			nowMs = 1001;
			assert.equal((await ask(emulator, `/events?cursor=${meta.next}`)).status, 400);
		});
		await withEmulator({switches: {cursorTtlRequests: 2}}, async emulator => {
			const {meta} = await askPage(emulator, '');
			const statuses = [];
			for (let asked = 0; asked < 3; asked++)
				statuses.push((await ask(emulator, `/events?cursor=${meta.next}`)).status);
			assert.deepEqual(statuses, [200, 200, 400]);
		});
	});

	it('knows one event and the catalogue', () =>
		withEmulator({events: 20}, async emulator => {
			const [, second] = emulator.events();
			assert.equal((await ask(emulator, `/events/${second?.id}`)).body.toString(), `{"data":${second?.text}}`);
			const {data} = pageOf(await ask(emulator, '/event-actions')) as unknown as {data: {id: string; type: string}[]};
			assert.ok(data.some(({id, type}) => id === 'user_login' && type === 'event-actions'));
		}));

	it('has unique ids, hostile ones where it is told to', async () => {
		const idsOfAll = async (switches: EmulatorSwitches) => {
			let ids: string[] = [];
			await withEmulator({events: 1000, switches}, async emulator => {
				emulator.insert([{timeMs: 0}]);
				ids = idsHeld(emulator);
				assert.equal(new Set(ids).size, 1001);
			});
			return ids;
		};
		const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
		for (const id of await idsOfAll({})) assert.match(id, uuid);
		const hostile = await idsOfAll({hostileIds: true});
		assert.ok(new Set(hostile.map(id => id.toLowerCase())).size < hostile.length);
		for (const id of ['.', '..', '../../escape-0', 'nul\0' + '0']) assert.ok(hostile.includes(id), id);
	});

	it('leaves members without a value out in the way that is asked for', async () => {
		for (const [missing, expected] of [
			['absent', ['absent', 'given']],
			['null', ['given', 'null']],
			['empty', ['empty', 'given']],
			['mixed', ['absent', 'empty', 'given', 'null']],
		] as const) {
			await withEmulator({events: 400, switches: {missing}}, async emulator => {
				const kinds = Array.from(emulator.events(), ({text}) => {
					const {location} = (JSON.parse(text) as {attributes: {location?: object | null | ''}}).attributes;
					return location === undefined ? 'absent' : location === null ? 'null' : location === '' ? 'empty' : 'given';
				});
				assert.deepEqual([...new Set(kinds)].sort(), expected);
			});
		}
	});

	it('is odd when asked to be, and JSON all the same', () =>
		withEmulator({events: 900, switches: {oddRecords: true}}, async emulator => {
			const odd = Array.from(emulator.events(), ({text}) => text).filter(text => text.includes('9007199254740993'));
			assert.ok(odd.length > 200 && odd.length < 400, String(odd.length));
			for (const text of odd) {
				assert.match(text, /1\.0.*"twice":1,"twice":2.*"10":"ten","2":"two","__proto__"/);
				JSON.parse(text);
			}
		}));

	it('hides fractions that the order still follows', () =>
		withEmulator({events: 300, spacingMs: 50, switches: {hiddenFractions: true}}, async emulator => {
			const events = [...emulator.events()];
			const hidden = events.filter(({time, timeMs}) => timeMs % 1000 !== 0 && /:\d\dZ$/.test(time));
			assert.ok(hidden.length > 60 && hidden.length < 140, String(hidden.length));
			assert.ok(events.every(({timeMs}, index) => index === 0 || events[index - 1]!.timeMs >= timeMs));
		}));

	it('can be one organization only, or forbidden', async () => {
		await withEmulator({orgId: 'mine'}, async emulator => {
			assert.equal((await ask(emulator, '/events')).status, 200);
			const other = await ask({...emulator, orgId: 'other'}, '/events');
			assert.match(other.body.toString(), /ADMIN-404-2/);
		});
		await withEmulator({switches: {forbidden: true}}, async emulator => {
			assert.match((await ask(emulator, '/events')).body.toString(), /ADMIN-403-3/);
		});
	});

	it('cuts a limit that is too large', () =>
		withEmulator({switches: {maxLimit: 100}}, async emulator => {
			assert.equal((await askPage(emulator, 'limit=500')).data.length, 100);
		}));
});

describe('emulator/atlassian-org-events with faults', () => {
	it('repeats a cursor', () =>
		withEmulator({faults: [{kind: 'repeat-cursor', at: {from: 2}}]}, async emulator => {
			const {meta} = await askPage(emulator, '');
			assert.equal((await askPage(emulator, `cursor=${meta.next}`)).meta.next, meta.next);
		}));

	it('goes in a circle', () =>
		withEmulator({faults: [{kind: 'cycle-cursor', at: {from: 3}}]}, async emulator => {
			const cursors: string[] = [];
			let cursor = '';
			for (let page = 0; page < 6; page++) {
				cursor = String((await askPage(emulator, cursor && `cursor=${cursor}`)).meta.next);
				cursors.push(cursor);
			}
			const [a, b] = cursors;
			assert.notEqual(a, b);
			assert.deepEqual(cursors, [a, b, a, b, a, b]);
		}));

	it('puts empty pages in between, each with a new cursor, and loses nothing', () =>
		withEmulator({events: 90, faults: [{kind: 'empty-pages', at: {from: 2, to: 4}}]}, async emulator => {
			const pages = await scan(emulator, 'limit=30');
			assert.deepEqual(
				pages.map(({data}) => data.length),
				[30, 0, 0, 0, 30, 30],
			);
			assert.equal(new Set(pages.map(({meta}) => meta.next)).size, 6);
			assert.deepEqual(idsOf(pages), idsHeld(emulator));
		}));

	it('begins with an empty page', () =>
		withEmulator({events: 10, faults: [{kind: 'empty-pages', at: 1}]}, async emulator =>
			assert.deepEqual(idsOf(await scan(emulator, '')), idsHeld(emulator)),
		));

	it('links to another host', () =>
		withEmulator(
			{
				faults: [
					{kind: 'foreign-next', at: 1},
					{kind: 'foreign-next', origin: 'http://x.test', onlyLink: true, at: 2},
				],
			},
			async emulator => {
				const [first, second] = [await askPage(emulator, ''), await askPage(emulator, '')];
				assert.ok(first.links.next?.startsWith('http://127.0.0.2:9/admin/v1/orgs/'));
				assert.ok(first.meta.next);
				assert.ok(second.links.next?.startsWith('http://x.test/'));
				assert.ok(!('next' in second.meta));
			},
		));

	it('refuses cursors, but not the first page', () =>
		withEmulator({faults: [{kind: 'refuse-cursor', at: 'all'}]}, async emulator => {
			const {meta} = await askPage(emulator, '');
			assert.match((await ask(emulator, `/events?cursor=${meta.next}`)).body.toString(), /ADMIN-400-1/);
		}));
});
