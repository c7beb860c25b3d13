import assert from 'node:assert/strict';
import fc from 'fast-check';
import {exactly, ExactNumber} from '../../lib/sink/exact-numbers.ts';

const recordOf = (raw: string) => ({raw, text: Buffer.from(raw), value: JSON.parse(raw) as unknown});

describe('exactly', () => {
	it('gives numbers as the record spells them', () => {
		const record = recordOf(
			'{"a":9007199254740993,"b":[1.0,-0,1e400,2.5,7],"c":"9007199254740993, \\"1.0","__proto__":1.50}',
		);
		const event = exactly(record.value, record) as {a: unknown; b: unknown[]; c: unknown};
		assert.deepEqual([event.a, ...event.b, event.c].map(String), [
			'9007199254740993',
			'1.0',
			'-0',
			'1e400',
			'2.5',
			'7',
			'9007199254740993, "1.0',
		]);
		assert.ok(event.a instanceof ExactNumber && Object.hasOwn(event, '__proto__'));
		assert.equal(typeof event.b[3], 'number');
		assert.equal(JSON.stringify(event.a), '"9007199254740993"');
	});

	it('leaves what is another event, and what loses nothing, as it is', () => {
		const record = recordOf('{"a":12.5,"time":"10.0.0.1","b":[0,-1,1234567890123456]}');
		assert.equal(exactly(record.value, record), record.value);
		const made = {made: 'by an operator'};
		assert.equal(exactly(made, recordOf('{"a":9007199254740993}')), made);
	});

	it('changes nothing but numbers, whatever the record', () => {
		fc.assert(
			fc.property(fc.json({maxDepth: 4}), text => {
				const record = recordOf(text);
				assert.deepEqual(
					JSON.parse(JSON.stringify(exactly(record.value, record)), numberless),
					JSON.parse(text, numberless),
				);
			}),
		);
	});
});

/** A number, or its digits as text, as one word. */
function numberless(_: string, value: unknown): unknown {
	return typeof value === 'number' || (typeof value === 'string' && /^-?\d[\d.eE+-]*$/.test(value)) ? 'number' : value;
}
