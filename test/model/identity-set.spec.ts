import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import fc from 'fast-check';
import {entryBytes, IdentitySet, secondOf} from '../../lib/model/identity-set.ts';

const identity = fc.string({unit: fc.constantFrom('a', 'b', '\0', '\n', 'é', '😀', '\ud800', '\udc00', '"', '\\')});

describe('IdentitySet', () => {
	it('agrees with a Set', () => {
		fc.assert(
			fc.property(fc.array(identity, {maxLength: 200}), identities => {
				const model = new Set<string>();
				const set = new IdentitySet();
				for (const one of identities) {
					assert.equal(set.add(one, 1), !model.has(one));
					model.add(one);
					assert.equal(set.size, model.size);
				}
			}),
		);
	});

	it('grows, and stays at most 70 % full', () => {
		const set = new IdentitySet();
		for (let index = 0; index < 50_000; index++) {
			assert.equal(set.add(`${index}`, index), true);
			if (index % 1000 === 0) assert.ok(set.bytes >= (set.size * entryBytes) / 0.7);
		}
		for (let index = 0; index < 50_000; index++) assert.equal(set.add(`${index}`, index), false);
		assert.ok(set.bytes < 50_000 * entryBytes * 2.5, `${set.bytes} bytes`);
		assert.ok(new IdentitySet(50_000).bytes < 50_000 * entryBytes * 1.5, 'as large as is expected');
	});

	it('writes entries: 16 bytes of SHA-256 and the second', () => {
		const set = new IdentitySet();
		const entries = new Uint32Array(10);
		set.add('one', 7);
		set.writeLast(entries, 0, 7);
		set.add('two', 0xffff_ffff);
		set.writeLast(entries, 1, 0xffff_ffff);
		const bytes = Buffer.from(entries.buffer);
		assert.equal(bytes.length, 2 * entryBytes);
		assert.deepEqual(bytes.subarray(0, 16), createHash('sha256').update('one').digest().subarray(0, 16));
		assert.equal(bytes.readUInt32LE(16), 7);
		assert.equal(bytes.readUInt32LE(36), 0xffff_ffff);

		const other = new IdentitySet();
		other.addEntries(entries);
		assert.equal(other.size, 2);
		assert.equal(other.add('one', 7), false);
		assert.equal(other.add('two', 7), false);
		assert.equal(other.add('three', 7), true);
	});

	it('leaves out half an entry', () => {
		const set = new IdentitySet();
		set.addEntries(new Uint32Array([1, 2, 3, 4]));
		assert.equal(set.size, 0);
	});

	it('keeps an entry that begins with zeros, which stand for a free slot', () => {
		const set = new IdentitySet();
		set.addEntries(new Uint32Array([1, 0, 0, 0, 0]));
		assert.equal(set.size, 1);
	});

	it('filters by second', () => {
		const set = new IdentitySet();
		for (let index = 0; index < 5000; index++) set.add(`${index}`, index);
		const kept = set.filter(second => second >= 4000);
		assert.equal(kept.size, 1000);
		assert.ok(kept.bytes < set.bytes / 3, 'the bytes of the others are free');
		assert.equal(kept.add('4000', 0), false);
		assert.equal(kept.add('3999', 0), true);
		assert.equal(set.size, 5000);
	});
});

describe('secondOf', () => {
	it('is a second that an entry can hold, whatever the time', () => {
		const times = [0, 999, 1000, -1, -Infinity, Infinity, 0xffff_ffff * 1000 + 1000, Date.UTC(2026, 0)];
		assert.deepEqual(times.map(secondOf), [0, 0, 1, 0, 0, 0xffff_ffff, 0xffff_ffff, Date.UTC(2026, 0) / 1000]);
	});
});
