import assert from 'node:assert/strict';
import {GivenRows} from '../../lib/source/given-rows.ts';
import {answerOf} from '../support/scripted-api.ts';

const pass = {sinceMs: 10, untilMs: 20, coversToMs: 20};
const pageOf = (...records: [string, number][]) => ({
	...answerOf(records.map(([id, timeMs]) => ({id, timeMs}))),
	bytes: 1,
});
const idsOf = ({records}: {readonly records: readonly {readonly id: string}[]}) => records.map(({id}) => id);

describe('GivenRows', () => {
	it('leaves out what was given, as often as it was given', () => {
		const given = new GivenRows('newest-first');
		given.add(pageOf(['a', 19], ['b', 18]));
		given.add(pageOf(['b', 18]));
		const page = given.inTurn(pageOf(['b', 18], ['c', 17], ['b', 18], ['b', 18]), pass);
		assert.deepEqual([idsOf(page), page.events?.length, page.rows], [['c', 'b'], 2, 4]);
		assert.equal(given.missingOf(pass), 1);
		assert.deepEqual(idsOf(given.inTurn(pageOf(['a', 19]), pass)), []);
		assert.equal(given.missingOf(pass), 0);
	});

	it('lets through what is of another time: it is left out of the pass, and comes in its own', () => {
		const given = new GivenRows('newest-first');
		given.add(pageOf(['a', 25]));
		assert.deepEqual(idsOf(given.inTurn(pageOf(['a', 25]), pass)), ['a']);
		assert.equal(given.missingOf(pass), 0);
		assert.deepEqual(idsOf(given.inTurn(pageOf(['a', 25]), {...pass, untilMs: 30})), []);
	});

	it('gives what came with the wrong window, once, where it is of the pass', () => {
		const given = new GivenRows('newest-first');
		const dayMs = 86_400_000;
		const window = (days: number) => ({sinceMs: days * dayMs, untilMs: (days + 1) * dayMs, coversToMs: 0});
		given.begin({sinceMs: 0, untilMs: 10 * dayMs, coversToMs: 0});
		const inTurn = (days: number, ...records: [string, number][]) => {
			const page = given.inTurn(pageOf(...records.map(([id, at]): [string, number] => [id, at * dayMs])), window(days));
			const kept = page.records.filter(({orderMs}) => Math.floor(orderMs / dayMs) === days);
			return [idsOf({records: kept}), idsOf({records: page.records.filter(record => given.isStray(record))})];
		};
		assert.deepEqual(inTurn(9, ['too new', 10.5], ['a', 9.5], ['b', 8.9], ['too old', 7.5]), [['a'], ['b']]);
		given.forget(window(9));
		assert.deepEqual(inTurn(8, ['b', 8.9], ['c', 8.2]), [['c'], []]);
		given.forget(window(8));
		assert.deepEqual(inTurn(7, ['d', 8.1], ['e', 7.5]), [['e'], ['d']]);
		assert.deepEqual(inTurn(7, ['given', 8.15], ['f', 7.2]), [['f'], []]);
	});

	it('forgets those of a span', () => {
		const given = new GivenRows('newest-first');
		given.add(pageOf(['a', 19], ['b', 25]));
		given.forget(pass);
		assert.deepEqual(
			given.records.map(({id}) => id),
			['b'],
		);
	});

	it('knows rows that cannot be read by their text', () => {
		const given = new GivenRows('newest-first');
		const rejected = [{text: Buffer.from('{'), reason: 'half'}];
		given.add({...pageOf(), rejected});
		assert.deepEqual(given.inTurn({...pageOf(['a', 19]), rejected}, pass).rejected, []);
		assert.deepEqual(given.inTurn({...pageOf(), rejected}, pass).rejected, rejected);
	});
});
