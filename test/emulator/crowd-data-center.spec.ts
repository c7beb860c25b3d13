import assert from 'node:assert/strict';
import {crowdObject} from '../../lib/emulator/apis/_crowd-records.ts';
import {
	type CrowdQuery,
	newChangeset,
	type NewChangeset,
	parseCrowdQuery,
} from '../../lib/emulator/apis/_crowd-requests.ts';
import {createZoneTime} from '../../lib/emulator/data/zone-time.ts';
import type {Emulator} from '../support/emulator.ts';
import {call, callJson, textsOf, withEmulator} from './ask.ts';

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

describe('emulator/crowd-data-center', () => {
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
			const texts = textsOf(emulator, 'crowd-data-center');
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

	it('lists filter values, each once, ascending by name, as flat members', () =>
		withEmulator({events: 300}, async emulator => {
			const filter = (parameters: string) =>
				callJson<Omit<Page, 'values'> & {values: Record<string, unknown>[]}>(
					emulator,
					`${path}/query/filter?${parameters}`,
					{
						method: 'POST',
						body: {},
					},
				);
			const first = await filter('projection=AUTHOR&limit=2');
			const {values, isLastPage} = await filter('projection=AUTHOR&limit=100');
			assert.deepEqual([first.size, first.isLastPage, isLastPage], [2, false, true]);
			assert.deepEqual(first.values, values.slice(0, 2));
			const names = values.map(({authorName}) => authorName as string);
			assert.deepEqual(
				names,
				names.toSorted((one, other) => (one < other ? -1 : 1)),
			);
			assert.equal(new Set(values.map(value => JSON.stringify(value))).size, values.length);
			const [lila] = (await filter('projection=AUTHOR&search=lila')).values;
			assert.deepEqual(
				[lila?.authorName, lila?.authorType, lila?.id, lila?.entities],
				['Lila Smalls', 'USER', null, []],
			);
			const users = (await filter('projection=USER&limit=1000')).values.map(({entityType}) => entityType);
			assert.deepEqual(new Set(users), new Set(['USER']));
			for (const wrong of ['', '?projection=author']) {
				assert.equal((await call(emulator, `${path}/query/filter${wrong}`, {method: 'POST', body: {}})).status, 400);
			}
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

	it('has every member of the document, null where there is no value, and one primary entity', () =>
		withEmulator({events: 300}, async emulator => {
			const members =
				'id timestamp author authorType authorId authorName eventType entityType entityId entityName entities ipAddress eventMessage source entries';
			for (const text of textsOf(emulator, 'crowd-data-center')) {
				const one = JSON.parse(text) as {entities: {primary: boolean}[]};
				assert.equal(Object.keys(one).join(' '), members);
				assert.equal(one.entities.filter(({primary}) => primary).length, 1);
			}
		}));

	it('lies on both sides of the hour that came twice', () =>
		withEmulator({events: 600, newestMs: Date.UTC(2025, 9, 26, 6)}, async emulator => {
			const stamps = textsOf(emulator, 'crowd-data-center').map(text => /"timestamp":"([^"]*)"/.exec(text)![1]!);
			const repeated = stamps.filter(stamp => stamp.startsWith('2025-10-26T03:'));
			for (const offset of ['+0200', '+0300']) assert.ok(repeated.filter(stamp => stamp.endsWith(offset)).length > 20);
			assert.equal(stamps[0], '2025-10-26T08:00:00.000+0200');
		}));
});

const zone = createZoneTime('Europe/Helsinki');
const parse = (body: unknown) => parseCrowdQuery(typeof body === 'string' ? body : JSON.stringify(body), zone);
const facts = {
	eventType: 'USER_UPDATED',
	source: 'MANUAL',
	author: crowdObject('USER', 1, 'admin'),
	entities: [crowdObject('USER', 2, 'user'), crowdObject('GROUP', null, 'readers')],
};
const matches = (body: object) => (parse(body) as CrowdQuery).matches(facts);

describe('emulator/crowd-data-center query', () => {
	it('takes any of one list, and all lists', () => {
		assert.ok(matches({}));
		assert.ok(matches({actions: ['USER_CREATED', 'USER_UPDATED'], sources: ['MANUAL'], users: [{id: 3}, {id: 2}]}));
		assert.ok(!matches({actions: ['USER_CREATED']}));
		assert.ok(!matches({actions: ['USER_UPDATED'], sources: ['DATA_IMPORT']}));
		assert.ok(!matches({users: [{id: 2}], applications: [{name: 'jira'}]}));
	});

	it('goes by the id, else the name, else how it begins', () => {
		assert.ok(matches({authors: [{id: 1, name: 'another', type: 'USER'}]}));
		assert.ok(!matches({authors: [{id: 9, name: 'admin'}]}));
		assert.ok(matches({authors: [{id: null, name: 'admin'}]}));
		assert.ok(!matches({authors: [{name: 'adm'}]}));
		assert.ok(matches({authors: [{namePrefix: 'adm'}]}));
		assert.ok(!matches({authors: [{name: 'admin', type: 'APPLICATION'}]}));
		assert.ok(matches({groups: [{name: 'readers'}]}));
		assert.ok(!matches({groups: [{name: 'user'}]}));
	});

	it('reads bounds with an offset', () => {
		const {bounds} = parse({onOrAfter: '1970-01-01T03:00:00.000+0300', beforeOrOn: null}) as CrowdQuery;
		assert.deepEqual(bounds, {from: 0, to: undefined});
	});

	it('says what is wrong', () => {
		assert.match(parse('') as string, /JSON object/);
		assert.match(parse({since: 1}) as string, /Unrecognized field "since"/);
		assert.match(parse({onOrAfter: '2026-01-01T00:00:00.000Z'}) as string, /Cannot parse onOrAfter/);
		assert.match(parse({sources: ['HEARSAY']}) as string, /No such value: "HEARSAY"/);
		assert.match(parse({actions: ['user updated']}) as string, /No such value/);
		assert.match(parse({users: 'fred'}) as string, /lists/);
		assert.match(parse({users: ['fred']}) as string, /restrictions like/);
	});
});

const make = (body: unknown) => newChangeset(JSON.stringify(body), zone);

describe('emulator/crowd-data-center changeset', () => {
	it('fills in what is left out', () => {
		const {timeMs, record} = make({author: {name: 'admin'}, eventType: 'OTHER'}) as NewChangeset;
		assert.equal(timeMs, undefined);
		const {source, entities, entries, ipAddress} = record as Record<string, unknown>;
		assert.deepEqual([source, entities, entries, ipAddress], ['MANUAL', [], [], null]);
	});

	it('makes an author and an entity of the deprecated members', () => {
		const flat = {authorType: 'USER', authorId: 1, authorName: 'a', entityType: 'GROUP', entityName: 'g'};
		const {timeMs, record} = make({
			...flat,
			eventType: 'OTHER',
			timestamp: '1970-01-01T02:00:01.000+0200',
		}) as NewChangeset;
		const {author, entities, authorType} = record as Record<string, {name: string}> & {entities: {primary: boolean}[]};
		assert.equal(timeMs, 1000);
		assert.deepEqual([author?.name, authorType, entities[0]?.primary], ['a', null, true]);
	});

	it('refuses what the document does not have', () => {
		const good = {
			author: {id: 1, name: 'admin', displayName: null, originalName: null, type: 'USER', subtype: null},
			eventType: 'SOME_PLUGIN_EVENT',
			entities: [{id: 12, name: 'Jira', type: 'APPLICATION', subtype: 'JIRA', primary: true}],
			entries: [{propertyName: 'name', oldValue: null, newValue: 'Jira'}],
			id: 1,
			ipAddress: null,
			source: 'DATA_IMPORT',
		};
		assert.equal(typeof make(good), 'object');
		for (const [member, value] of [
			['foo', 1],
			['id', '7'],
			['eventType', 'user updated'],
			['author', {nme: 'admin'}],
			['author', {name: 'admin', type: 'PERSON'}],
			['author', 'admin'],
			['authorType', 'PERSON'],
			['entities', {}],
			['entities', [{type: 'PAGE'}]],
			['entities', [{primary: 'yes'}]],
			['entries', 'x'],
			['entries', [null]],
			['entries', [{propertyName: 'a', newValue: 1}]],
			['source', 'RXAUDIT'],
			['ipAddress', 1],
		] as const) {
			assert.match(make({...good, [member]: value}) as string, new RegExp(`"${member}"$`), JSON.stringify(value));
		}
	});

	it('says what is missing', () => {
		assert.equal(make({eventType: 'OTHER'}), 'Author not set');
		assert.equal(make({author: {name: 'a'}}), 'Event type not set');
		assert.match(make({author: {}, eventType: 'OTHER', timestamp: 'now'}) as string, /Cannot parse timestamp/);
		assert.equal(make([]), 'Expected a JSON object');
	});
});
