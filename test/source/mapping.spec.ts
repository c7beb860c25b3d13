import assert from 'node:assert/strict';
import {commonMembers} from '../../lib/model/event.ts';
import {compileMapping, type Mapping} from '../../lib/source/mapping.ts';
import {by, constant, each, first, json} from '../../lib/source/words.ts';

/** What a mapping makes of a record. */
function made(mapping: Mapping, record: object, unorderedLists?: boolean): unknown {
	return compileMapping(mapping, unorderedLists).normalize(record);
}

const item = {type: 'kind', id: 'id'};

describe('a mapping', () => {
	const cases: Readonly<Record<string, readonly [Mapping, record: object, event: object]>> = {
		'takes a text, a number and a boolean': [
			{action: 'a', message: 'b.c', category: 'd.e.f', 'actor.id': 'g.h.i.j'},
			{a: 'x', b: {c: 0}, d: {e: {f: false}}, g: {h: {i: {j: 1.5}}}},
			{action: 'x', category: 'false', message: '0', actor: {id: '1.5'}},
		],
		'takes nothing for null, "", lists, objects and numbers that are not exact': [
			{action: 'a', message: 'b', category: 'c', 'actor.id': 'd', 'actor.name': 'e.f'},
			{a: null, b: '', c: ['x'], d: 2 ** 53, e: {f: {}}},
			{},
		],
		'looks for members in objects alone': [
			{action: 'a.length', message: 'b.length', category: 'c.0', 'actor.id': 'd.e'},
			{a: 'text', b: ['x'], c: ['x'], d: null},
			{},
		],
		'takes the first that says something': [{action: first('a', 'b', 'c')}, {a: '', b: 'x', c: 'y'}, {action: 'x'}],
		'gives what it has in the order of the common record': [
			{'origin.ip': 'ip', action: 'a', 'actor.type': 't', 'actor.id': 'i'},
			{ip: '::1', a: 'x', t: 'user', i: '1'},
			{action: 'x', actor: {id: '1', type: 'user'}, origin: {ip: '::1'}},
		],
		'reads each member as that is': [
			{processed: 'at', outcome: 'a', 'actor.email': 'mail', 'origin.ip': 'ip', 'origin.ips': 'ip'},
			{at: '2026-01-01T01:00:00+01:00', a: 'SYNC_FAILED', mail: 'Some app', ip: ' ::1 ,,203.0.113.5'},
			{
				processed: '2026-01-01T00:00:00.000Z',
				outcome: 'failure',
				origin: {ip: '::1', ips: ['::1', '203.0.113.5']},
			},
		],
		'has an outcome wherever it is asked for one': [{outcome: 'a'}, {}, {outcome: 'success'}],
		'makes one item of each object of a list': [
			{targets: each('l', item), changes: each('m.n', {field: 'id'})},
			{l: [{kind: 'ApplicationUser', id: 1}, null, 'x', [], {}, {id: '2'}], m: {n: [{}]}},
			{targets: [{type: 'user', id: '1'}, {id: '2'}]},
		],
		'makes several items of each object, one after the other': [
			{targets: each('l', [{id: 'a'}, {id: 'b'}])},
			{l: [{a: '1', b: '2'}, {b: '3'}]},
			{targets: [{id: '1'}, {id: '2'}, {id: '3'}]},
		],
		'joins lists, and items of the record itself': [
			{targets: [each('l', item), {id: 'own.id'}, each('m', item)]},
			{l: [{id: '1'}], own: {id: '2'}, m: [{id: '3'}]},
			{targets: [{id: '1'}, {id: '2'}, {id: '3'}]},
		],
		'has another item only where a list has no objects': [
			{targets: each('l', item, {else: {id: 'own'}}), containers: each('m', item, {else: {id: 'own'}})},
			{l: ['x'], m: [{}], own: '1'},
			{targets: [{id: '1'}]},
		],
		'puts those first that lead': [
			{targets: each('l', item, {leads: 'main'})},
			{l: [{id: '1'}, {id: '2', main: true}, {id: '3', main: false}]},
			{targets: [{id: '2'}, {id: '1'}, {id: '3'}]},
		],
		'says a constant beside something else only, but for the record': [
			{
				category: constant('c'),
				'actor.type': constant('app'),
				targets: [
					{type: constant('t'), id: 'id'},
					{type: constant('u'), id: 'no'},
				],
			},
			{id: '1'},
			{category: 'c', targets: [{type: 't', id: '1'}]},
		],
		'writes lists and objects as JSON, text as it is': [
			{
				changes: [
					{from: json('a'), to: json('b')},
					{from: json('c'), to: json('d')},
				],
			},
			{a: ['x', 1], b: 'text', c: {d: null}, d: null},
			{changes: [{from: '["x",1]', to: 'text'}, {from: '{"d":null}'}]},
		],
	};
	for (const [title, [mapping, record, event]] of Object.entries(cases)) {
		it(title, () => {
			assert.equal(JSON.stringify(made(mapping, record)), JSON.stringify(event));
		});
	}

	it('gives sets an order, behind those that lead', () => {
		const mapping = {targets: each('l', {id: 'id', name: 'name'}, {leads: 'main'})};
		const l = [{id: '2'}, {id: '1', name: 'b'}, {id: '9', main: true}, {id: '1', name: 'a'}, {id: '8', main: true}];
		for (const list of [l, l.toReversed()]) {
			const {targets} = made(mapping, {l: list}, true) as {targets: {id: string; name?: string}[]};
			assert.deepEqual(
				targets.map(({id, name = ''}) => id + name),
				['8', '9', '1a', '1b', '2'],
			);
		}
	});

	it('calls a function with what it is given, and takes no "" from it', () => {
		const seen: unknown[] = [];
		const word = by('$1 $2 $3 $4', ['a', 'b.c', 'l[]', first('x', 'y')], (...values) => {
			seen.push(values);
			return '';
		});
		assert.deepEqual(made({action: word}, {a: 1, b: {}, l: [{z: 1}, 2], y: 'why'}), {});
		assert.deepEqual(made({action: word}, {l: {}}), {});
		assert.deepEqual(seen, [
			['1', undefined, [{z: 1}], 'why'],
			[undefined, undefined, [], undefined],
		]);
	});

	it('takes members of no prototype for members of the record', () => {
		const record = JSON.parse('{"__proto__": {"a": "x"}, "constructor": {"name": "y"}}') as object;
		assert.deepEqual(made({action: 'a', message: 'b.a'}, record), {});
		for (const path of ['__proto__.a', 'a.constructor', 'toString'])
			assert.throws(() => made({action: path}, {}), TypeError);
	});

	it('says what each member is made from, and names the paths', () => {
		const {origins} = compileMapping({
			action: first('a', 'b.c'),
			'actor.email': 'mail',
			'origin.ip': 'ip',
			changes: each('l', {field: by('the key in $1', ['f'], text => text), to: json('t')}),
			targets: [
				each('l', {type: 'k', id: 'i'}, {leads: 'm', else: {type: 'kind', id: 'id'}}),
				{type: constant('token'), name: by('$2 where there are $1', ['l[]', 'n'], (_, name) => name)},
			],
		});
		assert.deepEqual(origins, {
			action: {says: 'a, else b.c', paths: ['a', 'b.c']},
			'actor.email': {says: 'mail, where it has an @', paths: ['mail']},
			'origin.ip': {says: 'the first of ip', paths: ['ip']},
			'changes.field': {says: 'the key in l[].f', paths: ['l[].f']},
			'changes.to': {says: 'l[].t, as JSON', paths: ['l[].t']},
			'targets.type': {
				says: 'l[].k, first those with l[].m, else kind; "token" beside its name',
				paths: ['l[].k', 'kind', 'l[]', 'n'],
			},
			'targets.id': {says: 'l[].i, else id', paths: ['l[].i', 'id']},
			'targets.name': {says: 'n where there are l[]', paths: ['l[]', 'n']},
		});
	});

	it('knows every member of the common record but those that all share', () => {
		const shared = ['id', 'time', 'source', 'tenant', 'activity', 'raw'];
		const [texts, lists] = [
			commonMembers().filter(name => !shared.includes(name)),
			['containers', 'targets', 'changes', 'attributes'],
		];
		const inList = (name: string) => lists.some(list => name.startsWith(`${list}.`));
		const isLeaf = (name: string) => !texts.some(other => other.startsWith(`${name}.`));
		for (const name of texts.filter(name => !inList(name) && isLeaf(name))) {
			const event = made({[name]: 'a'} as Mapping, {a: '2026-01-01T00:00:00.000Z a@b'});
			if (name !== 'processed') assert.equal(Object.keys(event as object).length, 1, name);
		}
		for (const name of texts.filter(inList)) {
			const [list, member] = name.split('.') as [string, string];
			assert.deepEqual(Object.keys(made({[list]: {[member]: 'a'}} as Mapping, {a: 'a@b'}) as object), [list]);
		}
	});

	it('is refused where it names no member, no path, or not what a function is given', () => {
		for (const [wrong, message] of [
			[() => made({actoin: 'a'} as Mapping, {}), /expected a member of the common record, got actoin$/],
			[() => made({'actor.nmae': 'a'} as Mapping, {}), /got actor\.nmae$/],
			[() => made({actor: 'a'} as Mapping, {}), /got actor$/],
			[() => made({id: 'a'} as Mapping, {}), /got id$/],
			[() => made({targets: each('l', {nmae: 'a'})} as Mapping, {}), /got targets\.nmae$/],
			[() => made({targets: {field: 'a'}} as Mapping, {}), /got targets\.field$/],
			[() => made({action: 'a..b'}, {}), /expected a path like author\.id, got "a\.\.b"$/],
			[() => made({action: ''}, {}), /got ""$/],
			[() => made({action: 'l[].a'}, {}), /got "l\[\]\.a"$/],
			[() => by('$1', ['a', 'b'], () => undefined), /expected \$1 to \$2 in "\$1", one for each path given$/],
			[() => by('$2', ['a'], () => undefined), /expected \$1 to \$1 in "\$2"/],
		] as const) {
			assert.throws(wrong, error => error instanceof TypeError && message.test(error.message), String(message));
		}
	});
});
