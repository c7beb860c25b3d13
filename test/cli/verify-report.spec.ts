import assert from 'node:assert/strict';
import {findHead, type Findings, verdict, verdictJson} from '../../lib/cli/verify-report.ts';
import {emptyChain} from '../../lib/manifest.ts';

const [first, second, third] = ['1', '2', '3'].map(digit => digit.repeat(64)) as [string, string, string];

const intact: Findings = {
	target: 'ndjson:/audit.ndjson',
	damage: [],
	uncommitted: [],
	chain: {entries: 3, head: third},
	hashes: [first, second, third],
	signed: 0,
	parts: [{part: '', entries: 3, head: third, hashes: [first, second, third], signed: 0}],
	isSignatureChecked: false,
	heads: [],
	compared: [],
	notes: [],
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

	it('names each damage, and says what else there is to know', () => {
		const text = verdict({
			...intact,
			damage: [{kind: 'missing', what: 'a.json', detail: 'expected a file of 2 bytes, got none'}],
			heads: [{from: '--state', since: 1}],
			signed: 2,
			isSignatureChecked: true,
			compared: [{source: 'some-source:acme', from: '2026-01-01', to: '2026-01-02', events: 4}],
			notes: ['a note'],
			uncommitted: Array.from({length: 25}, (_, n) => `file-${n}`),
		});
		assert.match(text, /^damaged: ndjson:\/audit\.ndjson: 1 finding\n {2}missing +a\.json: expected a file of 2 bytes/);
		assert.match(text, /the head of --state is on it, 1 entry before its end/);
		assert.match(verdict({...intact, heads: [{from: '--state', since: 0}]}), /head of --state is on it, at its end\n/);
		assert.match(text, /against +the API, which has 4 events of some-source:acme, from 2026-01-01 to 2026-01-02\n/);
		assert.match(text, /signed +2 of 3, checked with the key/);
		assert.match(text, /note +a note/);
		assert.equal(text.match(/uncommitted file-/g)?.length, 20);
		assert.match(text, /uncommitted 5 more\n/);
		assert.match(verdict({...intact, signed: 3}), /signed +3 of 3, not checked: give --public-key-file/);
	});

	it('is one JSON object for programs, everything in it', () => {
		const {hashes: _, chain, ...rest} = intact;
		const json = JSON.parse(verdictJson({...intact, uncommitted: ['x']})) as object;
		assert.deepEqual(json, {...rest, ...chain, intact: true, uncommitted: ['x']});
		const damage = [{kind: 'added', what: 'x', detail: 'y'}] as const;
		assert.match(verdictJson({...intact, damage}), /^\{"intact":false,.*\}\n$/);
	});

	it('lets no name of a file drive the terminal or begin a line', () => {
		const name = 'a\u001b[2J\nintact: b\u202e\r';
		const text = verdict({...intact, damage: [{kind: 'added', what: name, detail: name}], uncommitted: [name]});
		assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]|^intact/m);
	});

	it('finds an expected head wherever it is on the chain', () => {
		assert.deepEqual(findHead(intact, third, '--state'), {from: '--state', since: 0});
		assert.deepEqual(findHead(intact, first, '--state'), {from: '--state', since: 2});
		assert.deepEqual(findHead(intact, emptyChain.head, '--state'), {from: '--state', since: 3});
		assert.deepEqual(findHead({hashes: []}, emptyChain.head, '--state'), {from: '--state', since: 0});
		const lost = findHead(intact, 'f'.repeat(64), '--expect-head');
		assert.ok('damage' in lost);
		assert.deepEqual([lost.damage.kind, lost.damage.what], ['entry', 'head']);
		assert.match(lost.damage.detail, /^expected f{64} of --expect-head on the chain, got a chain without it/);
	});
});
