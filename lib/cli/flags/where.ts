import {ConfigError} from '../../model/errors.ts';
import {ExactNumber} from '../../sink/exact-numbers.ts';

/** A test for `MEMBER=VALUE`: the member is dotted, a list matches when one of its values does. */
export function parseWhere(text: string): (event: unknown) => boolean {
	const at = text.indexOf('=');
	if (at < 1) throw new ConfigError(`--where: expected MEMBER=VALUE, got no ${at < 0 ? '=' : 'member'}`);
	const path = text.slice(0, at).split('.');
	const expected = text.slice(at + 1);
	return event => matches(event, path, expected);
}

function matches(value: unknown, path: readonly string[], expected: string): boolean {
	if (Array.isArray(value) && !(path.length > 0 && Object.hasOwn(value, path[0]!))) {
		return value.some(item => matches(item, path, expected));
	}
	const [key, ...rest] = path;
	if (key === undefined)
		return typeof value !== 'object' || value instanceof ExactNumber
			? `${value as string | number | boolean | undefined}` === expected
			: value === null && expected === 'null';
	if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
	return matches((value as Record<string, unknown>)[key], rest, expected);
}
