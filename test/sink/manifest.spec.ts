import assert from 'node:assert/strict';
import {createHash, generateKeyPairSync, verify} from 'node:crypto';
import fc from 'fast-check';
import {
	addTally,
	type Chain,
	chainIn,
	emptyChain,
	type EntryContent,
	openEntry,
	sealEntry,
	signer,
	Tally,
} from '../../lib/sink/manifest.ts';
import {batchOf} from '../../lib/testing/sink-batch.ts';

const content: EntryContent = {sources: {}, range: {from: 0, to: 10, sha256: 'a'.repeat(64)}};

const someText = fc.string({unit: 'binary'});
const someContent: fc.Arbitrary<EntryContent> = fc.record(
	{
		sources: fc.constant({}),
		files: fc.array(fc.record({path: someText, bytes: fc.nat(), sha256: someText, more: fc.json()})),
		superseded: fc.array(someText),
	},
	{requiredKeys: ['sources']},
);

function sealAll(contents: readonly EntryContent[], sign?: (text: string) => string) {
	let chain: Chain = emptyChain;
	return contents.map(one => {
		const sealed = sealEntry(chain, one, sign);
		({chain} = sealed);
		return sealed;
	});
}

describe('manifest', () => {
	it('gives an equal line for equal content, and reads what it wrote, whatever is in it', () => {
		fc.assert(
			fc.property(fc.array(someContent, {maxLength: 4}), contents => {
				let chain: Chain = emptyChain;
				assert.deepEqual(sealAll(contents), sealAll(contents));
				for (const [index, {line, chain: after}] of sealAll(contents).entries()) {
					assert.doesNotMatch(line, /\n/);
					const opened = openEntry(line, chain);
					assert.ok('entry' in opened);
					assert.equal(opened.problem, undefined);
					const entry = {entry: index, previous: chain.head, ...contents[index]};
					assert.equal(JSON.stringify(opened.entry), JSON.stringify(entry));
					assert.equal(after.head, createHash('sha256').update(JSON.stringify(entry)).digest('hex'));
					assert.deepEqual(opened.chain, after);
					({chain} = opened);
				}
			}),
		);
	});

	it('says of a line that is not what was written that it is not, and never throws', () => {
		const {line} = sealEntry(emptyChain, content);
		const sealed = JSON.parse(line) as object;
		for (const wrong of [
			'',
			'null',
			'[]',
			'{}',
			line.slice(0, -1),
			` ${line}`,
			line.replace('"to":10', '"to":11'),
			line.replace('{"entry":{', '{"entry":{"sources":null,'),
			JSON.stringify({...sealed, more: 1}),
			JSON.stringify({hash: 'x', ...sealed}),
			'{"entry":{"entry":0,"previous":"","sources":{"a:b":null}},"hash":""}',
			'{"entry":{"entry":0,"previous":"","sources":{},"files":[null]},"hash":""}',
			'{"entry":{"entry":0,"previous":"","sources":{},"range":{"from":-1,"to":0,"sha256":""}},"hash":""}',
		]) {
			assert.deepEqual(openEntry(wrong, emptyChain), {problem: 'the entry is not what was written'}, wrong);
		}
	});

	it('says of an entry in another place that it does not follow, and what it says all the same', () => {
		const [first, second, third] = sealAll([content, content, content]);
		for (const [line, chain] of [
			[second!.line, emptyChain],
			[third!.line, first!.chain],
			[first!.line, first!.chain],
			[sealEntry({entries: 1, head: 'f'.repeat(64)}, content).line, first!.chain],
		] as const) {
			const opened = openEntry(line, chain);
			assert.ok('entry' in opened);
			assert.match(opened.problem!, /does not follow the one before it/);
		}
	});

	it('signs entries so that nobody else can, and takes no signature made for something else', () => {
		const key = generateKeyPairSync('ed25519');
		const other = generateKeyPairSync('ed25519');
		const sign = signer(key.privateKey);
		const {line, chain} = sealEntry(emptyChain, content, sign);
		const problem = (text: string, publicKey = key.publicKey) => openEntry(text, emptyChain, publicKey).problem;
		assert.equal(problem(line), undefined);
		assert.match(problem(line, other.publicKey)!, /not of this key/);
		assert.match(problem(sealEntry(emptyChain, content).line)!, /not signed/);
		assert.match(problem(sealEntry(emptyChain, content, () => sign(chain.head)).line)!, /not of this key/);
		assert.match(problem(sealEntry(emptyChain, content, text => `${sign(text)}!`).line)!, /not of this key/);
		const {hash, signature} = JSON.parse(line) as {hash: string; signature: string};
		const text = Buffer.from(`rxaudit manifest entry ${hash}`);
		assert.ok(verify(null, text, key.publicKey, Buffer.from(signature, 'base64')), 'as openssl would');
		const opened = [line, sealEntry(emptyChain, content).line].map(one => openEntry(one, emptyChain));
		assert.deepEqual(
			opened.map(one => 'entry' in one && one.isSigned),
			[true, false],
		);
	});

	it('counts events by source and by day in UTC, and begins anew when it was taken', () => {
		const instants = fc.date({noInvalidDate: true, min: new Date(-1e14), max: new Date(1e15)});
		const dates = fc.array(instants, {minLength: 1});
		fc.assert(
			fc.property(dates, dates, (one, two) => {
				const tally = new Tally();
				const batches = [one, two].map(some => batchOf(some.map((date, n) => ({id: String(n), timeMs: +date}))));
				for (const batch of batches) tally.add(batch);
				tally.add(batchOf([]));
				tally.add({...batches[0]!, source: {name: 'n', tenant: 't', ids: 'global'}});
				const taken = tally.take();
				assert.deepEqual(taken['n:t'], expected(one));
				assert.deepEqual(taken['some-source:some-tenant'], expected([...one, ...two]));
				assert.deepEqual(tally.take(), {});
				assert.deepEqual(
					addTally(addTally(undefined, expected(one)), expected(two)).days,
					expected([...one, ...two]).days,
				);
			}),
		);
		function expected(some: readonly Date[]) {
			const sorted = some.toSorted((a, b) => +a - +b);
			const days: Record<string, number> = {};
			for (const day of sorted.map(date => date.toISOString().split('T')[0]!)) days[day] = (days[day] ?? 0) + 1;
			return {events: some.length, first: sorted[0]!.toISOString(), last: sorted.at(-1)!.toISOString(), days};
		}
	});

	it('adds tallies', () => {
		const january = {events: 2, first: '2026-01-01T00:00:00.000Z', last: '2026-01-02T00:00:00.000Z'};
		const one = {...january, days: {'2026-01-01': 1, '2026-01-02': 1}};
		const two = {...january, last: '2026-01-03T00:00:00.000Z', days: {'2026-01-02': 1, '2026-01-03': 1}};
		const days = {'2026-01-01': 1, '2026-01-02': 2, '2026-01-03': 1};
		assert.deepEqual(addTally(one, two), {events: 4, first: one.first, last: two.last, days});
		assert.deepEqual(addTally(two, one), addTally(one, two));
	});

	it('finds the chain in what a sink returned', () => {
		assert.deepEqual(chainIn({chain: emptyChain, bytes: 1}), emptyChain);
		for (const other of [undefined, null, {}, {chain: null}, {chain: {head: 1}}, {chain: {head: 'x'}}, 'x', []]) {
			assert.equal(chainIn(other), undefined);
		}
	});
});
