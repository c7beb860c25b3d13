import assert from 'node:assert/strict';
import fc from 'fast-check';
import {formatState, headBytes, parseState} from '../../lib/state/state-format.ts';
import type {Checkpoint} from '../../lib/state/state.ts';

const json = fc.jsonValue({depthSize: 'medium'});
const members = fc.dictionary(fc.string({unit: 'binary'}), json);
const checkpoints = fc.record(
	{
		binding: fc.dictionary(fc.string(), fc.string({unit: 'binary'})),
		sources: members,
		snapshots: members,
		sinks: members,
		journal: json,
	},
	{requiredKeys: ['binding', 'sources', 'snapshots', 'sinks']},
) as fc.Arbitrary<Checkpoint>;

const sample = {
	checkpoint: {binding: {source: 'jira'}, sources: {'jira:ä\ud800': {offset: 12}}, snapshots: {}, sinks: {}},
	version: 41,
};

describe('formatState() and parseState()', () => {
	it('give back every checkpoint', () => {
		fc.assert(
			fc.property(checkpoints, fc.integer({min: 1}), (checkpoint, version) => {
				const stored = parseState(Buffer.from(formatState({checkpoint, version})));
				assert.equal(JSON.stringify(stored), JSON.stringify({checkpoint, version}));
			}),
		);
	});

	it('write one line of JSON, whose head tells it from any other', () => {
		const text = formatState(sample);
		assert.equal(text.indexOf('\n'), text.length - 1);
		assert.equal(JSON.parse(text).version, 41);
		const end = text.indexOf('"checkpoint"');
		assert(end <= headBytes);
		assert(formatState({...sample, version: Number.MAX_SAFE_INTEGER}).indexOf('"checkpoint"') <= headBytes);
	});

	it('refuse every flipped bit', () => {
		const bytes = Buffer.from(formatState(sample));
		for (let at = 0; at < bytes.length * 8; at++) {
			const damaged = Buffer.from(bytes);
			damaged[at >> 3]! ^= 1 << (at & 7);
			assert('found' in parseState(damaged), `bit ${at}: ${damaged}`);
		}
	});

	it('refuse every truncation, and anything behind the end', () => {
		const bytes = Buffer.from(formatState(sample));
		for (let length = 0; length < bytes.length; length++) {
			assert('found' in parseState(bytes.subarray(0, length)), `${length} bytes`);
		}
		assert('found' in parseState(Buffer.concat([bytes, Buffer.from('\n')])));
		assert('found' in parseState(Buffer.concat([bytes, bytes])));
	});

	it('say what was found instead', () => {
		const text = formatState(sample);
		assert.deepEqual(parseState(Buffer.from('')), {found: 'an empty file'});
		assert.deepEqual(parseState(Buffer.from('{"id":1}\n')), {found: 'something else'});
		assert.deepEqual(parseState(Buffer.from(text.slice(0, -5))), {found: 'a truncated or altered file'});
		assert.deepEqual(parseState(Buffer.from(text.replace('12', '13'))), {found: 'a wrong checksum'});
		assert.deepEqual(parseState(Buffer.from(text.replace('"format":1', '"format":2'))), {
			found: 'format 2, which only a newer rxaudit may know',
		});
	});
});
