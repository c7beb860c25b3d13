import assert from 'node:assert/strict';
import {z} from 'zod';
import {parseOptions} from '../../lib/options/parse-options.ts';

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
		assert.throws(() => parse({mode: 'new', count: '1'}), {name: 'ConfigError', message: error});
		assert.throws(() => parse({mode: ['x']}), /got \["x"\]$/);
		assert.throws(
			() => parse({mode: 'x'.repeat(1000)}),
			({message}: Error) => message.length < 300,
		);
		assert.throws(() => parse(undefined), {name: 'ConfigError', message: 'some-sink: expected object, got nothing'});
	});

	it('refuses unknown options and names the known ones', () => {
		assert.throws(() => parse({mod: 1}), {
			name: 'ConfigError',
			message: 'some-sink: option mod: expected one of mode, count, token, got an unknown option',
		});
	});

	it('says which member of an option was wrong, and which is unknown', () => {
		const nested = z.object({
			body: z.strictObject({ids: z.array(z.int()), kind: z.enum(['a'])}, 'expected ids and kind'),
		});
		const fails = (body: unknown, message: string) =>
			assert.throws(() => parseOptions('some-source', nested, {body}), {name: 'ConfigError', message});
		fails({ids: [1, 'x'], kind: 'a'}, 'some-source: option body.ids: expected number, got "x"');
		fails({ids: [], kind: 'b'}, 'some-source: option body.kind: expected "a", got "b"');
		fails({ids: [], kind: 'a', kidn: 1}, 'some-source: option body: expected ids and kind, got kidn');
	});

	it('has words of its own for what the schema has none for', () => {
		const word = z.string().min(1);
		const shape = {
			word,
			words: z.union([word, z.array(word)]),
			pair: z.array(z.int()).min(2).max(3),
			percent: z.number().min(1).max(100),
			short: z.string().max(2),
			code: z.string().regex(/^a$/),
			small: z.number().refine(given => given < 5),
			body: z.strictObject({kind: z.string().optional()}),
		};
		for (const [option, value, message] of [
			['word', '', 'expected a text that is not empty, got ""'],
			['words', '', 'expected a text that is not empty, got ""'],
			['words', 5, 'expected string or array, got 5'],
			['pair', [1], 'expected at least 2 entries, got [1]'],
			['pair', [1, 2, 3, 4], 'expected at most 3 entries, got [1,2,3,4]'],
			['percent', 0, 'expected a number of at least 1, got 0'],
			['percent', 101, 'expected a number of at most 100, got 101'],
			['short', 'abc', 'expected a text of at most 2 characters, got "abc"'],
			['code', 'b', 'expected a text like /^a$/, got "b"'],
			['small', 7, 'expected another value, got 7'],
			['body', [], 'expected object, got []'],
			['body', null, 'expected object, got null'],
			['body', {knid: 'a'}, 'expected only known members, got knid'],
			['body', () => 1, 'expected object, got a function'],
			['body', 1n, 'expected object, got bigint'],
		] as const) {
			const one = z.object({[option]: shape[option]});
			assert.throws(() => parseOptions('api', one, {[option]: value}), {
				name: 'ConfigError',
				message: `api: option ${option}: ${message}`,
			});
		}
	});

	it('says the same thing once', () => {
		const error = 'expected a name';
		const name = z.strictObject({name: z.string().optional()}, {error});
		const schema = z.object({by: name.refine(given => given.name !== undefined, {error})});
		assert.throws(() => parseOptions('api', schema, {by: {nme: 'x'}}), {
			name: 'ConfigError',
			message: 'api: option by: expected a name, got nme',
		});
	});

	it('never shows a secret', () => {
		const all = schema.refine(() => false, {error: 'expected something else'});
		assert.throws(() => parseOptions('some-sink', all, {token: 'hunter2-hunter2'}), {
			name: 'ConfigError',
			message: 'some-sink: expected something else, got object',
		});
		assert.throws(
			() => parse({token: 'hunter2'}),
			({message}: Error) => !message.includes('hunter2') && /token/.test(message),
		);
	});
});
