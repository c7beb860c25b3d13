import assert from 'node:assert/strict';
import {z} from 'zod';
import {ConfigError} from '../lib/errors.ts';
import {parseOptions} from '../lib/parse-options.ts';

const schema = z.object({
	mode: z.enum(['append', 'replace']).default('append'),
	count: z.int().optional(),
	token: z.string().min(10).optional().meta({secret: true}),
});
const parse = (options: unknown) => parseOptions('some-sink', schema, options);

describe('parseOptions', () => {
	it('gives the options with their defaults', () => {
		assert.deepEqual(parse({count: 1}), {mode: 'append', count: 1});
	});

	it('says which option was wrong, what was expected and what was got', () => {
		const error =
			'some-sink: option mode: expected one of "append"|"replace", got "new"; some-sink: option count: expected number, got "1"';
		assert.throws(() => parse({mode: 'new', count: '1'}), new ConfigError(error));
		assert.throws(() => parse({mode: ['x']}), /got object$/);
		assert.throws(
			() => parse({mode: 'x'.repeat(1000)}),
			({message}: Error) => message.length < 300,
		);
		assert.throws(() => parse(undefined), new ConfigError('some-sink: options: expected object, got nothing'));
	});

	it('refuses unknown options and names the known ones', () => {
		assert.throws(
			() => parse({mod: 1}),
			new ConfigError('some-sink: unknown option mod: expected one of mode, count, token'),
		);
	});

	it('says which member of an option was wrong, and which is unknown', () => {
		const nested = z.object({
			body: z.strictObject({ids: z.array(z.int()), kind: z.enum(['a'])}, 'expected ids and kind'),
		});
		const fails = (body: unknown, message: string) =>
			assert.throws(() => parseOptions('some-source', nested, {body}), new ConfigError(message));
		fails({ids: [1, 'x'], kind: 'a'}, 'some-source: option body.ids: expected number, got "x"');
		fails({ids: [], kind: 'b'}, 'some-source: option body.kind: expected "a", got "b"');
		fails({ids: [], kind: 'a', kidn: 1}, 'some-source: option body: expected ids and kind, got kidn');
	});

	it('never shows a secret', () => {
		assert.throws(
			() => parse({token: 'hunter2'}),
			({message}: Error) => !message.includes('hunter2') && /token/.test(message),
		);
	});
});
