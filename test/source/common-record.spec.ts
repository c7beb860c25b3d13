import assert from 'node:assert/strict';
import {actionRules} from '../../lib/model/activity.ts';
import {auditEvent} from '../../lib/model/event.ts';
import {commonRecord, mappingFacts} from '../../lib/source/common-record.ts';
import {factsOf} from '../support/pages.ts';

const source = factsOf({
	normalize: value => value as object as {},
	ruleOf: actionRules({'log*': 'user-login'}),
});
const record = {id: 'a', timeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6)};
const shared = {id: 'a', time: '2026-01-02T03:04:05.006Z', source: 'some-source', tenant: 'some-tenant'};

describe('commonRecord', () => {
	it('is what all records share, and what the source maps', () => {
		const members = {action: 'x', actor: {id: '1'}, outcome: 'failure'};
		assert.deepEqual(commonRecord(source, record, members), {...shared, ...members});
		assert.deepEqual(commonRecord(source, record, {}), shared);
		auditEvent.parse(commonRecord(source, record, members));
	});

	it('has an activity where a rule knows the action, and no such member where none does', () => {
		assert.equal(commonRecord(source, record, {action: 'login'}).activity, 'user-login');
		const {ruleOf: _, ...ruleless} = source;
		for (const [facts, action] of [
			[source, 'other'],
			[source, undefined],
			[ruleless, 'login'],
		] as const) {
			assert.ok(!('activity' in commonRecord(facts, record, action === undefined ? {} : {action})));
		}
	});

	it('refuses a time that no reader takes', () => {
		for (const timeMs of [Date.parse('0000-01-01T00:00:00Z') - 1, Date.parse('9999-12-31T23:59:59.999Z') + 1]) {
			assert.throws(() => commonRecord(source, {id: 'a', timeMs}, {}), {
				name: 'RangeError',
				message: `expected a time in the years 0 to 9999, got ${timeMs} ms`,
			});
		}
		assert.throws(() => commonRecord(source, {id: 'a', timeMs: Number.NaN}, {}), RangeError);
	});
});

describe('mappingFacts', () => {
	const least = {name: 'some-source', normalize: () => ({})};

	it('names the product after the source where it states none', () => {
		assert.deepEqual(mappingFacts(least).product, {name: 'some-source'});
		const product = {vendor: 'Some Vendor', name: 'Some Product'};
		assert.deepEqual(mappingFacts({...least, product}).product, product);
	});

	it('knows ids from hashes, and rules from none', () => {
		assert.equal(mappingFacts(least).ownIds, false);
		assert.equal(mappingFacts({...least, id: () => 'x'}).ownIds, true);
		assert.equal(mappingFacts(least).ruleOf, undefined);
		assert.deepEqual(mappingFacts({...least, actions: {'a*': 'other'}}).ruleOf?.('ab'), {
			rule: 'a*',
			activity: 'other',
		});
	});
});
