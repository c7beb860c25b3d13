import assert from 'node:assert/strict';
import {deprecationText, dueDeprecations} from '../../lib/source/deprecation.ts';

const facts = {what: 'GET /old', advice: 'use /new', reference: 'https://example.com/end'};
const dated = {...facts, date: '2026-12-21'};
const dayMs = 86_400_000;

describe('dueDeprecations', () => {
	it('are those that end within 90 days, or have ended', () => {
		const endMs = Date.UTC(2026, 11, 21);
		for (const [nowMs, isDue] of [
			[endMs - 91 * dayMs, false],
			[endMs - 90 * dayMs - 1, false],
			[endMs - 90 * dayMs, true],
			[endMs, true],
			[endMs + 900 * dayMs, true],
		] as const) {
			assert.deepEqual(dueDeprecations([dated], nowMs), isDue ? [dated] : [], new Date(nowMs).toISOString());
		}
	});

	it('are never those of which no end is known', () => {
		assert.deepEqual(dueDeprecations([facts], Date.UTC(2999, 0)), []);
	});
});

describe('deprecationText', () => {
	it('says what ends, when, what to do, and who says so', () => {
		assert.equal(deprecationText(dated), 'GET /old ends on 2026-12-21; use /new; see https://example.com/end');
		assert.equal(deprecationText(facts), 'GET /old: no end is known; use /new; see https://example.com/end');
	});
});
