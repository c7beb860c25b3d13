import type {z} from 'zod';
import {ConfigError} from './errors.ts';

/**
 * The options as the schema gives them: checked, with defaults. Throws a ConfigError that names the option, what was
 * expected and what was got; the value of an option marked `.meta({secret: true})` is never shown.
 */
export function parseOptions<Schema extends z.ZodObject>(name: string, schema: Schema, options: unknown) {
	const result = schema.strict().safeParse(options, {reportInput: true});
	if (result.success) return result.data as z.output<Schema>;
	throw new ConfigError(result.error.issues.map(issue => `${name}: ${complaint(schema, issue)}`).join('; '));
}

/** A schema's own message counts when it begins with `expected`; it may say how to go on. */
function complaint(schema: z.ZodObject, issue: z.core.$ZodIssue): string {
	if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
		return `unknown option ${issue.keys.join(', ')}: expected one of ${Object.keys(schema.shape).join(', ')}`;
	}
	const expected = /expected (.*?)(?:, received .*)?$/s.exec(issue.message)?.[1] ?? issue.message;
	const option = issue.path[0];
	if (option === undefined) return `options: expected ${expected}, got ${shown(issue.input)}`;
	const secret = schema.shape[String(option)]?.meta()?.['secret'] === true;
	// a place in a list says nothing that its value does not say
	const member = issue.path.filter(key => typeof key !== 'number').join('.');
	const got = issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : shown(issue.input);
	return `option ${member}: expected ${expected}, got ${secret ? 'a value that is not shown' : got}`;
}

function shown(value: unknown): string {
	if (value === undefined) return 'nothing';
	const text = typeof value === 'object' || typeof value === 'function' ? typeof value : JSON.stringify(value);
	return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
