import assert from 'node:assert/strict';
import {type CrowdQuery, parseCrowdQuery} from '../../lib/emulator/apis/crowd-query.ts';
import {crowdObject} from '../../lib/emulator/apis/crowd-records.ts';
import {createZoneTime} from '../../lib/emulator/data/zone-time.ts';

const zone = createZoneTime('Europe/Helsinki');
const parse = (body: unknown) => parseCrowdQuery(typeof body === 'string' ? body : JSON.stringify(body), zone);
const facts = {
	eventType: 'USER_UPDATED',
	source: 'MANUAL',
	author: crowdObject('USER', 1, 'admin'),
	entities: [crowdObject('USER', 2, 'user'), crowdObject('GROUP', null, 'readers')],
};
const matches = (body: object) => (parse(body) as CrowdQuery).matches(facts);

describe('emulator/crowd-query', () => {
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
		assert.deepEqual(bounds, {from: 0});
	});

	it('says what is wrong', () => {
		assert.match(parse('') as string, /JSON object/);
		assert.match(parse({since: 1}) as string, /Unrecognized field "since"/);
		assert.match(parse({onOrAfter: '2026-01-01T00:00:00.000Z'}) as string, /Cannot parse onOrAfter/);
		assert.match(parse({sources: ['HEARSAY']}) as string, /No such value: HEARSAY/);
		assert.match(parse({actions: ['user updated']}) as string, /No such value/);
		assert.match(parse({users: 'fred'}) as string, /lists/);
		assert.match(parse({users: ['fred']}) as string, /restrictions like/);
	});
});
