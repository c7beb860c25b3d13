import assert from 'node:assert/strict';
import {
	addedBehindHeads,
	checkHeads,
	findHead,
	type Findings,
	type FoundHead,
	verdict,
	verdictJson,
} from '../../../lib/cli/output/verdict.ts';
import {emptyChain} from '../../../lib/sink/manifest.ts';
import {intact as reported} from '../../support/report-page.ts';

const [first, second, third] = ['1', '2', '3'].map(digit => digit.repeat(64)) as [string, string, string];

const intact: Findings = {
	...reported,
	target: 'ndjson:/audit.ndjson',
	chain: {entries: 3, head: third},
	hashes: [first, second, third],
	parts: [{part: '', entries: 3, head: third, hashes: [first, second, third], signed: 0}],
	sources: {
		'some-source:acme': {
			events: 3,
			first: '2026-01-01T00:00:00.000Z',
			last: '2026-01-02T00:00:00.000Z',
			days: {'2026-01-01': 1, '2026-01-02': 2},
		},
	},
};

describe('the answer of verify', () => {
	it('says that all is intact, how far the chain goes and what is there', () => {
		assert.deepEqual(verdict(intact).split('\n'), [
			'intact: ndjson:/audit.ndjson',
			`  chain    3 entries, head ${third}`,
			'  written  3 events of some-source:acme, from 2026-01-01T00:00:00.000Z to 2026-01-02T00:00:00.000Z',
			'',
		]);
	});

	it('notes each part of which no head was given, where one was given of another', () => {
		const parts = [first, second].map((head, at) => ({part: `${at}`, entries: 1, head, hashes: [head], signed: 0}));
		const notes = (...heads: string[]) =>
			checkHeads(
				{...intact, parts},
				heads.map(head => ({head, from: '--state', isClosed: () => true})),
			).notes;
		assert.deepEqual(notes(first), ['no head was given of part 1: whose it is, is not known']);
		assert.deepEqual([notes(), notes(first, second)], [[], []]);
	});

	it('names each damage, and says what else there is to know', () => {
		const text = verdict({
			...intact,
			damage: [{kind: 'missing', what: 'a.json', detail: 'expected a file of 2 bytes, got none'}],
			heads: [{from: '--state', since: 1}],
			signed: 2,
			isSignatureChecked: true,
			compared: [{source: 'some-source:acme', from: '2026-01-01', to: '2026-01-02', events: 4}],
			lacks: [{from: 'A', to: 'B', events: 7, reason: 'ENOSPC'}],
			openGaps: [{source: 'some-source:acme', from: 'C', to: 'D', reason: '500'}],
			notes: ['a note'],
			uncommitted: Array.from({length: 25}, (_, n) => `file-${n}`),
		});
		assert.match(text, /^damaged: ndjson:\/audit\.ndjson: 1 finding\n {2}missing +a\.json: expected a file of 2 bytes/);
		assert.match(text, /the head of --state is on it, 1 entry before its end/);
		assert.match(verdict({...intact, heads: [{from: '--state', since: 0}]}), /head of --state is on it, at its end\n/);
		assert.match(text, /against +the API, which has 4 events of some-source:acme, from 2026-01-01 to 2026-01-02\n/);
		assert.match(text, /signed +2 of 3, checked with the key/);
		assert.match(text, /\n {2}lacks +7 events from A to B: ENOSPC\n {2}open gap: some-source:acme from C to D: 500\n/);
		assert.match(text, /note +a note/);
		assert.equal(text.match(/uncommitted file-/g)?.length, 20);
		assert.match(text, /uncommitted 5 more\n/);
		assert.match(verdict({...intact, signed: 3}), /signed +3 of 3, not checked: give --public-key-file/);
	});

	it('is one JSON object for programs, everything in it', () => {
		const {hashes: _, chain, ...rest} = intact;
		const json = JSON.parse(verdictJson({...intact, uncommitted: ['x']})) as object;
		const parts = [{part: '', entries: 3, head: third, signed: 0}];
		assert.deepEqual(json, {...rest, ...chain, intact: true, uncommitted: ['x'], parts});
		const damage = [{kind: 'added', what: 'x', detail: 'y'}] as const;
		assert.match(verdictJson({...intact, damage}), /^\{"intact":false,.*\}\n$/);
	});

	it('lets no name of a file drive the terminal or begin a line', () => {
		const name = 'a\u001b[2J\nintact: b\u202e\r';
		const text = verdict({...intact, damage: [{kind: 'added', what: name, detail: name}], uncommitted: [name]});
		assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]|^intact/m);
	});

	it('finds an expected head wherever it is on the chain', () => {
		assert.deepEqual(findHead(intact, third, '--state'), {from: '--state', since: 0, part: ''});
		assert.deepEqual(findHead(intact, first, '--state'), {from: '--state', since: 2, part: ''});
		assert.deepEqual(findHead(intact, emptyChain.head, '--state'), {from: '--state', since: 3});
		assert.deepEqual(findHead({parts: []}, emptyChain.head, '--state'), {from: '--state', since: 0});
		const lost = findHead(intact, 'f'.repeat(64), '--expect-head');
		assert.ok('damage' in lost);
		assert.deepEqual([lost.damage.kind, lost.damage.what], ['entry', 'head']);
		assert.match(lost.damage.detail, /^expected f{64} of --expect-head on the chain, got a chain without it/);
	});

	it('names each part of several, and has no head for all of them', () => {
		const parts = [first, second].map((head, n) => ({
			part: `${n}`.repeat(8),
			entries: 1,
			head,
			hashes: [head],
			signed: 0,
		}));
		const several = {...intact, chain: {entries: 2, head: ''}, parts};
		const found = findHead(several, second, '--state');
		assert.deepEqual(found, {from: '--state', since: 0, part: '11111111'});
		const text = verdict({...several, heads: [found as FoundHead]});
		assert.match(text, / chain +2 entries in 2 parts\n {2}part +00000000: 1 entry, head 1{64}\n {2}part +11111111: /);
		assert.match(text, /the head of --state is on it, at its end \(part 11111111\)/);
	});

	it('takes what lies behind heads that are the end of all parts for added', () => {
		const [one, two] = ['a', 'b'].map(part => ({part, entries: 1, head: first, hashes: [first], signed: 0}));
		const target = {...intact, parts: [one!, two!], uncommitted: ['x']};
		const at = (part: string, since = 0) => ({from: '--state', part, since});
		const found = addedBehindHeads(target, [at('a'), at('b')]);
		assert.deepEqual(
			found.map(({kind, what}) => [kind, what]),
			[['added', 'x']],
		);
		for (const heads of [[], [at('a')], [at('a'), at('b', 1)]]) assert.deepEqual(addedBehindHeads(target, heads), []);
		assert.deepEqual(addedBehindHeads({...target, parts: []}, []), []);
	});
});
