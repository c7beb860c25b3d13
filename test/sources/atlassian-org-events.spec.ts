import assert from 'node:assert/strict';
import {of} from 'rxjs';
import {ConfigError} from '../../lib/model/errors.ts';
import {type Emulator, type EmulatorOptions, type EventFilter, startEmulator} from '../support/emulator.ts';
import type {AuditEvent} from '../../lib/model/event.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import {toBatch} from '../../lib/run/batch.ts';
import type {Page, SourceFacts} from '../../lib/model/page.ts';
import orgEvents, {type OrgEvent} from '../../sources/atlassian-org-events.ts';
import {idsOf, listen, pageOf} from '../support/pages.ts';

type Options = Parameters<typeof orgEvents>[0];

async function withEmulator(options: EmulatorOptions, use: (emulator: Emulator) => Promise<void>): Promise<void> {
	const emulator = await startEmulator({events: 300, spacingMs: 1500, ...options});
	try {
		await use(emulator);
	} finally {
		await emulator.close();
	}
}

async function pull({url, token, orgId}: Emulator, options: Partial<Options> = {}): Promise<Page<OrgEvent>[]> {
	const heard = listen(orgEvents({endpoint: url, token, orgId, concurrency: 1, ...options}), page => page.ack());
	await heard.over;
	if (heard.ended === 'error') throw heard.error;
	return heard.values;
}

function textsOf(pages: readonly Page[]): string[] {
	return pages.flatMap(({records}) => records.map(({text}) => Buffer.from(text).toString()));
}

function held({events}: Emulator, filter?: EventFilter): string[] {
	return Array.from(events(filter), ({id}) => id);
}

describe('atlassian-org-events', () => {
	it('gives all events of the organization, newest first, whatever the page size', async () => {
		for (const pageSize of [undefined, 1, 7, 299, 300, 301, '50']) {
			await withEmulator({events: pageSize === 1 ? 20 : 300}, async emulator => {
				const pages = await pull(emulator, {pageSize});
				assert.deepEqual(pages.flatMap(idsOf), held(emulator));
				const limits = new Set(emulator.requests.map(({url}) => new URL(url, emulator.url).searchParams.get('limit')));
				assert.deepEqual([...limits], [String(pageSize ?? 500)]);
			});
		}
	});

	it('ends where the API ends, however it says so', async () => {
		for (const end of ['null', 'absent', 'empty-page'] as const) {
			await withEmulator({events: 60, switches: {end}}, async emulator => {
				assert.deepEqual((await pull(emulator)).flatMap(idsOf), held(emulator));
			});
		}
		await withEmulator({events: 0}, async emulator => {
			assert.deepEqual((await pull(emulator)).map(idsOf), [[]]);
		});
	});

	it('reads from since, inclusive, to until, exclusive, milliseconds shared by several events included', async () => {
		await withEmulator({switches: {bursts: {perThousand: 100, longSize: 40, longEvery: 100}}}, async emulator => {
			const all = [...emulator.events()];
			for (const [newer, older] of [
				[50, 250],
				[149, 151],
				[150, 189],
				[0, 299],
			] as const) {
				const until = all[newer]!.timeMs;
				const since = all[older]!.timeMs;
				if (since === until) continue;
				const pages = await pull(emulator, {since, until, pageSize: 20});
				assert.deepEqual(pages.flatMap(idsOf), held(emulator, {from: since, to: until - 1}), `${older} to ${newer}`);
			}
		});
	});

	it('keeps events whose fraction the API hides', async () => {
		await withEmulator({switches: {hiddenFractions: true}}, async emulator => {
			const until = [...emulator.events()].at(20)!.timeMs;
			const since = [...emulator.events()].at(-20)!.timeMs;
			const ids = new Set((await pull(emulator, {since, until})).flatMap(idsOf));
			assert.deepEqual(
				held(emulator, {from: since, to: until - 1}).filter(id => !ids.has(id)),
				[],
			);
		});
	});

	it('sends its filters again with each cursor', async () => {
		await withEmulator({events: 2000, spacingMs: 10}, async emulator => {
			const records = (await pull(emulator, {pageSize: 1000})).flatMap(({events}) => events);
			const mostOf = (of: (event: OrgEvent) => string | undefined) => {
				const counts = new Map<string, number>();
				for (const value of records.map(of)) if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
				return [...counts].sort(([, one], [, other]) => other - one).map(([value]) => value);
			};
			const [action] = mostOf(({attributes}) => attributes.action);
			const actors = mostOf(({attributes}) => attributes.actor?.id).slice(0, 2);
			const ips = mostOf(({attributes}) => attributes.location?.ip).slice(0, 2);
			const cases: [Partial<Options>, EventFilter][] = [
				[{action}, {action}],
				[{actor: actors}, {actor: actors}],
				[{actor: actors[0]}, {actor: actors.slice(0, 1)}],
				[
					{ip: ips, action},
					{ip: ips, action},
				],
				[{q: 'GROUP'}, {q: 'group'}],
			];
			for (const [options, filter] of cases) {
				const asked = emulator.requestCount;
				const pages = await pull(emulator, {...options, pageSize: 5});
				const expected = held(emulator, filter);
				assert.ok(expected.length > 10 && expected.length < 2000, `${expected.length} match ${JSON.stringify(filter)}`);
				assert.deepEqual(pages.flatMap(idsOf), expected);
				const urls = emulator.requests.slice(asked - emulator.requestCount).map(({url}) => new URL(url, emulator.url));
				assert.ok(urls.length > 2);
				for (const {searchParams} of urls) {
					searchParams.delete('cursor');
					assert.equal(searchParams.toString(), String(urls[0]!.searchParams), 'each request asks for the same');
				}
			}
		});
	});

	it('hands on each record’s own text, byte for byte, in any layout', async () => {
		for (const prettyPrint of [false, true]) {
			for (const gzip of [false, true]) {
				const switches = {oddRecords: true, hostileIds: true, prettyPrint, gzip};
				await withEmulator({events: 200, switches}, async emulator => {
					const pages = await pull(emulator, {pageSize: 33});
					const expected = Array.from(emulator.events(), ({text}) => text.replace(/[\r\n]/g, ''));
					assert.deepEqual(textsOf(pages), expected);
					const written = Buffer.concat(pages.map(page => toBatch(page).batch.lines)).toString();
					assert.equal(written, expected.map(text => `${text}\n`).join(''));
					for (const odd of ['9007199254740993', '1.0', '"10"', '"__proto__"', '\\ud800', '"twice"']) {
						assert.ok(written.includes(odd), odd);
					}
				});
			}
		}
	});

	it('goes on where a cursor is refused, and misses nothing', async () => {
		const bursts = {longSize: 45, longEvery: 100};
		await withEmulator({switches: {hiddenFractions: true, bursts}}, async emulator => {
			for (const request of [2, 5, 9]) {
				emulator.setFaults([{kind: 'refuse-cursor', at: emulator.requestCount + request}]);
				const ids = (await pull(emulator, {pageSize: 30})).flatMap(idsOf);
				assert.deepEqual([...new Set(ids)], held(emulator));
			}
		});
	});

	it('reads on where only the link names the next page, and never follows it', async () => {
		const faults = [{kind: 'foreign-next', at: 'all', onlyLink: true}] as const;
		await withEmulator({events: 90, faults}, async emulator => {
			assert.deepEqual((await pull(emulator, {pageSize: 30})).flatMap(idsOf), held(emulator));
			assert.equal(emulator.requestCount, 3);
		});
	});

	it('takes a path prefix, and one source per organization', async () => {
		await withEmulator({events: 40, orgId: 'org~1', switches: {pathPrefix: '/proxy'}}, async emulator => {
			const [page] = await pull(emulator);
			assert.equal(page!.source.tenant, 'org~1');
			assert.match(emulator.requests[0]!.url, /^\/proxy\/admin\/v1\/orgs\/org~1\/events\?/);
			assert.equal(emulator.requests[0]!.headers.authorization, 'Bearer emulator');
		});
	});

	it('refuses an organization id that would lead elsewhere', () => {
		for (const orgId of ['', '.', '..', 'a/b', 'a?b', 'a#b', 'a%2fb', 'a b', 'a\n']) {
			assert.throws(() => orgEvents({orgId, token: 't', endpoint: 'http://127.0.0.1:1'}), ConfigError, orgId);
		}
	});

	describe('operations', () => {
		const {operations} = orgEvents;

		it('gives one event by its id, as the API gave it', async () => {
			await withEmulator({events: 5, switches: {oddRecords: true, hostileIds: true}}, async emulator => {
				const {url: endpoint, token, orgId} = emulator;
				for (const {id, text} of emulator.events()) {
					if (/^\.+$|\p{Surrogate}/u.test(id)) continue;
					const answer = await operations.event.prepare({endpoint, token, orgId, eventId: id}).run();
					assert.equal(answer.text, `{"data":${text}}`);
				}
			});
		});

		it('says that there is no such event', async () => {
			await withEmulator({events: 5}, async ({url: endpoint, token, orgId}) => {
				const unknown = operations.event({endpoint, token, orgId, eventId: 'a/b?c'});
				await assert.rejects(unknown, {code: 'NOT_FOUND', message: /orgs\/[^/]+\/events\/a%2Fb%3Fc answered 404/});
			});
		});

		it('gives the catalogue of actions, in which every action of the log is', async () => {
			await withEmulator({}, async emulator => {
				const {url: endpoint, token, orgId} = emulator;
				const {data} = await operations['event-actions']({endpoint, token, orgId});
				const known = new Set(data.map(({id}) => id));
				const pages = await pull(emulator, {pageSize: 300});
				for (const {attributes} of pages.flatMap(({events}) => events)) assert.ok(known.has(attributes.action!));
			});
		});

		it('refuses options that cannot work', async () => {
			for (const options of [
				{},
				{orgId: 'o'},
				{orgId: '..', eventId: 'x'},
				{orgId: 'o', eventId: ''},
				{orgId: 'o', eventId: '..'},
			]) {
				await assert.rejects(
					operations.event({token: 't', endpoint: 'http://127.0.0.1:9', ...options} as never),
					ConfigError,
				);
			}
		});

		it('change nothing', () => {
			for (const {writes, takesBody} of Object.values(operations))
				assert.deepEqual([writes, takesBody], [false, false]);
		});
	});

	describe('normalize', () => {
		/** The members that this source maps, of one event. */
		function normalized(event: object): unknown {
			const [page] = listen(of(pageOf([{id: 'x', value: event}], {source: facts})).pipe(normalize())).values;
			assert.deepEqual(page!.rejected, []);
			const {id: _id, time: _time, source: _source, tenant: _tenant, raw: _raw, ...mapped} = page!.events[0]!;
			return mapped;
		}

		let facts: SourceFacts;
		before(() =>
			withEmulator({events: 1}, async emulator => {
				facts = (await pull(emulator))[0]!.source;
			}),
		);

		it('gives a common record of every event, in which nothing is empty', async () => {
			const assertFull = (value: unknown, path: string): void => {
				assert.ok(value !== '' && value !== null && value !== undefined, path);
				if (typeof value !== 'object') return;
				assert.ok(Object.keys(value!).length > 0, `${path} is empty`);
				for (const [key, member] of Object.entries(value!)) assertFull(member, `${path}.${key}`);
			};
			for (const missing of ['mixed', 'absent', 'null', 'empty'] as const) {
				await withEmulator({events: 400, switches: {missing, oddRecords: true}}, async emulator => {
					const [page] = await pull(emulator, {pageSize: 400});
					const [out] = listen(of(page!).pipe(normalize())).values;
					assert.deepEqual(out!.rejected, []);
					const oracle = [...emulator.events()];
					for (const [index, event] of out!.events.entries()) {
						assertFull(event, missing);
						assert.equal(event.raw, oracle[index]!.text);
						assert.equal(event.id, oracle[index]!.id);
						assert.equal(event.time, new Date(oracle[index]!.timeMs).toISOString());
					}
				});
			}
		});

		it('maps each member', () => {
			const event = {
				id: 'x',
				attributes: {
					time: '2026-01-01T00:00:00Z',
					action: 'user_added_to_group',
					actor: {id: 'u1', name: 'Ann', email: 'ann@example.com', links: {}},
					context: [
						{id: 'g1', type: 'groups', attributes: {groupName: 'admins'}},
						{id: 'u2', type: 'users', attributes: {name: 'Bob', groupName: 'x'}},
						{type: 'sites', attributes: null},
					],
					container: [{id: 'c', type: 'sites'}],
					location: {ip: '203.0.113.5', geo: 'x', countryName: 'Norway', regionName: 'Oslo', city: 'Oslo'},
				},
				message: {content: 'Ann added Bob', format: 'simple'},
			};
			assert.deepEqual(normalized(event), {
				action: 'user_added_to_group',
				activity: 'group-user-added',
				message: 'Ann added Bob',
				outcome: 'success',
				actor: {type: 'user', id: 'u1', name: 'Ann', email: 'ann@example.com'},
				origin: {
					ip: '203.0.113.5',
					ips: ['203.0.113.5'],
					geo: {country: 'Norway', region: 'Oslo', city: 'Oslo'},
				},
				containers: [{type: 'site', id: 'c'}],
				targets: [{type: 'group', id: 'g1', name: 'admins'}, {type: 'user', id: 'u2', name: 'Bob'}, {type: 'site'}],
			});
		});

		it('leaves out what is missing, null or empty', () => {
			for (const none of [undefined, null, '', {}, []]) {
				const attributes = {action: 'a', actor: none, context: none, container: none, location: none};
				assert.deepEqual(normalized({attributes, message: none}), {action: 'a'});
			}
			for (const none of [undefined, null, '']) {
				const attributes = {
					action: 'a',
					actor: {id: none, name: 'Ann', email: none},
					context: [
						{id: none, type: none, attributes: {name: none}},
						{id: '1', attributes: none},
					],
					location: {ip: none, countryName: 'Norway', regionName: none, city: none},
				};
				assert.deepEqual(normalized({attributes, message: {content: none}}), {
					action: 'a',
					actor: {name: 'Ann'},
					origin: {geo: {country: 'Norway'}},
					targets: [{id: '1'}],
				});
			}
		});

		it('tells people from apps', () => {
			const account = '712020:6f2d1c8e-4b1a-4c3d-9e5f-0a1b2c3d4e10';
			for (const [given, actor] of [
				[{id: account}, {id: account, type: 'user'}],
				[{id: '5b10a2844c20165700ede213'}, {id: '5b10a2844c20165700ede213', type: 'user'}],
				[
					{id: account, email: 'Atlassian app'},
					{id: account, type: 'app'},
				],
				[
					{id: 'confluence', email: 'Atlassian app'},
					{id: 'confluence', type: 'app'},
				],
				[
					{id: 'confluence', name: 'Confluence', email: null},
					{id: 'confluence', name: 'Confluence', type: 'app'},
				],
				[
					{id: 'x', email: 'x@example.com'},
					{id: 'x', email: 'x@example.com', type: 'user'},
				],
				[
					{id: '', email: 'x@example.com'},
					{email: 'x@example.com', type: 'user'},
				],
				[{name: 'Ann'}, {name: 'Ann'}],
				[{email: 'Atlassian app'}, undefined],
			] as const) {
				assert.deepEqual((normalized({attributes: {actor: given}}) as AuditEvent).actor, actor, JSON.stringify(given));
			}
		});

		it('tells as whom it was done, and with what', () => {
			const actor = {
				id: 'x',
				onBehalfOf: {id: 'o', name: 'Olga', email: 'olga@example.com'},
				auth: {authType: 'api-token', tokenId: 't1', tokenLabel: 'ci'},
			};
			const other = {id: 'o', name: 'Olga', email: 'olga@example.com'};
			assert.deepEqual(normalized({attributes: {actor}}), {
				actor: {id: 'x', type: 'app', onBehalfOf: other},
				credential: {type: 'api-token', id: 't1', name: 'ci'},
			});
			for (const none of [undefined, null, '']) {
				const auth = {authType: 'session', tokenId: none, tokenLabel: none};
				const onBehalfOf = {id: none, name: 'Olga', email: 'no address'};
				assert.deepEqual(normalized({attributes: {actor: {name: 'Ann', onBehalfOf, auth}}}), {
					actor: {name: 'Ann', onBehalfOf: {name: 'Olga'}},
					credential: {type: 'session'},
				});
				assert.deepEqual(normalized({attributes: {actor: {id: none, onBehalfOf: {id: 'o'}}}}), {
					actor: {onBehalfOf: {id: 'o'}},
				});
				const nothing = {onBehalfOf: {id: none}, auth: {authType: none}};
				assert.deepEqual(normalized({attributes: {actor: {name: 'Ann', ...nothing}}}), {
					actor: {name: 'Ann'},
				});
			}
		});

		it('keeps all users and the group of one event, in the order of the API', () => {
			const user = (id: string) => ({id, type: 'users', attributes: {name: id, email: `${id}@example.com`}});
			const context = [
				...['u1', 'u2'].map(user),
				{id: 'g', type: 'groups', attributes: {name: 'admins', groupName: 'admins'}},
				...['u3', 'u4', 'u5'].map(user),
				{type: 'invited-user', attributes: {email: 'new@example.com'}},
				{id: 'p', type: 'products', attributes: {siteHostName: 'a.example.net'}},
			];
			const {targets} = normalized({attributes: {context}}) as AuditEvent;
			const mapped = (id: string) => ({type: 'user', id, name: id, email: `${id}@example.com`});
			assert.deepEqual(targets, [
				...['u1', 'u2'].map(mapped),
				{type: 'group', id: 'g', name: 'admins'},
				...['u3', 'u4', 'u5'].map(mapped),
				{type: 'user', email: 'new@example.com'},
				{type: 'product', id: 'p', name: 'a.example.net'},
			]);
		});

		it('gives the settings of an organization, whatever their form, and where they are', () => {
			for (const [settingValues, to] of [
				[['off', 'on'], '["off","on"]'],
				[{a: [1]}, '{"a":[1]}'],
				['on', 'on'],
				[0, '0'],
				[false, 'false'],
				['', undefined],
				[null, undefined],
			] as const) {
				const container = [{id: 'o', type: 'orgs', attributes: {name: 'Acme', settingName: 'mfa', settingValues}}];
				assert.deepEqual(normalized({attributes: {container}}), {
					containers: [{type: 'organization', id: 'o', name: 'Acme'}],
					changes: [to === undefined ? {field: 'mfa'} : {field: 'mfa', to}],
				});
			}
			const settingValues = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)) as unknown;
			const container = [{attributes: {settingName: 'deep', settingValues}}];
			assert.deepEqual(facts.normalize({attributes: {container}}), {outcome: 'success', changes: [{field: 'deep'}]});
		});

		it('takes the time of processing in any zone, and no other text', () => {
			for (const [processedAt, processed] of [
				['2026-01-01T01:00:00+01:00', '2026-01-01T00:00:00.000Z'],
				['2025-12-31T22:30:00.1234-0130', '2026-01-01T00:00:00.123Z'],
				['2026-01-01T00:00:00', undefined],
				['9999-12-31T23:59:59-01:00', undefined],
				['0000-01-01T00:00:00+01:00', undefined],
				['now', undefined],
				[1767225600000, undefined],
				['', undefined],
				[null, undefined],
			] as const) {
				assert.equal((normalized({attributes: {processedAt}}) as AuditEvent).processed, processed);
			}
		});

		it('takes no e-mail address that is none', () => {
			const attributes = {action: 'a', actor: {id: 'x', email: 'Atlassian app'}};
			assert.deepEqual(normalized({attributes}), {
				action: 'a',
				actor: {id: 'x', type: 'app'},
			});
		});

		it('knows a failure by its action', () => {
			assert.deepEqual(normalized({attributes: {action: 'user_login_failed'}}), {
				action: 'user_login_failed',
				activity: 'user-login',
				outcome: 'failure',
			});
			for (const [action, outcome] of [
				['thing_failure', 'failure'],
				['thing_mergefailed', 'failure'],
				['thing_unsuccessful', 'failure'],
				// no word says so, and no rule knows what it is
				['thing_failover', undefined],
			]) {
				assert.deepEqual(normalized({attributes: {action}}), {action, ...(outcome && {outcome})});
			}
			for (const [action, outcome] of [
				['user_login_blocked', 'failure'],
				['user_login_unlocked', 'success'],
				['user_login', 'success'],
				['jira_something_odd', undefined],
			]) {
				assert.equal((normalized({attributes: {action}}) as {outcome?: string}).outcome, outcome, action);
			}
		});
	});
});
