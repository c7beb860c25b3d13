import assert from 'node:assert/strict';
import fc from 'fast-check';
import type {AuditEvent} from '../../lib/model/event.ts';
import {toOcsf} from '../../lib/schemas/ocsf.ts';
import {auditEventArbitrary, eventFacts} from '../support/audit-events.ts';

const least: AuditEvent = {id: '1', time: '2026-01-31T23:59:59.987Z', source: 'some-source', tenant: ''};

function unmappedOf(members: Partial<AuditEvent>): unknown {
	return toOcsf({...least, ...members}, eventFacts).unmapped;
}

/** All texts in it. */
function textsIn(value: unknown): string[] {
	if (typeof value === 'string') return [value];
	return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

describe('unmappedOf', () => {
	it('loses nothing: each text of the event is somewhere', () => {
		fc.assert(
			fc.property(auditEventArbitrary, event => {
				// numbers stand for these
				const {processed: _, outcome: __, actor, ...rest} = event;
				const {type: ___, ...person} = actor ?? {};
				const found = new Set(textsIn(toOcsf(event, eventFacts)));
				for (const text of textsIn({...rest, person})) assert.ok(text === '' || found.has(text), text);
			}),
			{numRuns: 1000},
		);
	});

	it('is absent where all has its place', () => {
		assert.equal(unmappedOf({}), undefined);
		assert.equal(unmappedOf({action: 'x', message: 'y', actor: {name: 'z'}}), undefined);
	});

	it('has all targets in their order, where the class has a place for the first', () => {
		const targets = ['alice', 'bob', 'admins'].map(name => ({type: name === 'admins' ? 'group' : 'user', name}));
		const ocsf = toOcsf({...least, activity: 'group-user-added', targets}, eventFacts);
		assert.equal(ocsf.user?.name, 'alice');
		assert.equal(ocsf.group?.name, 'admins');
		assert.deepEqual(ocsf.unmapped?.targets, targets);
	});

	it('has an e-mail address that is none', () => {
		assert.deepEqual(unmappedOf({actor: {name: 'x', email: 'Atlassian app @'}}), {actor: {email: 'Atlassian app @'}});
		assert.deepEqual(unmappedOf({actor: {type: 'app', name: 'x', email: 'a@b.cc'}}), {actor: {email: 'a@b.cc'}});
	});

	it('has as whom somebody acted', () => {
		const onBehalfOf = {id: '1', name: 'alice', fullName: 'Alice', email: 'x'};
		const on_behalf_of = {id: '1', name: 'alice', full_name: 'Alice', email: 'x'};
		assert.deepEqual(unmappedOf({actor: {name: 'admin', onBehalfOf}}), {on_behalf_of});
	});

	it('has the addresses where one of them is none, and the names of places', () => {
		const unmapped = (origin: AuditEvent['origin'] & {}) => {
			const ocsf = toOcsf({...least, activity: 'user-login', origin}, eventFacts);
			return [ocsf.src_endpoint, ocsf.unmapped?.origin];
		};
		const ips = ['10.0.0.1', '10.0.0.2', 'proxy'];
		assert.deepEqual(unmapped({ip: ips[0]!, ips}), [{ip: ips[0], intermediate_ips: ['10.0.0.2']}, {ips}]);
		assert.deepEqual(unmapped({ip: ips[0]!, ips: ips.slice(0, 2)}), [
			{ip: ips[0], intermediate_ips: ['10.0.0.2']},
			undefined,
		]);
		const geo = {country: 'Germany', city: 'Berlin'};
		assert.deepEqual(unmapped({ip: ips[0]!, geo}), [{ip: ips[0], location: {city: 'Berlin'}}, {geo}]);
		assert.deepEqual(unmapped({geo}), [undefined, {geo}]);
	});

	it('has what the class has no place for', () => {
		const event: Partial<AuditEvent> = {
			activity: 'app-installed',
			origin: {ip: '10.0.0.1'},
			service: {address: 'https://x', node: 'n'},
		};
		assert.deepEqual(unmappedOf(event), event);
		assert.deepEqual(unmappedOf({...event, activity: 'resource-viewed'}), {
			activity: 'resource-viewed',
			service: {node: 'n'},
		});
	});
});
