import assert from 'node:assert/strict';
import {isDeepStrictEqual} from 'node:util';
import fc from 'fast-check';
import {contentId} from '../../lib/source/content-id.ts';
import type {Json} from '../../lib/model/event.ts';

const anyJson = fc.jsonValue({maxDepth: 4}) as fc.Arbitrary<Json>;

/** The same value with the members of all its objects the other way round. */
function reversed(value: Json): Json {
	if (Array.isArray(value)) return value.map(reversed);
	if (typeof value !== 'object' || value === null) return value;
	const members = Object.entries(value).reverse();
	return Object.fromEntries(members.map(([key, member]) => [key, reversed(member as Json)]));
}

describe('contentId', () => {
	it('gives 32 hex digits, the same in every version', () => {
		assert.equal(contentId({b: [1, null], a: 'é'}), '3d92f6368f93f3cb36a4e7a721098054');
		fc.assert(fc.property(anyJson, value => assert.match(contentId(value), /^[\da-f]{32}$/)));
	});

	it('does not depend on the order of members', () => {
		fc.assert(fc.property(anyJson, value => assert.equal(contentId(reversed(value)), contentId(value))));
	});

	it('differs for different values', () => {
		const plain = (value: Json) => JSON.parse(JSON.stringify(value)) as Json;
		const isSame = (one: Json, other: Json) => isDeepStrictEqual(plain(one), plain(other));
		const small = fc.letrec<{json: Json}>(tie => ({
			json: fc.oneof(
				{depthSize: 'small'},
				fc.constantFrom<Json>(null, '', 0, 1, '1', '0', 'a', ',', '":"', true, 'true', 'null', '\ud800', '\ud801'),
				fc.array(tie('json'), {maxLength: 2}),
				fc.dictionary(fc.constantFrom('', 'a', 'b', 'a,b', '__proto__'), tie('json'), {maxKeys: 2}),
			),
		})).json;
		fc.assert(
			fc.property(small, small, (one, other) => assert.equal(contentId(one) === contentId(other), isSame(one, other))),
			{numRuns: 5000},
		);
	});

	it('tells null, "" and nothing apart, and takes undefined for nothing', () => {
		const ids = [{a: null}, {a: ''}, {}, {a: 'null'}, {a: []}, {a: {}}, {a: false}].map(contentId);
		assert.equal(new Set(ids).size, ids.length);
		assert.equal(contentId({a: undefined} as unknown as Json), contentId({}));
	});

	it('depends on the order of a list', () => {
		assert.notEqual(contentId([1, 2]), contentId([2, 1]));
	});
});
