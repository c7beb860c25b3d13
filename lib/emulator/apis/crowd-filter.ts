import {changeset, type CrowdFacts} from './crowd-records.ts';

const projections = ['AUTHOR', 'USER', 'GROUP', 'APPLICATION', 'DIRECTORY'] as const;

/** What filter values can be asked for. The vendor does not list the names. */
export type Projection = (typeof projections)[number];

export function isProjection(name: string | null): name is Projection {
	return projections.some(one => one === name);
}

/**
 * The different authors or entities of changesets whose names begin with `search`, ascending by name: changesets of
 * which only the deprecated flat members are filled.
 */
export function filterValues(facts: readonly CrowdFacts[], projection: Projection, search: string): readonly object[] {
	const prefix = search.toLowerCase();
	const found = new Map<string, {name: string; value: object}>();
	for (const {author, entities} of new Set(facts)) {
		const objects = projection === 'AUTHOR' ? [author] : entities.filter(({type}) => type === projection);
		for (const {id, name, type} of objects) {
			if (!(name ?? '').toLowerCase().startsWith(prefix)) continue;
			const flat =
				projection === 'AUTHOR'
					? {authorType: type, authorId: id, authorName: name}
					: {entityType: type, entityId: id, entityName: name};
			const value = changeset({id: null, timestamp: null, ...flat});
			found.set(JSON.stringify(flat), {name: name ?? '', value});
		}
	}
	return [...found.entries()]
		.sort(([a, one], [b, other]) => order(one.name, other.name) || order(a, b))
		.map(([, {value}]) => value);
}

function order(one: string, other: string): number {
	return one < other ? -1 : one > other ? 1 : 0;
}
