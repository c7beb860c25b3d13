import {z} from 'zod';
import {activities, type Activity} from '../../lib/model/activity.ts';
import {startEmulator} from './emulator.ts';
import {auditEvent} from '../../lib/model/event.ts';
import {type MappedRecord, mapRecord} from '../../lib/source/common-record.ts';
import {apiSources} from './api-sources.ts';
import {ecsCategories} from '../../lib/schemas/ecs-categories.ts';
import {ecsOrigins} from '../../lib/schemas/ecs-origins.ts';
import {toEcs} from '../../lib/schemas/ecs.ts';
import {ocsfKind} from '../../lib/schemas/ocsf-classes.ts';
import {ocsfOrigins} from '../../lib/schemas/ocsf-origins.ts';
import {toOcsf} from '../../lib/schemas/ocsf.ts';
import type {Source} from '../../lib/source/define-source.ts';
import {loadApis} from '../../lib/emulator/index.ts';
import {commonActions} from '../../sources/_actions.ts';

/** The tables of docs/, from the code that they are about: file by file, as they must be. */
export async function formatDocs(): Promise<Readonly<Record<string, string>>> {
	const sources = apiSources;
	return {
		'docs/audit-event.schema.json': `${JSON.stringify(z.toJSONSchema(auditEvent), undefined, '\t')}\n`,
		'docs/mapping.md': mappingDoc(sources),
		'docs/examples.md': await examplesDoc(sources),
	};
}

function mappingDoc(sources: readonly Source[]): string {
	return `# How records are mapped

Made from the code by \`npm run docs\`; a test compares. \`rxaudit explain EVENT.json --source NAME\` shows the same for one
record.

## The common record

\`--format audit\`, and \`normalize()\` in the library. Its JSON Schema is
[audit-event.schema.json](audit-event.schema.json), in the package as \`rxaudit/audit-event.schema.json\`. What an API does
not say is absent: there is no null, no \`""\` and no empty list.

${table(['member', 'what it is'], membersOf(z.toJSONSchema(auditEvent), ''))}

## Activities

What was done, in the same words for all APIs. Each source says which of its actions is which; ECS and OCSF are made from
the activity alone, so a new source is a table of its own and nothing else. An action that no rule knows has no activity;
it is counted, and named in the summary of the run.

${table(
	['activity', 'what it is', 'ECS category / type', 'OCSF class, activity, severity'],
	[
		...Object.entries(activities).map(([name, said]) => [code(name), said, ...schemaCells(name as Activity)]),
		['none', 'no rule knows the action', ...schemaCells(undefined)],
	],
)}

Granted and revoked: the first is said of users, the second of groups, the third of neither. No API says how severe an
event is: OCSF's severity is rxaudit's own judgement, above Informational only where somebody who watches for attacks
wants to be told.

## Sources

\`data-center-log-files\` reads the records of the source of its product: a line says the same in another form.

${sources.map(sourceSection).join('\n')}
## Common actions

The products of Atlassian name what was done in a few hundred keys and texts that are made of the same words, so one table
is over all of them: \`jira.auditing.user.added.to.group\`, \`user_added_to_group\` and \`User added to group\` are \`user added to
group\`. \`*\` stands for any text; the exact one wins, else the first. Where nothing but a rule for all else
(\`product-activity\`) has met an action, it counts as one that no rule knows.

${table(
	['action, in words', 'activity'],
	Object.entries(commonActions).map(([words, activity]) => [code(words), code(activity)]),
)}

## ECS

Elastic Common Schema 9.4.0, \`--format ecs\`. Below \`atlassian\` is what ECS has no field for; nothing else is outside of
ECS. Of several users and groups the first is in \`user.target\` and \`group\`, and all users are in \`related.user\`. There is no
\`event.ingested\`: a record that is read again gives the same bytes.

${table(
	['member', 'made from'],
	Object.entries(ecsOrigins).map(([path, from]) => [code(path), from]),
)}

## OCSF

Open Cybersecurity Schema Framework 1.8.0, \`--format ocsf\`. Below \`unmapped\` is what the class has no attribute for, in
the words of the common record. Of several users the first is \`user\`, and all are in \`unmapped.targets\`.
What a class requires and a record does not name is \`Unknown\`.

${table(
	['attribute', 'made from'],
	Object.entries(ocsfOrigins).map(([path, from]) => [code(path), from]),
)}
`;
}

function sourceSection({name, records: {origins, actions, product}}: Source): string {
	const own = Object.entries(actions ?? {}).filter(([action]) => !Object.hasOwn(commonActions, action));
	const rules = own.map(([action, activity]) => [code(action), code(activity)]);
	const isShared = Object.keys(commonActions).every(action => Object.hasOwn(actions ?? {}, action));
	return `### ${name}

Product: ${product!.vendor} ${product!.name}.

${table(
	['member', 'from'],
	Object.entries(origins).map(([path, {says}]) => [code(path), says]),
)}
${rules.length === 0 ? '' : `\n${table(['action', 'activity'], rules)}\n`}${isShared ? '\nThe others: [common actions](#common-actions).\n' : ''}`;
}

function schemaCells(activity: Activity | undefined): string[] {
	const to = [[{type: 'user'}], [{type: 'group'}], []];
	const kinds = to.map(targets => ocsfKind({...(activity ? {activity} : {}), targets}));
	const ecs = to.map(targets => ecsCategories(activity, targets));
	return [
		once(ecs.map(({category, type}) => `${category.join(', ')} / ${type.join(', ')}`)),
		once(
			kinds.map(
				({class_name, activity_name, type_uid, severity}) =>
					`${type_uid}: ${class_name}, ${activity_name}, ${severity.severity}`,
			),
		),
	];
}

function once(cells: readonly string[]): string {
	return [...new Set(cells)].join('; ');
}

function membersOf(schema: z.core.JSONSchema.BaseSchema, path: string): string[][] {
	return Object.entries(schema.properties ?? {}).flatMap(([name, given]) => {
		const member = given as z.core.JSONSchema.BaseSchema;
		const inner = (member.items ?? member) as z.core.JSONSchema.BaseSchema;
		const shown = `${path}${name}${member.type === 'array' ? '[]' : ''}`;
		const needed = path === '' && schema.required?.includes(name) ? '; always there' : '';
		return [[code(shown), `${member.description}${needed}`], ...membersOf(inner, `${shown}.`)];
	});
}

async function examplesDoc(sources: readonly Source[]): Promise<string> {
	const apis = await loadApis();
	const emulator = await startEmulator({events: 400});
	try {
		const sections = sources.map(source => {
			const {name} = source;
			const texts = Array.from(emulator.api(name).records(), ({text}) => text);
			const tenant = apis.get(name)?.reading?.options ? 'acme' : 'example';
			return {name, mapped: richest(texts.map(text => mapRecord(source, text, tenant)))};
		});
		const links = (name: string) => `[example](#${name})`;
		return `# One record of each source in each format

Made from the code by \`npm run docs\`; a test compares. The records are the emulator's. All but \`raw\` are shown as with
\`--no-raw\`; without it the record's own text is in \`raw\`, \`event.original\` and \`raw_data\`.

${table(
	['source', '`--format raw`', '`--format audit`', '`--format ecs`', '`--format ocsf`'],
	sections.map(({name}) => [code(name), ...['raw', 'audit', 'ecs', 'ocsf'].map(format => links(`${name}-${format}`))]),
)}

${sections.map(({name, mapped}) => exampleSection(name, mapped)).join('\n')}`;
	} finally {
		await emulator.close();
	}
}

function exampleSection(name: string, {event, product, ownIds}: MappedRecord): string {
	const {raw, ...audit} = event;
	return [
		block(`${name}: raw`, JSON.parse(raw!)),
		block(`${name}: audit`, audit),
		block(`${name}: ecs`, toEcs(audit, {product})),
		block(`${name}: ocsf`, toOcsf(audit, {product, ownIds})),
	].join('\n');
}

/** The one that says the most, the first of several. */
function richest(all: readonly MappedRecord[]): MappedRecord {
	return all.reduce((best, one) => (leavesOf(one.event) > leavesOf(best.event) ? one : best));
}

function leavesOf(value: object): number {
	const paths = new Set<string>();
	const walk = (inner: unknown, path: string): void => {
		if (typeof inner !== 'object' || inner === null) paths.add(path);
		else
			for (const [key, member] of Object.entries(inner)) walk(member, Array.isArray(inner) ? path : `${path}.${key}`);
	};
	walk(value, '');
	return paths.size;
}

function block(title: string, value: unknown): string {
	return `## ${title}\n\n\`\`\`json\n${JSON.stringify(value, undefined, 2)}\n\`\`\`\n`;
}

function code(text: string): string {
	return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
	return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
