import {z} from 'zod';

/** What a switch can be set to. Each may be left out, and says what it does. */

export function yesOrNo(does: string) {
	return z.boolean().exactOptional().describe(does);
}

export function oneOf<const Names extends readonly string[]>(names: Names, does: string) {
	return z.enum(names).exactOptional().describe(does);
}

export function wholeFrom(min: number, does: string, max = Number.MAX_SAFE_INTEGER) {
	return z.number().int().min(min).max(max).exactOptional().describe(does);
}

/** A text for which `isRight` holds: `expected` says what that is. */
export function textLike(expected: string, isRight: (text: string) => boolean, does: string) {
	return z
		.string()
		.refine(isRight, {error: `expected ${expected}`})
		.exactOptional()
		.describe(does);
}

export function isPath(text: string): boolean {
	return /^(\/[\w.~-]+)*$/.test(text);
}
