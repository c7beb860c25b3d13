import assert from 'node:assert/strict';
import {isPath, oneOf, textLike, wholeFrom, yesOrNo} from '../../lib/emulator/server/switch-value.ts';

const kinds = [
	{value: yesOrNo('does this'), right: [true, false], wrong: ['true', 1, null]},
	{value: oneOf(['a', 'b'], 'does this'), right: ['a', 'b'], wrong: ['c', '', null]},
	{value: wholeFrom(1, 'does this', 3), right: [1, 3], wrong: [0, 4, 1.5, '1', null]},
	{value: textLike('a path', isPath, 'does this'), right: ['', '/a', '/a/b-c.d'], wrong: ['a', '/', '/a/', '/a?b', 1]},
];

describe('emulator/switch-value', () => {
	it('is what it says, and says what it does', () => {
		for (const {value, right, wrong} of kinds) {
			assert.equal(value.description, 'does this');
			for (const one of right) assert.equal(value.parse(one), one);
			for (const one of wrong) assert.ok(!value.safeParse(one).success, JSON.stringify(one));
			// left out is not the same as undefined
			assert.ok(!value.safeParse(undefined).success);
		}
	});

	it('says which text was expected', () => {
		const {error} = textLike('a path', isPath, 'does this').safeParse('x');
		assert.equal(error?.issues[0]?.message, 'expected a path');
	});
});
