import assert from 'node:assert/strict';
import fc from 'fast-check';
import {FirstSeen, Latest, TopCounts} from '../../../lib/cli/report/counts.ts';
import type {AuditEvent} from '../../../lib/model/event.ts';
import {digestOf, eventOf} from '../../support/report-page.ts';

describe('the digest of a report', () => {
	it('counts exactly as long as there is room, and says by how much it may be wrong beyond', () => {
		fc.assert(
			fc.property(fc.array(fc.integer({min: 0, max: 40}), {maxLength: 400}), numbers => {
				const counts = new TopCounts(8);
				const exact = new Map<string, number>();
				for (const number of numbers) {
					counts.add(`${number >> 1}`);
					exact.set(`${number >> 1}`, (exact.get(`${number >> 1}`) ?? 0) + 1);
				}
				const found = new Map(counts.top(Infinity).map(({text, count}) => [text, count]));
				assert.ok(found.size <= 16);
				for (const [text, count] of exact) {
					const counted = found.get(text) ?? 0;
					assert.ok(counted <= count && counted >= count - counts.error, `${text}: ${counted} of ${count}`);
				}
				if (exact.size <= 16) assert.deepEqual([counts.error, counts.distinct], [0, exact.size]);
			}),
		);
	});

	it('knows when something was seen first, whatever comes first', () => {
		const seen = new FirstSeen<string>(2);
		for (const [text, timeMs] of Object.entries({a: 5, b: 7})) seen.add(text, timeMs, () => `${text}${timeMs}`);
		seen.add('a', 3, () => 'a3');
		seen.add('b', 9, () => 'b9');
		assert.equal(seen.isFull, false);
		seen.add('c', 1, () => 'c1');
		assert.equal(seen.isFull, true);
		assert.deepEqual(seen.all(), [
			{text: 'b', timeMs: 7, detail: 'b7'},
			{text: 'a', timeMs: 3, detail: 'a3'},
		]);
	});

	it('keeps the latest of many', () => {
		fc.assert(
			fc.property(fc.array(fc.integer()), times => {
				const latest = new Latest<{timeMs: number}>(3);
				for (const timeMs of times) latest.add({timeMs});
				const kept = [...times].sort((a, b) => b - a).slice(0, 3);
				assert.deepEqual(
					latest.all().map(({timeMs}) => timeMs),
					kept,
				);
				assert.equal(latest.count, times.length);
			}),
		);
	});

	it('takes for administration what names it, and a user who is called so for none', () => {
		const grants: Partial<AuditEvent>[] = [
			{activity: 'role-granted', action: 'added_org_admin'},
			{activity: 'group-user-added', targets: [{type: 'group', name: 'jira-administrators'}]},
			{activity: 'permission-granted', attributes: [{name: 'Permission', value: 'SYS_ADMIN'}]},
			{activity: 'permission-changed', changes: [{field: 'Permission', to: 'ADMINISTER'}]},
		];
		const others: Partial<AuditEvent>[] = [
			{activity: 'group-user-added', targets: [{type: 'user', name: 'admin'}]},
			{activity: 'role-revoked', action: 'removed_org_admin'},
			{activity: 'role-granted', targets: [{type: 'group', name: 'readers'}]},
			{action: 'admin'},
		];
		const digest = digestOf([...grants, ...others].map(eventOf));
		assert.deepEqual(
			digest.timelines.map(({latest}) => latest.count),
			[grants.length, 0, 0, 0],
		);
	});

	it('shows the group that was joined before the users who did, and says how many it leaves out', () => {
		const users = Array.from({length: 20}, (_, at) => ({type: 'user', name: `user ${at}`}));
		const targets = [...users, ...users, {type: 'group', name: 'site-admins'}];
		const [row] = digestOf([eventOf({activity: 'group-user-added', targets})]).timelines[0]!.latest.all();
		assert.deepEqual(row!.targets.slice(0, 2), ['group site-admins', 'user 0']);
		assert.deepEqual([row!.targets.length, row!.targets.at(-1)], [13, 'and 9 more']);
	});

	it('reads common records only, and counts what is none', () => {
		const digest = digestOf([
			eventOf({activity: 'user-login', outcome: 'failure', origin: {ip: '10.0.0.1', geo: {country: 'Spain'}}}),
			eventOf({activity: 'user-login', outcome: 'success', origin: {ip: '10.0.0.1'}}),
			undefined,
			null,
			'text',
			{id: '1', time: 'yesterday', source: 's'},
			{id: '1', time: '2026-01-02T03:04:05Z'},
			{...eventOf(), targets: 'text'},
		]);
		assert.deepEqual([digest.events, digest.notRead], [2, 6]);
		assert.deepEqual([...digest.failedLogins.days.values(), ...digest.logins.days.values()], [1, 1]);
		assert.deepEqual(digest.countries.top(2), [{text: 'Spain', count: 1}]);
		assert.equal(digest.addresses.distinct, 1);
		assert.deepEqual([...digest.parts.keys()], ['some-source:acme']);
	});
});
