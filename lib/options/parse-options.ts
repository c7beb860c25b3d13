import type {z} from 'zod';
import {ConfigError, type ConfigIssue} from '../model/errors.ts';

/**
 * The options as the schema gives them: checked, with defaults. Throws a ConfigError that names the option, what was
 * expected and what was got; the value of an option marked `.meta({secret: true})` is never shown.
 */
export function parseOptions<Schema extends z.ZodObject>(name: string, schema: Schema, options: unknown) {
	const result = checkOptions(schema, options);
	if ('data' in result) return result.data;
	throw ConfigError.of(
		name,
		result.issues.map(({path: _, ...issue}) => issue),
	);
}

/** What is wrong with an option, and where in the options. */
export interface OptionIssue extends ConfigIssue {
	/** The keys that lead there; of an unknown member up to itself. */
	readonly path: readonly (string | number)[];
}

/** The options as the schema gives them, or all that is wrong with them. */
export function checkOptions<Schema extends z.ZodObject>(
	schema: Schema,
	options: unknown,
): {readonly data: z.output<Schema>} | {readonly issues: readonly OptionIssue[]} {
	const result = schema.strict().safeParse(options, {reportInput: true});
	if (result.success) return {data: result.data as z.output<Schema>};
	const issues = result.error.issues.flatMap(issue => issuesOf(schema, issue));
	const isNew = ({option, expected}: OptionIssue, at: number) =>
		issues.findIndex(one => one.option === option && one.expected === expected) === at;
	return {issues: issues.filter(isNew)}; // two checks may have the same words
}

/** What was expected of which option, and what was got. */
function issuesOf(schema: z.ZodObject, issue: z.core.$ZodIssue): OptionIssue[] {
	const path = issue.path as (string | number)[];
	if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
		const expected = `one of ${Object.keys(schema.shape).join(', ')}`;
		return issue.keys.map(option => ({path: [option], option, expected, got: 'an unknown option'}));
	}
	const expected = expectation(issue);
	const option = issue.path[0];
	// all options at once: there may be secrets among them
	if (option === undefined) return [{path, expected, got: kindOf(issue.input)}];
	const secret = schema.shape[String(option)]?.meta()?.['secret'] === true;
	// a place in a list says nothing that its value does not say
	const member = issue.path.filter(key => typeof key !== 'number').join('.');
	const got = issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : shown(issue.input);
	return [{path, option: member, expected, got: secret ? 'a value that is not shown' : got}];
}

function kindOf(value: unknown): string {
	if (value === undefined) return 'nothing';
	return Array.isArray(value) ? 'list' : typeof value;
}

/** A schema's own message counts when it begins with `expected`; it may say how to go on. */
function expectation(issue: z.core.$ZodIssue): string {
	const own = /^expected (.*)$/s.exec(issue.message)?.[1];
	if (own !== undefined) return own;
	switch (issue.code) {
		case 'invalid_union':
			return ofBranches(issue.errors.flatMap(([first]) => first ?? []));
		case 'too_small':
			return bounded('at least', issue.origin, issue.minimum);
		case 'too_big':
			return bounded('at most', issue.origin, issue.maximum);
		case 'unrecognized_keys':
			return 'only known members';
		case 'invalid_format':
			return issue.pattern === undefined ? `a text of the form ${issue.format}` : `a text like ${issue.pattern}`;
		default:
			return /expected (.*?)(?:, received .*)?$/s.exec(issue.message)?.[1] ?? other;
	}
}

const other = 'another value';

/** Of a union: a branch that takes this type of value, but not this value, knows best. */
function ofBranches(issues: readonly z.core.$ZodIssue[]): string {
	const close = issues.filter(({code, path}) => code !== 'invalid_type' || path.length > 0);
	return [...new Set((close.length > 0 ? close : issues).map(expectation))].join(' or ') || other;
}

function bounded(bound: 'at least' | 'at most', origin: string, limit: number | bigint): string {
	const isOne = Number(limit) === 1;
	if (origin === 'string') {
		return bound === 'at least' && isOne ? 'a text that is not empty' : `a text of ${bound} ${limit} characters`;
	}
	if (origin === 'array' || origin === 'set') return `${bound} ${limit} ${isOne ? 'entry' : 'entries'}`;
	return `a number of ${bound} ${limit}`;
}

function shown(value: unknown): string {
	if (value === undefined) return 'nothing';
	const text = typeof value === 'function' ? 'a function' : (json(value) ?? typeof value);
	return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** Undefined for what has no JSON. */
function json(value: unknown): string | undefined {
	try {
		return JSON.stringify(value);
	} catch {
		return undefined;
	}
}
