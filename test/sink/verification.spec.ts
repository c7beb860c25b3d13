import assert from 'node:assert/strict';
import {emptyChain, sealEntry, type SourceTally} from '../../lib/sink/manifest.ts';
import {ChainWalk} from '../../lib/sink/verification.ts';

const tally = (events: number): SourceTally => ({
	events,
	first: '2026-01-01T00:00:00.000Z',
	last: '2026-01-01T00:00:00.000Z',
	days: {'2026-01-01': events},
});

/** Five entries of 1, 2, 4, 8 and 16 events; the last two are signed. */
function chainOfFive() {
	const lines: string[] = [];
	const heads: string[] = [];
	let chain = emptyChain;
	for (const index of [0, 1, 2, 3, 4]) {
		const sealed = sealEntry(chain, {sources: {'a:b': tally(2 ** index)}}, index > 2 ? () => 'signature' : undefined);
		({chain} = sealed);
		lines.push(sealed.line);
		heads.push(chain.head);
	}
	return {lines, heads, chain};
}

function walkOf(lines: readonly string[]) {
	const walk = new ChainWalk();
	const read = lines.map(line => walk.next(line)?.entry);
	return {walk, read, named: walk.damage.map(({kind, what}) => `${kind} ${what}`)};
}

describe('ChainWalk', () => {
	it('follows a chain, and sums up what it says', () => {
		const {lines, heads, chain} = chainOfFive();
		const {walk, read, named} = walkOf(lines);
		assert.deepEqual(read, [0, 1, 2, 3, 4]);
		assert.deepEqual(named, []);
		assert.deepEqual(walk.chain, chain);
		assert.deepEqual(walk.hashes, heads);
		assert.equal(walk.signed, 2);
		assert.equal(walk.sources['a:b']?.events, 31);
	});

	it('names an entry that cannot be read, and that one only', () => {
		const {lines, chain} = chainOfFive();
		for (const at of [0, 1, 4]) {
			const {walk, read, named} = walkOf(lines.with(at, 'x'));
			assert.deepEqual(named, [`entry entry ${at}`]);
			assert.deepEqual(read, [0, 1, 2, 3, 4].with(at, undefined as never));
			assert.equal(walk.chain.entries, 5);
			if (at < 4) assert.equal(walk.chain.head, chain.head);
		}
		assert.deepEqual(walkOf(lines.with(1, 'x').with(2, 'x')).named, ['entry entry 1', 'entry entry 2']);
	});

	it('names entries that do not follow, and reads on behind them', () => {
		const {lines} = chainOfFive();
		assert.deepEqual(walkOf(lines.toSpliced(1, 1)).named, ['entry entry 2']);
		assert.deepEqual(walkOf(lines.toSpliced(1, 2)).named, ['entry entry 3']);
		assert.deepEqual(walkOf(lines.toSpliced(2, 0, lines[1]!)).named, ['entry entry 1']);
		assert.deepEqual(walkOf(['x', ...lines.slice(2)]).named, ['entry entry 0', 'entry entry 2']);
		assert.deepEqual(walkOf(lines.slice(1)).named, ['entry entry 1']);
		assert.deepEqual(walkOf(lines.slice(0, 3)).named, [], 'what is cut off at the end is not seen');
	});
});
