import assert from 'node:assert/strict';
import {parseWhere} from '../../../lib/cli/flags/shape.ts';
import {ConfigError} from '../../../lib/model/errors.ts';
import {assertRefused, commandLine, idsIn, linesOf} from '../../support/command-line.ts';

const event = {
	action: 'login',
	actor: {name: 'Lila=1', id: ''},
	targets: [{type: 'user', id: 7}, {type: 'group'}],
	origin: {ips: ['10.0.0.1', '10.0.0.2']},
	gone: null,
	ok: true,
	'2': 'two',
};

describe('parseWhere', () => {
	for (const [text, expected] of [
		['action=login', true],
		['action=logi', false],
		['action=', false],
		['actor.name=Lila=1', true],
		['actor.id=', true],
		['actor=[object Object]', false],
		['targets.type=group', true],
		['targets.id=7', true],
		['targets.1.type=group', true],
		['targets.0.type=group', false],
		['origin.ips=10.0.0.2', true],
		['gone=null', true],
		['ok=true', true],
		['2=two', true],
		['missing=undefined', false],
		['constructor.name=Object', false],
		['__proto__.x=', false],
	] as const) {
		it(`${text} is ${expected}`, () => assert.equal(parseWhere(text)(event), expected));
	}

	it('refuses what is no MEMBER=VALUE', () => {
		assert.throws(() => parseWhere('action'), new ConfigError('--where: expected MEMBER=VALUE, got no ='));
		assert.throws(() => parseWhere('=x'), new ConfigError('--where: expected MEMBER=VALUE, got no member'));
	});
});

describe('--where', () => {
	const {pull, emulator} = commandLine({events: 200});

	it('keeps what equals all values, in the members of the format that is written', async () => {
		const all = linesOf((await pull()).stdout).map(
			line => JSON.parse(line) as {id: string; action: string; actor: {name: string}},
		);
		const {action, actor} = all[0]!;
		const expected = all.filter(one => one.action === action && one.actor.name === actor.name).map(({id}) => id);

		const audit = await pull(['--where', `action=${action}`, '--where', `actor.name=${actor.name}`]);
		assert.deepEqual(idsIn(audit.stdout), expected);
		const inRaw = [`attributes.action=${action}`, `attributes.actor.name=${actor.name}`];
		const raw = await pull(['--format', 'raw', '--where', inRaw[0]!, '--where', inRaw[1]!]);
		assert.deepEqual(idsIn(raw.stdout), expected);
		assert(expected.length > 0 && expected.length < all.length);
	});

	it('may keep nothing', async () => {
		const {code, stdout, stderr} = await pull(['--where', 'action=none']);
		assert.deepEqual([code, stdout], [0, '']);
		assert.match(stderr, /done: 0 events, 1 page in/);
	});

	it('is refused before anything is asked for', async () => {
		assertRefused(await pull(['--where', 'foo']), 2, /--where: expected MEMBER=VALUE/);
		assert.equal(emulator().requestCount, 0);
	});
});
