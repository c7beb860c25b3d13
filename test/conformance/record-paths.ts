/** A JSON object whose members are not known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The paths of a record's leaves, or of all that is in it: `a.b`, and `a[].b` for each object of a list. */
export function pathsOf(value: unknown, which: 'leaves' | 'all', path = ''): string[] {
	if (typeof value !== 'object' || value === null) return [path];
	const inner = Array.isArray(value)
		? value.flatMap(one => pathsOf(one, which, `${path}[]`))
		: Object.entries(value).flatMap(([key, one]) => pathsOf(one, which, path ? `${path}.${key}` : key));
	return which === 'all' && path ? [path, ...inner] : inner;
}

/** Whether a path is this one or lies below it. */
export function isBelow(path: string, above: string): boolean {
	return path === above || path.startsWith(`${above}.`) || path.startsWith(`${above}[]`);
}

/** The same without what is at these paths or below them; a list keeps its length. */
export function without(value: unknown, gone: readonly string[], path = ''): unknown {
	if (typeof value !== 'object' || value === null) return value;
	if (Array.isArray(value)) return value.map(one => without(one, gone, `${path}[]`));
	return Object.fromEntries(
		Object.entries(value).flatMap(([key, one]) => {
			const inner = path ? `${path}.${key}` : key;
			return gone.some(above => isBelow(inner, above)) ? [] : [[key, without(one, gone, inner)]];
		}),
	);
}

/** The texts at a path like `targets.type`, those of all objects of a list, in an order that does not depend on theirs. */
export function textsAt(value: unknown, path: string): string[] {
	let found = [value];
	for (const key of path.split('.')) found = found.flat().map(one => (one as JsonObject | undefined)?.[key]);
	return found
		.flat()
		.filter(one => one !== undefined)
		.map(String)
		.sort();
}
