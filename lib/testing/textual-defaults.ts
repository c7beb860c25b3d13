import assert from 'node:assert/strict';
import type {z} from 'zod';

/** Fails where a default cannot be written on a command line. */
export function assertTextualDefaults({shape}: z.ZodObject): void {
	for (const [name, option] of Object.entries(shape) as [string, z.ZodType][]) {
		const value = option.safeParse(undefined).data as string | number | boolean | undefined;
		if (value === undefined) continue;
		assert.deepEqual(option.safeParse(String(value)).data, value, `${name}: ${value} as text`);
	}
}
