import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import {ConfigError} from '../../lib/model/errors.ts';
import {type AuditEvent, auditEvent, commonMembers} from '../../lib/model/event.ts';
import {type RedactOptions, redactionOf, withoutText} from '../../lib/redaction/redaction.ts';

const key = '0123456789abcdef';
const pseudonym = (value: string) => `redacted:${createHmac('sha256', key).update(value).digest('hex').slice(0, 32)}`;
const named = {id: 'ann@x.io', time: '2026-01-02T03:04:05.006Z', source: 'ann@x.io', tenant: 'ann@x.io'};
const event: AuditEvent = {
	...named,
	processed: '2026-01-02T03:04:05.007Z',
	activity: 'user-login',
	outcome: 'failure',
	action: 'login',
	message: 'Ann (Ann@X.io) from 10.0.0.1',
	actor: {type: 'user', id: '7', name: 'Ann', email: 'Ann@X.io', onBehalfOf: {name: 'Bob', email: 'bob@x.io'}},
	origin: {ip: '10.0.0.1', ips: ['10.0.0.1', '2001:DB8::1']},
	targets: [{type: 'user', name: 'Cy'}, {type: 'group', id: 'g@x.io'}, {email: 'dee@x.io'}],
	changes: [{field: 'mail', from: 'old@x.io', to: 'new'}],
	raw: '{"who":"Ann"}',
};

function left(options: RedactOptions, given: object = event): Record<string, unknown> {
	return redactionOf(options).event(given as AuditEvent) as unknown as Record<string, unknown>;
}

describe('redactionOf', () => {
	it('takes members out, raw with any of them, and what nothing is left of', () => {
		const {raw, message, ...rest} = event;
		assert.deepEqual(left({members: ['raw']}), {...rest, message});
		assert.deepEqual(left({members: ['message', 'origin.ips', 'origin.ip', 'changes', 'actor.onBehalfOf.name']}), {
			...without(rest, 'origin', 'changes'),
			actor: {...event.actor, onBehalfOf: {email: '[redacted]@x.io'}},
		});
		assert.deepEqual(left({members: ['targets.email', 'actor.onBehalfOf', 'targets.name']})['targets'], [
			{type: 'user'},
			{type: 'group', id: 'g@x.io'},
		]);
		assert.equal(left({members: ['actor']})['actor'], undefined);
	});

	it('puts pseudonyms in their place, the same for all spellings of a value, beside types that are not named', () => {
		assert.deepEqual(left({members: ['actor', 'targets.name', 'origin', 'message'], key}), {
			...without(event, 'raw'),
			message: pseudonym('ann (ann@x.io) from 10.0.0.1'),
			actor: {
				type: 'user',
				id: pseudonym('7'),
				name: pseudonym('Ann'),
				email: pseudonym('ann@x.io'),
				onBehalfOf: {name: pseudonym('Bob'), email: pseudonym('bob@x.io')},
			},
			origin: {ip: pseudonym('10.0.0.1'), ips: [pseudonym('10.0.0.1'), pseudonym('2001:db8::1')]},
			targets: [{type: 'user', name: pseudonym('Cy')}, ...event.targets!.slice(1)],
		});
		const {actor} = left({members: ['actor', 'targets.type'], key}) as {actor: {type: string}};
		assert.equal(actor.type, pseudonym('user'));
		const {message} = left({patterns: ['email', 'ip'], key: Buffer.from(key)});
		assert.equal(message, `Ann (${pseudonym('ann@x.io')}) from ${pseudonym('10.0.0.1')}`);
		const other = left({patterns: ['ip'], key: `${key}!`})['origin'] as {ip: string};
		assert.match(other.ip, /^redacted:[0-9a-f]{32}$/);
		assert.notEqual(other.ip, pseudonym('10.0.0.1'));
		const spelled = [' Zoe\u0308 ', 'Zo\u00eb'].map(name =>
			left({members: ['actor.name'], key}, {...named, actor: {name}}),
		);
		assert.deepEqual(spelled[0], spelled[1]);
	});

	it('takes the value of a member out of all other texts, but for the words of the API', () => {
		const given = {
			...event,
			action: 'Ann',
			category: 'Ann',
			message: "ANN's mail (a%6en%20%22Ann%22), Anna",
			targets: [{type: 'ann', name: 'Ann Lee', id: 'ann'}],
			changes: [{field: 'Ann', from: '{"who":"\\u0041nn"}', to: '7.1'}],
			labels: {'by Ann': [7, 77]},
		};
		for (const used of [undefined, key]) {
			const mark = (value: string) => (used === undefined ? '[redacted]' : pseudonym(value));
			const {actor, ...rest} = left({members: ['actor'], key: used}, given);
			assert.equal(actor === undefined, used === undefined);
			assert.deepEqual(rest, {
				...without(given, 'raw', 'actor'),
				message: `${mark('Ann')}'s mail (${mark('Ann')} "${mark('Ann')}"), Anna`,
				targets: [{type: 'ann', name: `${mark('Ann')} Lee`, id: mark('Ann')}],
				changes: [{field: 'Ann', from: `{"who":"${mark('Ann')}"}`, to: `${mark('7')}.1`}],
				labels: {[`by ${mark('Ann')}`]: [mark('7'), 77]},
			});
		}
		const message = left({members: ['message']}, {...event, message: 'user', actor: {type: 'user', name: 'user'}});
		assert.deepEqual(message['actor'], {type: 'user', name: '[redacted]'});
	});

	it('looks for patterns in every text and number, and in names that are not those of the common record', () => {
		const given = {
			...event,
			labels: {'ann@x.io': [new Date(0), 77, 70, true, null, {name: '10.0.0.1', action: ''}], '__proto__ ann@x.io': 1},
		};
		assert.deepEqual(left({patterns: ['email', 'ip', /1970|^77$|name|action|message/]}, given), {
			...without(event, 'raw'),
			message: 'Ann ([redacted]) from [redacted]',
			actor: {...event.actor, email: '[redacted]', onBehalfOf: {name: 'Bob', email: '[redacted]'}},
			origin: {ip: '[redacted]', ips: ['[redacted]', '[redacted]']},
			targets: [{type: 'user', name: 'Cy'}, {type: 'group', id: '[redacted]'}, {email: '[redacted]'}],
			changes: [{field: 'mail', from: '[redacted]', to: 'new'}],
			labels: {
				'[redacted]': [
					'[redacted]-01-01T00:00:00.000Z',
					'[redacted]',
					70,
					true,
					null,
					{name: '[redacted]', action: ''},
				],
				'__proto__ [redacted]': 1,
			},
		});
	});

	it('never touches what files, rows and identities are named by, nor words of closed lists', () => {
		const {id, time, source, tenant, processed, activity, outcome} = left({patterns: [/.+/]});
		assert.deepEqual({id, time, source, tenant}, named);
		assert.deepEqual([processed, activity, outcome], [event.processed, 'user-login', 'failure']);
	});

	it('gives common records, whatever is taken out', () => {
		const members = commonMembers().filter(
			member => !/^(id|time|source|tenant|processed|activity|outcome)$/.test(member),
		);
		for (const member of members) {
			for (const options of [{members: [member]}, {members: [member], key}, {members, patterns: [/./]}]) {
				auditEvent.parse(left(options));
			}
		}
		assert.deepEqual(Object.keys(left({members})), [...Object.keys(named), 'processed', 'activity', 'outcome']);
	});

	it('says of an action what is left of it', () => {
		for (const [options, expected] of [
			[{members: ['actor']}, 'ann@x.io did'],
			[{members: ['action']}, '[redacted]'],
			[{members: ['action'], key}, pseudonym('ann@x.io did')],
			[{patterns: ['email'] as const}, '[redacted] did'],
		] as const) {
			assert.equal(redactionOf(options).action('ann@x.io did'), expected);
		}
	});

	for (const [options, message] of [
		[{}, /^redact: expected members or patterns, got none$/],
		[{members: []}, /^redact: expected members or patterns, got none$/],
		[
			{members: ['actor.emial']},
			/^redact: option members: expected a member of the common record, got "actor\.emial"$/,
		],
		[
			{members: ['targets.0.name']},
			/^redact: option members: expected a member of the common record, got "targets\.0\.name"$/,
		],
		[{members: ['a..b']}, /^redact: option members: expected a member of the common record/],
		[{members: ['']}, /^redact: option members: expected a member of the common record/],
		[
			{members: ['message', 'id']},
			/^redact: option members: expected members other than id, time, .*, got id; files, rows/,
		],
		[{members: ['outcome.x']}, /^redact: option members: expected members other than id, time, .*, got outcome\.x; /],
		[{members: ['actor'], key: 'é'.repeat(7)}, /^redact: expected a key of at least 16 bytes, got 14$/],
		[{patterns: ['ip'], key: new Uint8Array(15)}, /^redact: expected a key of at least 16 bytes, got 15$/],
	] as const) {
		it(`refuses ${JSON.stringify(options)}`, () => {
			assert.throws(
				() => redactionOf(options as RedactOptions),
				error => error instanceof ConfigError && message.test(error.message),
			);
		});
	}
});

describe('withoutText', () => {
	it('keeps the id, and of the reason what cannot quote the record', () => {
		const text = Buffer.from('{"who":"Ann"}');
		const {identity, ...letter} = withoutText({id: '1', text, reason: 'cannot be normalized: Ann: odd'});
		assert.deepEqual(letter, {id: '1', text: new Uint8Array(), reason: 'cannot be normalized'});
		assert.match(identity!, /^[0-9a-f]{64}$/);
		assert.equal(withoutText({identity: 'as before', text, reason: ''}).identity, 'as before');
		const other = withoutText(
			{text: Buffer.from('{}'), reason: 'by ann@x.io'},
			redactionOf({patterns: ['email']}).text,
		);
		assert.equal(other.reason, 'by [redacted]');
		assert.equal(Object.hasOwn(other, 'id'), false);
		assert.notEqual(other.identity, identity, 'two letters are not taken for one');
	});
});

function without(value: object, ...names: readonly string[]): Record<string, unknown> {
	return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}
