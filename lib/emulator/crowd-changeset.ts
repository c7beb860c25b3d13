import {changeset, crowdObject} from './crowd-records.ts';
import {type Members, parseObject} from './parse-object.ts';
import {hole} from './record-template.ts';
import type {ZoneTime} from './zone-time.ts';

export interface NewChangeset {
	/** Undefined: now. */
	readonly timeMs: number | undefined;
	readonly record: object;
}

/**
 * The changeset that a client stores, or what is wrong with it. The server gives the id, so a changeset that is sent
 * again is stored again. Deprecated flat members become an author and a primary entity.
 */
export function newChangeset(body: string, zone: ZoneTime): NewChangeset | string {
	const given = parseObject(body);
	if (!given) return 'Expected a JSON object';
	const {timestamp, authorType, authorId, authorName, entityType, entityId, entityName, ...rest} = given;
	const author = rest['author'] ?? (authorType == null ? null : objectOf(authorType, authorId, authorName));
	if (author === null) return 'Author not set';
	if (rest['eventType'] == null) return 'Event type not set';
	const timeMs = timestamp == null ? undefined : zone.parse(timestamp);
	if (timestamp != null && timeMs === undefined) return `Cannot parse timestamp ${JSON.stringify(timestamp)}`;
	const primary = entityType == null ? [] : [{...objectOf(entityType, entityId, entityName), primary: true}];
	const record = changeset({
		...rest,
		id: hole.id,
		author,
		entities: rest['entities'] ?? primary,
		entries: rest['entries'] ?? [],
		source: rest['source'] ?? 'MANUAL',
	} satisfies Members);
	return {timeMs, record};
}

function objectOf(type: unknown, id: unknown, name: unknown): object {
	return crowdObject(String(type), typeof id === 'number' ? id : null, typeof name === 'string' ? name : null);
}
