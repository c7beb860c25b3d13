import assert from 'node:assert/strict';
import {actionRules, activities} from '../../lib/model/activity.ts';

describe('actionRules', () => {
	const ruleOf = actionRules({
		user_login: 'user-login',
		'user_*': 'user-updated',
		'*_policy_update': 'policy-changed',
		'a.b*c': 'other',
	});

	it('finds the exact rule before any with a star', () => {
		assert.deepEqual(ruleOf('user_login'), {rule: 'user_login', activity: 'user-login'});
		assert.deepEqual(ruleOf('user_login_failed'), {rule: 'user_*', activity: 'user-updated'});
	});

	it('takes the first of several that fit', () => {
		assert.equal(ruleOf('user_policy_update')?.rule, 'user_*');
		assert.equal(ruleOf('password_policy_update')?.rule, '*_policy_update');
	});

	it('takes all characters but the star as they are', () => {
		assert.equal(ruleOf('a.b and\n c')?.rule, 'a.b*c');
		assert.equal(ruleOf('axb and c'), undefined);
	});

	it('gives the same again, and nothing for what it does not know', () => {
		for (const _ of [1, 2]) {
			assert.equal(ruleOf('user_x')?.rule, 'user_*');
			assert.equal(ruleOf('hasOwnProperty'), undefined);
			assert.equal(ruleOf('__proto__'), undefined);
			assert.equal(ruleOf(''), undefined);
		}
	});

	it('takes no time for a text that somebody made to take it', () => {
		const starry = actionRules({'*two*step*verification*x*': 'other', '*token*created*': 'token-created'});
		for (const text of ['two step '.repeat(100_000), 'token '.repeat(100_000)]) {
			// a regular expression would take hours
			assert.equal(starry(text), undefined);
		}
	});

	it('lets no text stand for two at once', () => {
		const rules = actionRules({'a*a': 'other', '*ab*ba*': 'other'});
		assert.equal(rules('a'), undefined);
		assert.equal(rules('aba')?.rule, 'a*a');
		assert.equal(rules('xabax'), undefined);
		assert.equal(rules('xabbax')?.rule, '*ab*ba*');
	});

	it('stays exact when there are more actions than it remembers', () => {
		for (let n = 0; n < 5000; n++) assert.equal(ruleOf(`user_${n}`)?.rule, 'user_*');
		assert.equal(ruleOf('user_login')?.activity, 'user-login');
		assert.equal(ruleOf('nobody_4999'), undefined);
	});
});

describe('activities', () => {
	it('are kebab-case names, each said', () => {
		for (const [name, said] of Object.entries(activities)) {
			assert.match(name, /^[a-z]+(-[a-z]+)*$/);
			assert.ok(said.length > 10, name);
		}
	});
});
