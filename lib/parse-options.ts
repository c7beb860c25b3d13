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
	if (issue.code === 'unrecognized_keys') {
		return `unknown option ${issue.keys.join(', ')}: expected one of ${Object.keys(schema.shape).join(', ')}`;
	}
	const option = String(issue.path[0] ?? '');
	const expected = /expected (.*?)(?:, received .*)?$/s.exec(issue.message)?.[1] ?? issue.message;
	return `option ${option || 'list'}: expected ${expected}, got ${shown(schema, option, issue.input)}`;
}

function shown(schema: z.ZodObject, option: string, value: unknown): string {
	if (value === undefined) return 'nothing';
	if ((schema.shape[option] as z.ZodType | undefined)?.meta()?.['secret'] === true) return 'a value that is not shown';
	const text = typeof value === 'object' || typeof value === 'function' ? typeof value : JSON.stringify(value);
	return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
