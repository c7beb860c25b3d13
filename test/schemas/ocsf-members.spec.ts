import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
	actorOf,
	appIn,
	endpointOf,
	entityIn,
	groupIn,
	isOcsfIp,
	resourcesIn,
	userIn,
	userOf,
	webResourcesIn,
} from '../../lib/schemas/ocsf-members.ts';
import {ocsfSchema} from '../support/ocsf-validator.ts';

const ip_t = ocsfSchema.types['ip_t']!;
const email_t = new RegExp(ocsfSchema.types['email_t']!.regex!);

const alice = {type: 'user', id: '1', name: 'alice', email: 'alice@acme.example'};
const admins = {type: 'group', id: '2', name: 'admins'};
const space = {type: 'space', id: '3', name: 'DEMO'};
const role = {type: 'project-role', id: '4', name: 'Administrators'};

describe('isOcsfIp', () => {
	it('lets nothing through that is no ip_t, however odd', () => {
		const pattern = new RegExp(ip_t.regex!);
		const piece = fc.constantFrom(
			':',
			'::',
			'.',
			'%',
			'0',
			'ffff',
			'1',
			'255',
			'256',
			'01',
			' ',
			'\n',
			'eth0',
			'%\u2028',
		);
		const text = fc.oneof(
			fc.ipV4(),
			fc.ipV6(),
			fc.array(piece, {maxLength: 12}).map(pieces => pieces.join('')),
		);
		fc.assert(
			fc.property(
				fc.oneof(
					text,
					fc.tuple(text, text).map(both => both.join('')),
				),
				address => {
					if (isOcsfIp(address)) assert.ok(pattern.test(address) && address.length <= ip_t.max_len!, address);
				},
			),
			{numRuns: 5000},
		);
	});

	it('takes every address of either version that has room in an ip_t', () => {
		fc.assert(
			fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), address => {
				assert.equal(isOcsfIp(address), address.length <= ip_t.max_len!);
			}),
		);
	});
});

describe('endpointOf', () => {
	it('keeps what is no address as a name', () => {
		assert.deepEqual(endpointOf('2001:db8::1'), {ip: '2001:db8::1'});
		assert.deepEqual(endpointOf('https://jira.example'), {name: 'https://jira.example'});
	});
});

describe('userOf', () => {
	it('gives an e-mail address only where it is an email_t', () => {
		const odd = fc.string({unit: fc.constantFrom('@', '.', 'a', '-', ' ', '\n', '"', 'é')});
		fc.assert(
			fc.property(fc.oneof(fc.emailAddress(), odd), email => {
				assert.equal(userOf({email}, undefined).email_addr, email_t.test(email) ? email : undefined);
			}),
			{numRuns: 2000},
		);
	});

	it('always has a name or an id', () => {
		assert.deepEqual(userOf({}, undefined), {type_id: 0, name: 'Unknown'});
		assert.deepEqual(userOf({id: '1'}, 'user'), {type_id: 1, uid: '1'});
		assert.equal(userOf({id: '1', email: 'no address'}, 'user').name, 'no address');
		assert.equal(userOf({fullName: 'Alice', email: 'a@b.c'}, 'user').name, 'Alice');
	});

	it('has the word where OCSF has no number', () => {
		assert.deepEqual(userOf({name: 'x'}, 'system'), {type_id: 3, name: 'x'});
		assert.deepEqual(userOf({name: 'x'}, 'anonymous'), {type_id: 99, type: 'anonymous', name: 'x'});
	});
});

describe('actorOf', () => {
	it('is nobody where nobody is said', () => {
		assert.equal(actorOf({}), undefined);
		assert.equal(actorOf({credential: {name: 'label'}}), undefined);
	});

	it('takes an app for no user', () => {
		assert.deepEqual(actorOf({actor: {type: 'app', id: '1', name: 'Bot'}}), {app_name: 'Bot', app_uid: '1'});
		assert.deepEqual(actorOf({actor: {type: 'app'}}), {app_name: 'Unknown'});
	});

	it('has the credential that was used', () => {
		assert.deepEqual(actorOf({credential: {id: 't-1'}}), {session: {credential_uid: 't-1'}});
	});
});

describe('what it was done to', () => {
	it('is the first of its kind, wherever it stands', () => {
		const targets = [space, admins, {...alice, id: undefined}, alice].map(({id, ...rest}) => ({
			...rest,
			...(id && {id}),
		}));
		assert.deepEqual(userIn({targets}), {type_id: 1, name: 'alice', email_addr: 'alice@acme.example'});
		assert.deepEqual(groupIn(targets), {uid: '2', name: 'admins'});
	});

	it('is Unknown where there is none of its kind', () => {
		assert.deepEqual(userIn({targets: [admins]}), {type_id: 0, name: 'Unknown'});
		assert.deepEqual(groupIn([alice]), {name: 'Unknown'});
		assert.deepEqual(appIn([{type: 'site', name: 'acme'}]), {name: 'Unknown'});
		assert.deepEqual(entityIn({targets: [alice]}, 'token'), {name: 'Unknown', type_id: 99, type: 'token'});
		assert.deepEqual(entityIn({}, 'policy'), {name: 'Unknown', type_id: 5, type: 'Policy'});
	});

	it('is the thing itself in an Entity Management, of a type that OCSF has where it has one', () => {
		assert.deepEqual(entityIn({targets: [alice, space]}, 'settings'), {
			uid: '3',
			name: 'DEMO',
			type_id: 99,
			type: 'space',
		});
		const acme = {type: 'organization', name: 'acme'};
		assert.deepEqual(entityIn({targets: [acme]}, 'settings'), {name: 'acme', type_id: 4, type: 'Organization'});
		const policy = {type: 'password-policy', name: 'strict'};
		assert.deepEqual(entityIn({targets: [acme, policy]}, 'policy'), {name: 'strict', type_id: 5, type: 'Policy'});
		assert.deepEqual(entityIn({targets: [alice, admins]}, 'group'), {
			uid: '2',
			name: 'admins',
			type_id: 3,
			type: 'Group',
		});
		assert.deepEqual(entityIn({targets: [alice]}, 'user').user, userIn({targets: [alice]}));
	});

	it('is things only where users are not what was created', () => {
		assert.deepEqual(webResourcesIn([alice, space], 'thing'), [{uid: '3', name: 'DEMO', type: 'space'}]);
		assert.deepEqual(
			webResourcesIn([alice, space], '').map(({type}) => type),
			['user', 'space'],
		);
	});
});

describe('resourcesIn', () => {
	it('leaves out whom privileges are for, and themselves', () => {
		assert.deepEqual(resourcesIn([alice, admins, role, space]), [{uid: '3', name: 'DEMO', type: 'space'}]);
	});
});
