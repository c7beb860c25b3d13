import assert from 'node:assert/strict';
import {people} from '../../lib/emulator/data/catalogue.ts';
import {createOrgUsers} from '../../lib/emulator/apis/org-users.ts';

const newUsers = (users: number) => createOrgUsers({users, seed: 1, newestMs: 1e12, nameOf: name => name});

describe('emulator/org-users', () => {
	it('holds one Lila Smalls, in the middle, and nobody twice', () => {
		for (const count of [1, 3, 50, 1000]) {
			const users = newUsers(count).slice(0, count);
			assert.deepEqual(
				users.flatMap(({name}, index) => (name === 'Lila Smalls' ? [index] : [])),
				[Math.floor((count * 2) / 3)],
			);
			assert.equal(new Set(users.map(({account_id}) => account_id)).size, count);
		}
		assert.equal(newUsers(0).size(), 0);
	});

	it('knows whom it does not manage', () => {
		const users = newUsers(100);
		for (const {id, type} of people) {
			assert.equal(users.isStranger(id), type !== 'atlassian');
			assert.equal(users.find(id) !== undefined, type === 'atlassian');
		}
		assert.ok(!users.isStranger('nobody'));
	});

	it('updates, inserts and removes', () => {
		const users = newUsers(3);
		const [first] = users.records();
		users.update(first!.id!, {name: 'New'});
		assert.equal(users.find(first!.id!)?.name, 'New');
		const [added] = users.insert([{timeMs: 0}]);
		assert.equal(users.size(), 4);
		assert.deepEqual(
			users.remove(({id}) => id === added!.id).map(({id}) => id),
			[added!.id],
		);
		assert.equal(users.size(), 3);
	});

	it('leaves out what is restricted', () => {
		const texts = Array.from(newUsers(200).records(), ({text}) => text);
		assert.ok(texts.some(text => !text.includes('"email"')));
		assert.ok(texts.some(text => text.includes('"product_access":[]')));
	});
});
