import {z} from 'zod';
import {recordTime} from '../lib/options/time.ts';

const text = z.string({error: 'expected a text or null'}).nullish();
const id = z.number({error: 'expected a number or null'}).int({error: 'expected a whole number or null'}).nullish();
const authorType = word('USER', 'APPLICATION', 'SYSTEM', 'PLUGIN', 'SYNCHRONIZATION', 'DATA_IMPORT', 'OTHER');
const entityType = word('APPLICATION', 'DIRECTORY', 'USER', 'GROUP', 'CONFIGURATION', 'RESTORE', 'OTHER');
const names = {id, name: text, displayName: text, originalName: text, subtype: text};

const author = object('an author like {"name": "admin", "type": "USER"}', {...names, type: authorType}).refine(
	given => [given.id, given.name, given.type].some(isGiven),
	{error: 'expected an author like {"name": "admin", "type": "USER"}'},
);
const entity = object('an entity like {"name": "jira", "type": "APPLICATION", "primary": true}', {
	...names,
	type: entityType,
	primary: z.boolean({error: 'expected true, false or null'}).nullish(),
});
const entry = object('an entry like {"propertyName": "Email", "oldValue": null, "newValue": "a@example.com"}', {
	propertyName: text,
	oldValue: text,
	newValue: text,
});

/** A changeset to be stored, as the document has it. The server takes more than it says, and keeps it for good. */
export const newChangeset = object('a changeset like {"eventType": "USER_UPDATED", "author": {"name": "admin"}}', {
	// the document's own example has one, though the server gives another
	id,
	timestamp: z
		.string({error: 'expected a time like 2017-04-26T00:00:00.000+0300'})
		.refine(isCrowdTime, {error: 'expected a time like 2017-04-26T00:00:00.000+0300'})
		.nullish(),
	author: author.nullish(),
	authorType,
	authorId: id,
	authorName: text,
	eventType: z
		.string({error: 'expected an eventType like USER_UPDATED'})
		.regex(/^[A-Z][A-Z0-9_]*$/, {error: 'expected an eventType like USER_UPDATED'}),
	entityType,
	entityId: id,
	entityName: text,
	entities: z.array(entity, {error: 'expected a list of entities'}).nullish(),
	ipAddress: text,
	eventMessage: text,
	source: word('MANUAL', 'SYNCHRONIZATION', 'DATA_IMPORT'),
	entries: z.array(entry, {error: 'expected a list of entries'}).nullish(),
}).refine(given => isGiven(given.author) || isGiven(given.authorType), {
	error: 'expected an author like {"name": "admin", "type": "USER"}',
});

/** No member that the document does not have: misspelt, it would be lost, or refused by the server. */
function object<Shape extends z.ZodRawShape>(expected: string, shape: Shape) {
	return z.strictObject(shape, {
		error: ({code}) =>
			`expected ${code === 'unrecognized_keys' ? `some of ${Object.keys(shape).join(', ')}` : expected}`,
	});
}

function word<const Words extends readonly [string, ...string[]]>(...words: Words) {
	return z.enum(words, {error: `expected one of ${words.join(', ')}`}).nullish();
}

/** Whether the server takes `Z` is not known. */
function isCrowdTime(text: string): boolean {
	return /\.\d{3}[+-]\d{4}$/.test(text) && recordTime(text) !== undefined;
}

function isGiven(value: unknown): boolean {
	return value !== undefined && value !== null && value !== '';
}
