import {ConfigError} from '../../lib/model/errors.ts';

/** One column: its name in the header, and the member of the event that it holds, step by step. */
export interface Column {
	readonly header: string;
	readonly path: readonly string[];
}

/** The columns of the common record. Their names and order are a promise: spreadsheets and tables are built on them. */
export const commonColumns =
	'id,time,source,tenant,action,activity,category,message,outcome,actor.id,actor.name,actor.email,actor.type,' +
	'origin.ip,origin.ips,origin.geo.country,origin.geo.region,origin.geo.city,targets.name,targets,changes,raw';

/** The columns that `member,header=member,…` stands for. Throws a ConfigError when a database could not take them. */
export function parseColumns(text: string): Column[] {
	const columns = text.split(',').map(part => {
		const [, header, member] = /^(?:(.*)=)?(.*)$/s.exec(part)!.map(side => side?.trim());
		const path = member!.split('.');
		if (header === '' || path.includes('')) {
			throw new ConfigError(`csv: option columns: expected member or header=member, got ${JSON.stringify(part)}`);
		}
		return {header: header ?? member!, path};
	});
	const headers = columns.map(({header}) => header);
	const twice = headers.find((header, index) => headers.indexOf(header) !== index);
	if (twice === undefined) return columns;
	throw new ConfigError(`csv: option columns: expected names that differ, got ${JSON.stringify(twice)} twice`);
}

/** The same columns as text, so that a state knows them again however they were spaced. */
export function formatColumns(columns: readonly Column[]): string {
	return columns
		.map(({header, path}) => (header === path.join('.') ? header : `${header}=${path.join('.')}`))
		.join(',');
}

/** The member at the end of the path; behind a list those of all its items, without the absent ones. */
export function memberAt(value: unknown, path: readonly string[], depth = 0): unknown {
	for (let member = value; ; depth++) {
		if (depth === path.length) return member;
		if (typeof member !== 'object' || member === null) return undefined;
		if (Object.hasOwn(member, path[depth]!)) member = (member as Record<string, unknown>)[path[depth]!];
		else if (Array.isArray(member)) return member.flatMap(item => memberAt(item, path, depth) ?? []);
		else return undefined;
	}
}
