import assert from 'node:assert/strict';
import fc from 'fast-check';
import {PhraseAutomaton} from '../../lib/redaction/phrase-automaton.ts';

const tokens = fc.array(fc.constantFrom('a', 'b', ' ', 'word'), {minLength: 1, maxLength: 6});

describe('PhraseAutomaton', () => {
	it('finds the longest phrase that ends at each token', () => {
		fc.assert(
			fc.property(fc.array(tokens, {maxLength: 8}), fc.array(tokens, {maxLength: 6}), (phrases, parts) => {
				const text = parts.flat();
				const automaton = new PhraseAutomaton();
				for (const phrase of phrases) automaton.add(phrase, phrase.join('|'));
				const expected = text.flatMap((_, last) => {
					const read = text.slice(0, last + 1);
					const ending = phrases.filter(phrase => read.slice(-phrase.length).join('|') === phrase.join('|'));
					const [longest] = ending.sort((one, other) => other.join('').length - one.join('').length);
					const end = read.join('').length;
					return longest ? [{start: end - longest.join('').length, end, value: longest.join('|')}] : [];
				});
				for (let time = 0; time < 2; time++) assert.deepEqual(automaton.find(text), expected);
			}),
		);
	});

	it('takes time by the length of the text, however much of a phrase is in it', () => {
		const automaton = new PhraseAutomaton();
		const many = Array.from({length: 100_000}, () => 'a');
		automaton.add([...many, 'b'], 'x');
		for (let length = 1; length < 200; length++) automaton.add([...many.slice(0, length), 'c'], String(length));
		const started = process.cpuUsage();
		assert.deepEqual(automaton.find([...many, ...many]), []);
		assert.equal(automaton.find([...many, ...many, 'b'])[0]?.value, 'x');
		assert.ok(process.cpuUsage(started).user < 5_000_000);
	});
});
