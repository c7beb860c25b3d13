import assert from 'node:assert/strict';
import {of} from 'rxjs';
import {activities, type Activity} from '../../lib/model/activity.ts';
import {commonMembers} from '../../lib/operators/common-members.ts';
import {ConfigError} from '../../lib/model/errors.ts';
import type {AuditEvent} from '../../lib/model/event.ts';
import {below} from '../../lib/operators/member-tree.ts';
import {ecs} from '../../lib/operators/ecs.ts';
import {ocsf} from '../../lib/operators/ocsf.ts';
import {redact} from '../../lib/operators/redact.ts';
import {isCommonRecord, keptMembers, refusalOf, valueless} from '../../lib/redaction/kept-members.ts';
import {factsOf, listen, pageOf} from '../support/pages.ts';

const source = {name: 'jira-data-center', tenant: 'jira.example'};

describe('isCommonRecord', () => {
	it('tells common records from other events with members of the same names', () => {
		assert.ok(isCommonRecord({source: source.name, tenant: source.tenant}, source));
		const others = [
			{source: '10.0.0.1', tenant: source.tenant},
			{source: source.name, tenant: 'other'},
			{source: {ip: '10.0.0.1'}, tenant: source.tenant},
			{source: source.name},
		];
		for (const other of [...others, {}, [], 'x', null, undefined]) assert.ok(!isCommonRecord(other, source));
	});
});

describe('refusalOf', () => {
	it('lets all members be redacted but those that name events, and the words of closed lists', () => {
		const refused = commonMembers().filter(member => refusalOf(member) instanceof ConfigError);
		const expected = ['id', 'time', 'processed', 'source', 'tenant', 'activity', 'outcome', 'raw'];
		assert.deepEqual(refused.sort(), expected.sort());
		assert.match(refusalOf('id.x')!.message, /^redact: expected members other than id, time.*, got id\.x; files, rows/);
		assert.match(refusalOf('outcome')!.message, /^redact: expected members that can hold personal data, got outcome, /);
	});
});

describe('keptMembers', () => {
	it('keeps a type unless it is named itself', () => {
		const typeIn = (members: readonly string[], name: string) => below(below(keptMembers(members), name), 'type');
		for (const name of ['actor', 'credential', 'containers', 'targets']) {
			assert.equal(typeIn([name], name), 'whole');
			assert.equal(typeIn([`${name}.type`], name), undefined);
			assert.equal(below(below(valueless, name), 'type'), 'whole', 'it is no value in either case');
		}
		assert.equal(below(keptMembers(['activity']), 'activity'), 'whole');
		assert.equal(below(keptMembers([]), 'action'), undefined);
	});
});

describe('what is kept', () => {
	const words = Object.keys(activities) as Activity[];
	const kinds = ['user', 'group', 'app', 'system', 'anonymous'];
	/** Whom an attacker would call himself, and how each of them does something. */
	const names = [...new Set([...words, ...words.flatMap(word => word.split('-')), 'success', 'failure', ...kinds])];
	const source = factsOf();
	const events = names.flatMap((name, index) =>
		[words[index % words.length]!, words.find(word => word.includes(name)) ?? 'user-login'].map(
			(activity): AuditEvent => ({
				id: String(index),
				time: '2026-01-02T03:04:05.006Z',
				source: source.name,
				tenant: source.tenant,
				activity,
				outcome: index % 2 ? 'success' : 'failure',
				actor: {type: kinds[index % kinds.length]!, name, id: name},
				targets: [
					{type: 'user', name},
					{type: 'group', id: name},
				],
			}),
		),
	);
	const page = {
		...pageOf(events.map(({id}) => id)),
		source,
		events,
		verbatim: false,
	};

	for (const members of [['actor'], ['actor.name', 'targets.name', 'targets.id'], ['targets'], ['actor.type']]) {
		it(`lets nobody be called so that an event gets another meaning, or none: ${members.join()}`, () => {
			for (const options of [{members}, {members, patterns: [/.+/]}, {members, key: 'k'.repeat(16)}]) {
				const out = listen(of(page).pipe(redact(options))).values[0]!;
				const meaning = ({activity, outcome}: AuditEvent) => [activity, outcome];
				assert.deepEqual(out.events.map(meaning), events.map(meaning));
				const mapped = [...listen(of(out).pipe(ecs())).values, ...listen(of(out).pipe(ocsf())).values];
				assert.deepEqual(
					mapped.map(({rejected, events: left}) => [rejected, left.length]),
					[
						[[], events.length],
						[[], events.length],
					],
				);
			}
		});
	}
});
