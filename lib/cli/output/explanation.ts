import {excerpt} from '../../http/secrets.ts';

/** More of a value is not shown. */
const maxShown = 120;

/**
 * A line for each member of an event: its path, its value, and what it is made from by `origins`, which is keyed by paths
 * without the numbers of list items. What a terminal would obey is escaped.
 */
export function explanation(event: object, origins: Readonly<Record<string, string>>): string {
	const rows: (readonly [path: string, value: string, origin: string])[] = [];
	const walk = (value: unknown, shown: string, path: string): void => {
		const origin = Object.hasOwn(origins, path) ? origins[path] : undefined;
		if (origin === undefined && Array.isArray(value)) {
			value.forEach((item, index) => walk(item, `${shown}[${index}]`, path));
		} else if (origin === undefined && typeof value === 'object' && value !== null) {
			for (const [key, member] of Object.entries(value)) {
				walk(member, (shown && `${shown}.${key}`) || key, (path && `${path}.${key}`) || key);
			}
		} else {
			rows.push([excerpt(shown), excerpt(JSON.stringify(value), maxShown), origin ?? 'the record']);
		}
	};
	walk(event, '', '');
	const width = Math.max(0, ...rows.map(([path]) => path.length));
	return rows
		.map(([path, value, origin]) => `  ${path.padEnd(width)}  ${value}\n  ${' '.repeat(width)}    ← ${origin}\n`)
		.join('');
}
