import assert from 'node:assert/strict';
import {createRandom, hash, scramble} from '../../lib/emulator/data/random.ts';

describe('emulator/random', () => {
	it('scrambles without collisions', () => {
		const seen = new Set(Array.from({length: 100_000}, (_, index) => scramble(index)));
		assert.equal(seen.size, 100_000);
	});

	it('hashes differently by seed, salt and index, and always the same', () => {
		assert.equal(new Set([hash(1, 1, 1), hash(2, 1, 1), hash(1, 2, 1), hash(1, 1, 2)]).size, 4);
		assert.equal(hash(7, 8, 9), hash(7, 8, 9));
	});

	it('draws the same stream from the same seed', () => {
		const [one, two] = [createRandom(5, 1), createRandom(5, 1)];
		assert.deepEqual(
			Array.from({length: 9}, () => one.below(100)),
			Array.from({length: 9}, () => two.below(100)),
		);
		assert.ok(Array.from({length: 1000}, () => one.chance(30)).filter(Boolean).length > 200);
		assert.equal(one.pick(['only']), 'only');
	});
});
