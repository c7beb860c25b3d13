import assert from 'node:assert/strict';
import {newChangeset, type NewChangeset} from '../../lib/emulator/apis/crowd-changeset.ts';
import {createZoneTime} from '../../lib/emulator/data/zone-time.ts';

const zone = createZoneTime('UTC');
const make = (body: unknown) => newChangeset(JSON.stringify(body), zone);

describe('emulator/crowd-changeset', () => {
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
			timestamp: '1970-01-01T00:00:01.000+0000',
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
