import assert from 'node:assert/strict';
import {actions, people, places} from '../../lib/emulator/data/catalogue.ts';

describe('emulator/org-catalogue', () => {
	it('has unique actions and people', () => {
		assert.equal(new Set(actions.map(({id}) => id)).size, actions.length);
		assert.equal(new Set(people.map(({id}) => id)).size, people.length);
		assert.equal(new Set(people.map(({name}) => name)).size, people.length);
	});

	it('has ids of the three forms, and apps whose mail is no address', () => {
		for (const form of [/^712020:[0-9a-f-]{36}$/, /^[0-9a-f]{24}$/, /^confluence$/]) {
			assert.ok(
				people.some(({id}) => form.test(id)),
				String(form),
			);
		}
		assert.ok(people.some(({type, email}) => type === 'app' && !email.includes('@')));
	});

	it('has no placeholder that nothing fills', () => {
		for (const {message} of actions) assert.doesNotMatch(message.replace(/\{(actor|user|group)\}/g, ''), /[{}]/);
		assert.ok(places.length > 0);
	});
});
