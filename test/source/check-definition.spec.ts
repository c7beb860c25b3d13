import assert from 'node:assert/strict';
import {z} from 'zod';
import {checkDefinition} from '../../lib/source/check-definition.ts';

const sound = {
	name: 'some-source',
	docs: 'Some log.',
	reference: 'https://example.com',
	auth: ['bearer'],
	options: {kind: z.string().optional()},
	order: 'newest-first',
	ids: 'global',
	lagMs: 0,
	records: 'rows',
	id: () => '1',
	time: () => 0,
	tenant: () => 'acme',
	request: () => ({path: '/'}),
	mapping: {},
};

const end = {what: 'GET /old', advice: 'use /new', reference: 'https://example.com/end'};

describe('checkDefinition', () => {
	it('takes a sound one', () => checkDefinition(sound));

	const wrong: Readonly<Record<string, object>> = {
		'no lag': {lagMs: undefined},
		'a retention without a unit': {retention: 180},
		'a retention of no days': {retention: {days: 0}},
		'a retention that an operation tells which there is not': {retention: {operation: 'retention'}},
		'a lag that is no number': {lagMs: Number.NaN},
		'a lag without an end': {lagMs: Infinity},
		'an order that there is not': {order: 'desc'},
		'ids that there are not': {ids: 'x'},
		'a rate that is no number': {rate: {requests: Number.NaN, perMs: 1}},
		'a rate of nothing': {rate: {requests: 0, perMs: 1}},
		'a misspelt member': {leaveOut: () => true},
		'no time': {time: undefined},
		'neither id nor identity': {id: undefined},
		'no request': {request: undefined},
		'a tenant that is no function': {tenant: 'acme'},
		'an option that is no type': {options: {kind: 'text'}},
		'an option that no flag can have': {options: {'a-b': z.string()}},
		'a name that no file has': {name: 'Some Source'},
		'no way to log in': {auth: []},
		'an end on a day that there is not': {deprecations: [{...end, date: '2026-02-30'}]},
		'an end that nobody has written down': {deprecations: [{...end, reference: 'a blog'}]},
		'an end without advice': {deprecations: [{...end, advice: ''}]},
		'an operation that ends on no day': {operations: {event: {deprecations: [{...end, date: 'soon'}]}}},
	};
	for (const [what, change] of Object.entries(wrong)) {
		it(`refuses one with ${what}`, () => {
			assert.throws(() => checkDefinition({...sound, ...change}), {name: 'TypeError', message: /^defineSource: /});
		});
	}

	it('takes ends, dated or not, of the source and of an operation', () => {
		const deprecations = [end, {...end, date: '2026-12-21'}];
		checkDefinition({...sound, deprecations, operations: {event: {docs: 'One.', deprecations}}});
	});

	it('takes a listing without times', () => checkDefinition({...sound, order: 'none', time: undefined}));
});
