import assert from 'node:assert/strict';
import fc from 'fast-check';
import {of} from 'rxjs';
import type {Emulator} from '../support/emulator.ts';
import {AuthError, ConfigError, SourceError} from '../../lib/model/errors.ts';
import type {AuditEvent} from '../../lib/model/event.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import type {SourceFacts} from '../../lib/model/page.ts';
import crowd, {type CrowdChangeset} from '../../sources/crowd-data-center.ts';
import {withJsonServer} from '../support/json-server.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {idsOf, listen} from '../support/pages.ts';
import {queriesOf, siteSource} from '../support/site-source.ts';

type Options = Parameters<typeof crowd>[0];

const name = 'crowd-data-center';
const {withEmulator, pull, runWith, held, assertGiven, assertResumes} = siteSource(crowd, name);
const stableSets = {crowd: {stableSets: true}};
const bursts = {perThousand: 100, longSize: 45, longEvery: 100};
const login = {username: 'admin', password: 'emulator'};

function heldIds(emulator: Emulator): string[] {
	return Array.from(emulator.api(name).records(), ({id}) => id!);
}

function bodiesOf({requests}: Emulator): Record<string, unknown>[] {
	return requests.map(({body}) => JSON.parse(body!) as Record<string, unknown>);
}

async function changesets(emulator: Emulator, options: Partial<Options> = {}): Promise<CrowdChangeset[]> {
	return (await pull(emulator, options)).flatMap(({events}) => events as CrowdChangeset[]);
}

describe(name, () => {
	it('gives all changesets once, newest first, whatever the page size', async () => {
		for (const pageSize of [undefined, 1, 7, 100, 300, '50']) {
			const events = pageSize === 1 ? 20 : 300;
			await withEmulator({events, switches: {...stableSets, bursts}}, async emulator => {
				assertGiven(await pull(emulator, {pageSize}), held(emulator), `page size ${pageSize}`);
				const limits = new Set(queriesOf(emulator).map(query => query.get('limit')));
				assert.deepEqual([...limits], [String(pageSize ?? 1000)]);
			});
		}
		await withEmulator({events: 0}, async emulator => assertGiven(await pull(emulator), []));
	});

	it('pages by the rows that came where the server cuts the limit', async () => {
		await withEmulator({switches: {...stableSets, maxLimit: 25}}, async emulator => {
			assertGiven(await pull(emulator, {pageSize: 100}), held(emulator));
		});
	});

	it('asks for hardly more pages than there are', async () => {
		await withEmulator({events: 10_000, switches: {bursts: {longSize: 0}}}, async emulator => {
			assert.deepEqual((await pull(emulator, {pageSize: 100})).flatMap(idsOf), heldIds(emulator));
			assert.ok(emulator.requestCount <= 100 * 1.02 + 2, `${emulator.requestCount} requests`);
		});
	});

	it('knows a changeset by its id, in whatever order its sets come', async () => {
		await withEmulator({switches: {bursts}}, async emulator => {
			const [one, other] = [await pull(emulator, {pageSize: 20}), await pull(emulator, {pageSize: 20})];
			assert.deepEqual(one.flatMap(idsOf), heldIds(emulator));
			assert.notDeepEqual(
				one.map(({events}) => events),
				other.map(({events}) => events),
			);
			const mapped = (pages: typeof one) =>
				listen(of(...pages).pipe(normalize())).values.flatMap(({events}) => events.map(({raw: _, ...event}) => event));
			assert.deepEqual(mapped(one), mapped(other));
		});
	});

	it('reads from since, inclusive, to until, exclusive, in the form of time that Crowd shows', async () => {
		await withEmulator({switches: {...stableSets, bursts}}, async emulator => {
			const all = [...emulator.api(name).records()];
			for (const [newer, older] of [
				[40, 100],
				[149, 190],
				[0, 299],
			] as const) {
				const [until, since] = [all[newer]!.timeMs, all[older]!.timeMs];
				const expected = held(emulator, {from: since, to: until - 1});
				assert.ok(expected.length > 0);
				assertGiven(await pull(emulator, {since, until, pageSize: 20}), expected, `${older} to ${newer}`);
			}
			const bounded = bodiesOf(emulator).at(-1)!;
			for (const bound of ['onOrAfter', 'beforeOrOn']) {
				assert.match(String(bounded[bound]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/);
			}
		});
	});

	it('reads through the hour that comes twice when the clocks are put back', async () => {
		const newestMs = Date.UTC(2025, 9, 26, 4);
		await withEmulator({events: 400, spacingMs: 60_000, newestMs, switches: stableSets}, async emulator => {
			const pages = await pull(emulator, {pageSize: 20});
			assertGiven(pages, held(emulator));
			const records = pages.flatMap(page => page.records);
			assert.deepEqual(
				records.map(({timeMs}) => timeMs),
				Array.from(emulator.api(name).records(), ({timeMs}) => timeMs),
			);
			const clocks = records.map(({value}) => (value as CrowdChangeset).timestamp);
			assert.ok(clocks.some(clock => clock.endsWith('+0300')) && clocks.some(clock => clock.endsWith('+0200')));
			assert.notDeepEqual(clocks, clocks.toSorted().toReversed(), 'the clock alone gives no order');
		});
	});

	it('sends its restrictions with each page, one of each list and all lists', async () => {
		await withEmulator({events: 600}, async emulator => {
			const all = await changesets(emulator);
			const has = (type: string, one: string | number) => (changeset: CrowdChangeset) =>
				changeset.entities!.some(entity => entity.type === type && (entity.name === one || entity.id === one));
			const app = {name: 'jira', type: 'APPLICATION'};
			const cases: [Partial<Options>, object, (changeset: CrowdChangeset) => boolean][] = [
				[
					{actions: ['USER_CREATED', 'USER_DELETED'], sources: 'MANUAL'},
					{actions: ['USER_CREATED', 'USER_DELETED'], sources: ['MANUAL']},
					({eventType, source}) => /^USER_(CREATED|DELETED)$/.test(eventType!) && source === 'MANUAL',
				],
				[
					{authors: JSON.stringify(app)},
					{authors: [app]},
					({author}) => author!.type === 'APPLICATION' && author!.name === 'jira',
				],
				[{users: [{id: 1003}]}, {users: [{id: 1003}]}, has('USER', 1003)],
				[
					{groups: 'site-admins', directories: ['ad', '{"id": 3}']},
					{groups: [{name: 'site-admins'}], directories: [{name: 'ad'}, {id: 3}]},
					changeset =>
						has('GROUP', 'site-admins')(changeset) &&
						(has('DIRECTORY', 'ad')(changeset) || has('DIRECTORY', 3)(changeset)),
				],
				[{applications: 'Jira 7.4'}, {applications: [{name: 'Jira 7.4'}]}, has('APPLICATION', 'Jira 7.4')],
			];
			for (const [options, sent, matches] of cases) {
				const asked = emulator.requestCount;
				const expected = all.filter(matches).map(({id}) => id);
				assert.ok(expected.length > 3 && expected.length < 300, `${expected.length} match ${JSON.stringify(sent)}`);
				const found = await changesets(emulator, {...options, pageSize: 3});
				assert.deepEqual(
					found.map(({id}) => id),
					expected,
					JSON.stringify(sent),
				);
				const bodies = bodiesOf(emulator).slice(asked);
				assert.ok(bodies.length > 1);
				for (const {beforeOrOn: _, ...restrictions} of bodies) assert.deepEqual(restrictions, sent);
			}
		});
	});

	it('loses and doubles nothing while changesets come and go', async () => {
		let change = () => {};
		await withEmulator({onRequest: () => change()}, async emulator => {
			const api = emulator.api(name);
			const initial = [...api.records()];
			const until = initial[0]!.timeMs + 1;
			const expected = new Set(heldIds(emulator));
			let pages = 0;
			change = () => {
				if (++pages < 2) return;
				api.insert([{timeMs: until + pages}, {timeMs: initial[pages]!.timeMs}]);
				if (pages < 8) for (const {id} of api.insert([{timeMs: initial[180 + pages]!.timeMs}])) expected.add(id!);
				api.remove((_, index) => index === pages + 3);
				if (pages % 3 > 0 || pages > 8) return;
				const purged = api.remove(({timeMs}) => timeMs <= initial[300 - 5 * pages]!.timeMs);
				for (const {id} of purged) expected.delete(id!);
			};
			const given = (await pull(emulator, {until, pageSize: 20})).flatMap(idsOf);
			assert.ok(pages > 12, `${pages} requests`);
			assert.equal(new Set(given).size, given.length);
			assert.deepEqual(new Set(given), expected);
		});
	});

	it('goes on from every page', async () => {
		await withEmulator({events: 260, switches: {...stableSets, bursts}}, assertResumes);
	});

	it('gives what came late in the next run, and nothing twice, in whatever order the sets come', async () => {
		await withEmulator({}, async emulator => {
			const [state, sink] = [memoryStore(), memorySink()];
			await runWith(emulator, state, sink);
			const {timeMs} = [...emulator.api(name).records()][10]!;
			emulator.api(name).insert([{timeMs}, {timeMs: timeMs - 1}]);
			await runWith(emulator, state, sink);
			const ids = sink.lines.map(line => String((JSON.parse(line) as CrowdChangeset).id));
			assert.deepEqual(ids.toSorted(), heldIds(emulator).toSorted());
		});
	});

	it('ends in an error, not early, where the server gives one page for ever, and does not say that it is the last', async () => {
		const timestamp = '2017-04-26T00:00:00.000+0300';
		const values = [
			{id: 2, timestamp},
			{id: 1, timestamp},
		];
		for (const answer of [{values}, {values: values.slice(1)}, {values, isLastPage: false}]) {
			await withJsonServer(
				() => answer,
				async endpoint => {
					const heard = listen(crowd({endpoint, ...login}), page => page.ack());
					await heard.over;
					assert.ok(heard.error instanceof SourceError && heard.error.code === 'PAGING_NO_PROGRESS');
				},
			);
		}
	});

	it('keeps the context path, and has one tenant per server', async () => {
		await withEmulator({events: 0}, async emulator => {
			const {host} = new URL(emulator.url);
			for (const [below, path, tenant] of [
				['/crowd', '/crowd/rest', `${host}/crowd`],
				['/crowd/', '/crowd/rest', `${host}/crowd`],
				['', '/rest', host],
			] as const) {
				const [page] = await pull(emulator, {endpoint: emulator.url + below});
				assert.equal(page!.source.tenant, tenant);
				const {method, url, headers} = emulator.requests.at(-1)!;
				assert.equal(`${method} ${url}`, `POST ${path}/admin/1.0/auditlog/query?start=0&limit=1000`);
				assert.equal(headers.authorization, `Basic ${Buffer.from('admin:emulator').toString('base64')}`);
			}
		});
	});

	it('ends at once where the credentials are refused, and says no secret', async () => {
		await withEmulator({events: 10}, async emulator => {
			const refused = (error: unknown) => error instanceof AuthError && !error.message.includes('hush');
			await assert.rejects(pull(emulator, {password: 'hush'}), refused);
			assert.equal(emulator.requestCount, 1);
		});
	});

	it('refuses options that cannot work', () => {
		const good = {endpoint: 'https://host/crowd', ...login};
		crowd(good);
		for (const bad of [
			{endpoint: undefined},
			{password: undefined},
			{token: 't'},
			{users: ''},
			{users: {}},
			{users: '{"id": 2'},
			{users: '{"id": "2"}'},
			{users: [{name: 'a', type: 'USER'}]},
			{authors: '{"id": 1.5}'},
			{actions: [1]},
			{action: 'USER_CREATED'},
		]) {
			assert.throws(() => crowd({...good, ...bad} as Options), ConfigError, JSON.stringify(bad));
		}
		const complaint = /^crowd-data-center: option authors: expected a name, or an object like \{"id": 1.*, got "\{\}"$/;
		assert.throws(() => crowd({...good, authors: '{}'}), {message: complaint});
	});

	describe('normalize', () => {
		let facts: SourceFacts;
		before(() =>
			withEmulator({events: 1}, async emulator => {
				facts = (await pull(emulator))[0]!.source;
			}),
		);

		it('maps the example of the document', () => {
			const example = {
				id: 1,
				timestamp: '2017-04-26T00:00:00.000+0300',
				author: {id: 1, name: 'admin', displayName: null, originalName: null, type: 'USER', subtype: null},
				authorType: null,
				authorId: null,
				authorName: null,
				eventType: 'APPLICATION_CREATED',
				entityType: null,
				entityId: null,
				entityName: null,
				entities: [
					{id: 7, name: 'ad', displayName: null, originalName: null, type: 'DIRECTORY', subtype: null, primary: false},
					{
						id: 12,
						name: 'Jira 7.4',
						displayName: null,
						originalName: null,
						type: 'APPLICATION',
						subtype: 'JIRA',
						primary: true,
					},
				],
				ipAddress: '127.0.0.1',
				eventMessage: 'Application modified',
				source: null,
				entries: [
					{propertyName: 'name', oldValue: 'JIRA 7.2', newValue: 'Jira 7.4'},
					{propertyName: 'active', oldValue: null, newValue: 'true'},
				],
			};
			assert.deepEqual(facts.normalize(example), {
				action: 'APPLICATION_CREATED',
				category: 'APPLICATION',
				message: 'Application modified',
				outcome: 'success',
				actor: {id: '1', name: 'admin', type: 'user'},
				origin: {ip: '127.0.0.1', ips: ['127.0.0.1']},
				targets: [
					{type: 'application', id: '12', name: 'Jira 7.4'},
					{type: 'directory', id: '7', name: 'ad'},
				],
				changes: [
					{field: 'active', to: 'true'},
					{field: 'name', from: 'JIRA 7.2', to: 'Jira 7.4'},
				],
			});
		});

		it('takes the members that came before objects, and names that stand elsewhere', () => {
			const flat = {
				authorType: 'APPLICATION',
				authorId: 0,
				authorName: 'jira',
				entityType: 'GROUP',
				entityName: 'staff',
			};
			assert.deepEqual(facts.normalize({...flat, eventType: 'CREATED', author: null, entities: []}), {
				action: 'CREATED',
				category: 'GROUP',
				outcome: 'success',
				actor: {id: '0', name: 'jira', type: 'app'},
				targets: [{type: 'group', name: 'staff'}],
			});
			const author = {type: 'SYNCHRONIZATION', name: null, displayName: '', originalName: 'Nightly'};
			const {actor} = facts.normalize({author, entities: null}) as unknown as AuditEvent;
			assert.deepEqual(actor, {name: 'Nightly', type: 'system'});
		});

		it('knows people, apps and the system apart, and keeps the words that it does not know', () => {
			for (const [type, actor] of [
				['USER', 'user'],
				['APPLICATION', 'app'],
				['PLUGIN', 'app'],
				['SYSTEM', 'system'],
				['SYNCHRONIZATION', 'system'],
				['DATA_IMPORT', 'system'],
				['OTHER', 'OTHER'],
				['__proto__', '__proto__'],
				['toString', 'toString'],
			] as const) {
				for (const given of [{author: {type}}, {authorType: type}, {author: {id: null, type: ''}, authorType: type}]) {
					assert.deepEqual(facts.normalize({...given}), {outcome: 'success', actor: {type: actor}});
				}
			}
		});

		it('takes the name for people beside the user name, and in its place', () => {
			const ann = {id: 3, name: 'ann', displayName: 'Ann A.', originalName: 'Ann', type: 'USER'};
			assert.deepEqual(facts.normalize({author: ann, entities: [{...ann, name: null}]}), {
				outcome: 'success',
				actor: {id: '3', name: 'ann', fullName: 'Ann A.', type: 'user'},
				targets: [{type: 'user', id: '3', name: 'Ann A.'}],
			});
			assert.deepEqual(facts.normalize({author: {...ann, name: ''}}), {
				outcome: 'success',
				actor: {id: '3', name: 'Ann A.', fullName: 'Ann A.', type: 'user'},
			});
		});

		it('is the same for every order of the sets', () => {
			const named = {name: fc.constantFrom('a', 'b', null), type: fc.constantFrom('USER', 'GROUP', null)};
			const entity = fc.record({...named, id: fc.constantFrom(1, 2, null), primary: fc.boolean()});
			const word = fc.constantFrom('x', 'y', null);
			const entry = fc.record({propertyName: word, oldValue: word, newValue: word});
			const shuffled = <T>(one: fc.Arbitrary<T>) =>
				fc
					.array(one, {minLength: 1, maxLength: 5})
					.chain(list => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, {minLength: list.length})));
			const orders = fc.property(shuffled(entity), shuffled(entry), ([entities, turned], [entries, others]) => {
				const texts = [
					{entities, entries},
					{entities: turned, entries: others},
				].map(sets => JSON.stringify(facts.normalize({eventType: 'OTHER', ...sets})));
				assert.equal(texts[0], texts[1]);
			});
			fc.assert(orders);
		});

		it('leaves out what is null, absent or empty', () => {
			for (const none of [null, undefined, '']) {
				const entries = [{propertyName: none, oldValue: none, newValue: none}];
				const bare = {eventType: none, ipAddress: none, eventMessage: none, author: none || null, entries};
				assert.deepEqual(facts.normalize({...bare, entities: [{id: null, name: none, type: none}]}), {
					outcome: 'success',
				});
			}
		});

		it('knows a failure by its type', () => {
			for (const [eventType, outcome] of [
				['FAILED', 'failure'],
				['SYNCHRONIZATION_FAILED', 'failure'],
				['FAILOVER', 'success'],
			]) {
				assert.deepEqual(facts.normalize({eventType}), {action: eventType, outcome});
			}
		});

		it('gives a common record of every changeset of the emulator', async () => {
			await withEmulator({}, async emulator => {
				const [page] = await pull(emulator, {pageSize: 300});
				const [out] = listen(of(page!).pipe(normalize())).values;
				assert.deepEqual(out!.rejected, []);
				assert.doesNotMatch(JSON.stringify(out!.events.map(({raw: _, ...event}) => event)), /:(""|null|\[\]|\{\})/);
			});
		});
	});

	describe('operations', () => {
		const connectionOf = ({url}: Emulator) => ({endpoint: `${url}/crowd`, ...login});
		const example = {author: {id: 1, name: 'admin', type: 'USER'}, eventType: 'APPLICATION_CREATED'};

		it('adds a changeset, once, and says before that it stays', async () => {
			await withEmulator({events: 1}, async emulator => {
				const addChangeset = crowd.operations['add-changeset'];
				const prepared = addChangeset.prepare(connectionOf(emulator), example);
				assert.match(
					(await prepared.preview()) as string,
					/nobody can take out again: APPLICATION_CREATED by .*"admin"/,
				);
				assert.equal(emulator.requestCount, 0);
				assert.deepEqual(await prepared.run(), {text: '', json: undefined});
				assert.deepEqual(bodiesOf(emulator), [example]);
				assert.equal(heldIds(emulator).length, 2);
				emulator.setFaults([{kind: 'status', status: 503, at: 'all'}]);
				await assert.rejects(prepared.run(), /503/);
				assert.equal(emulator.requestCount, 2, 'not sent again, since the first may have been stored');
			});
		});

		it('sends no changeset without what Crowd asks for', () => {
			const connection = {endpoint: 'https://host/crowd', ...login};
			const add = (body: unknown) => () => crowd.operations['add-changeset'].prepare(connection, body);
			add({eventType: 'OTHER', authorType: 'SYSTEM', timestamp: '2017-04-26T00:00:00.000+0300'})();
			add({...example, id: 1})(); // as the document's own example has it
			for (const [body, complaint] of [
				[undefined, /body: expected a changeset like .*, got nothing/],
				[{eventType: 'OTHER'}, /body: expected an author/],
				[{author: {type: 'USER'}}, /body.eventType: expected an eventType/],
				[{...example, timestamp: '26.4.2017'}, /body.timestamp: expected a time like 2017-04-26T00:00:00.000\+0300/],
				[{...example, timestamp: '2017-02-31T00:00:00.000+0300'}, /body.timestamp: expected a time like/],
				[{...example, timestamp: '2017-04-26T00:00:00.000Z'}, /body.timestamp: expected a time like/],
				[{...example, timestamp: 1493154000000}, /body.timestamp: expected a time like/],
				[{...example, id: '7'}, /body.id: expected a number or null, got "7"/],
				[{...example, foo: 1}, /body: expected some of id, timestamp, author, .*, got foo/],
				[{...example, author: {nme: 'admin', type: 'USER'}}, /body.author: expected some of id, name, .*, got nme/],
				[{...example, author: {}}, /body.author: expected an author like/],
				[{...example, author: {name: null, subtype: 'x'}}, /body.author: expected an author like/],
				[{...example, author: 'admin'}, /body.author: expected an author like .*, got "admin"/],
				[{...example, author: {id: '1'}}, /body.author.id: expected a number or null, got "1"/],
				[{...example, author: {name: 'a', type: 'user'}}, /body.author.type: expected one of USER, APPLICATION/],
				[{...example, authorId: 1.5}, /body.authorId: expected a whole number or null, got 1.5/],
				[{...example, eventType: 'user updated'}, /body.eventType: expected an eventType like USER_UPDATED/],
				[{...example, entities: [{name: 'a', type: 'PAGE'}]}, /body.entities.type: expected one of APPLICATION,/],
				[{...example, entities: [{primary: 1}]}, /body.entities.primary: expected true, false or null, got 1/],
				[{...example, entries: 'x'}, /body.entries: expected a list of entries, got "x"/],
				[{...example, entries: ['x']}, /body.entries: expected an entry like .*, got "x"/],
				[{...example, entries: [{name: 'x'}]}, /body.entries: expected some of propertyName, .*, got name/],
				[{...example, entries: [{newValue: 1}]}, /body.entries.newValue: expected a text or null, got 1/],
				[{...example, ipAddress: 1}, /body.ipAddress: expected a text or null/],
				[{...example, source: 'HAND'}, /body.source: expected one of MANUAL, SYNCHRONIZATION, DATA_IMPORT/],
			] as const) {
				assert.throws(add(body), (error: unknown) => {
					assert.ok(error instanceof ConfigError);
					assert.match(error.message, complaint);
					return true;
				});
			}
		});

		it('takes what the log gives, but for the id, and stores all of it', async () => {
			await withEmulator({events: 40, switches: stableSets}, async from => {
				const [given] = await changesets(from);
				const body = {...given, id: null};
				await withEmulator({events: 0, switches: stableSets}, async to => {
					await crowd.operations['add-changeset']({...connectionOf(to), body} as never);
					const [stored] = await changesets(to, {since: '2000-01-01'});
					assert.deepEqual({...stored, id: null}, body);
				});
			});
		});

		it('reads the configuration and changes it', async () => {
			await withEmulator({events: 1}, async emulator => {
				const {configuration, 'set-configuration': setConfiguration} = crowd.operations;
				assert.deepEqual(await configuration(connectionOf(emulator)), {retentionPeriod: 'UNLIMITED'});
				const prepared = setConfiguration.prepare(connectionOf(emulator), {retentionPeriod: 'SIX_MONTHS'});
				assert.match(
					(await prepared.preview()) as string,
					/^retentionPeriod: UNLIMITED -> SIX_MONTHS\nThe server deletes/,
				);
				assert.ok(emulator.requests.every(({method}) => method === 'GET'));
				assert.equal((await prepared.run()).text, '{"retentionPeriod":"SIX_MONTHS"}');
				const json = {retentionPeriod: 'SIX_MONTHS'};
				assert.deepEqual(await configuration(connectionOf(emulator)), json);
				assert.deepEqual(await prepared.preview(), {unchanged: {text: JSON.stringify(json), json}});
				assert.ok(setConfiguration.writes && !configuration.writes);
				for (const body of [undefined, {}, {retentionPeriod: ''}, {retentionPeriod: 'X', more: 1}]) {
					assert.throws(() => setConfiguration.prepare(connectionOf(emulator), body), ConfigError);
				}
			});
		});

		it('lists filter values of all pages, each once', async () => {
			await withEmulator({events: 400}, async emulator => {
				const all = await changesets(emulator);
				const filterValues = crowd.operations['filter-values'];
				const list = async (options: Omit<Parameters<typeof filterValues>[0], 'endpoint'>) => {
					const answer = await filterValues({...connectionOf(emulator), ...options});
					assert.ok(answer.isLastPage && answer.size === answer.values.length);
					return answer.values.map(({entityName, authorName}) => entityName ?? authorName);
				};
				const users = all.flatMap(({entities}) => entities!.filter(({type}) => type === 'USER'));
				const expected = new Set(users.map(({id, name}) => `${id} ${name}`)).size;
				const asked = emulator.requestCount;
				for (const pageSize of [1, 3, 1000]) {
					assert.equal((await list({projection: 'USER', pageSize})).length, expected, `page size ${pageSize}`);
				}
				assert.equal(emulator.requestCount - asked, expected + Math.ceil(expected / 3) + 1);
				assert.deepEqual([...new Set(await list({projection: 'AUTHOR', search: 'ji'}))], ['jira']);
				const restricted = {actions: 'APPLICATION_UPDATED', since: '2020-01-01', until: '2026-01-31T23:58:00Z'};
				assert.ok((await list({projection: 'APPLICATION', ...restricted})).length > 1);
				assert.deepEqual(bodiesOf(emulator).at(-1), {
					onOrAfter: '2020-01-01T00:00:00.000+0000',
					beforeOrOn: '2026-01-31T23:57:59.999+0000',
					actions: ['APPLICATION_UPDATED'],
				});
				assert.deepEqual(await list({projection: 'USER', actions: 'APPLICATION_UPDATED'}), []);
			});
		});

		it('hands on one page of filter values as it is, and sends a failed request again', async () => {
			await withEmulator({events: 20}, async emulator => {
				emulator.setFaults([{kind: 'status', status: 503, at: 1}]);
				const options = {...connectionOf(emulator), projection: 'GROUP', retryBaseMs: 0};
				const {text} = await crowd.operations['filter-values'].prepare(options).run();
				assert.match(text, /^\{"values":\[\{.*\],"size":\d+,"start":0,"limit":50,"isLastPage":true\}$/);
				assert.equal(emulator.requestCount, 2);
			});
		});

		it('ends where filter values do not come to an end', async () => {
			for (const answer of [
				{values: [{entityId: 1}], isLastPage: false},
				{values: [], isLastPage: false},
			]) {
				await withJsonServer(
					() => answer,
					async endpoint => {
						const listing = crowd.operations['filter-values']({endpoint, ...login, projection: 'USER'});
						await assert.rejects(listing, {code: 'PAGING_NO_PROGRESS'});
					},
				);
			}
		});

		it('refuses filter values without a projection, or with a time that is none', async () => {
			const connection = {endpoint: 'https://host/crowd', ...login};
			const filterValues = crowd.operations['filter-values'];
			assert.throws(() => filterValues.prepare(connection), /option projection/);
			const {run} = filterValues.prepare({...connection, projection: 'USER', since: 'noon'});
			await assert.rejects(run(), /filter-values: option since: expected a time/);
		});
	});
});
