import {z} from 'zod';
import {activities, type Activity} from '../../lib/model/activity.ts';
import {auditEvent} from '../../lib/model/event.ts';
import {ecsCategories} from '../../lib/schemas/ecs-categories.ts';
import {ecsOrigins} from '../../lib/schemas/ecs-origins.ts';
import {ocsfKind} from '../../lib/schemas/ocsf-classes.ts';
import {ocsfOrigins} from '../../lib/schemas/ocsf-origins.ts';
import type {Source} from '../../lib/source/define-source.ts';
import {catalogueName} from './action-catalogue.ts';
import {elasticSection} from './elastic-template.ts';
import {questions} from './format-questions.ts';
import {code, grouped, once, table} from './tables.ts';

/** How records become common records, ECS and OCSF. */
export function mappingDoc(sources: readonly Source[]): string {
	return `# How records are mapped

Made from the code by \`npm run docs\`; a test compares. \`rxaudit explain EVENT.json --source NAME\` shows the same for one
record. [actions.md](actions.md) has the keys that are known, [examples.md](examples.md) whole records.

${questions()}
## The common record

\`--format audit\`, and \`normalize()\` in the library. Its JSON Schema is
[audit-event.schema.json](audit-event.schema.json), in the package as \`rxaudit/audit-event.schema.json\`. What an API does
not say is absent: there is no null, no \`""\` and no empty list.

${table(['member', 'what it is'], grouped(membersOf(z.toJSONSchema(auditEvent), '')))}

## Activities

What was done, in the same words for all APIs. [actions.md](actions.md) says which action is which; ECS and OCSF are made from
the activity alone.

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

\`data-center-log-files\` reads the records of the source of its product: a line says the same in another form. Sources
whose records have one shape share a table.

${shapesOf(sources).map(sourceSection).join('\n')}
## ECS

Elastic Common Schema 9.4.0, \`--format ecs\`. Below \`atlassian\` is what ECS has no field for; nothing else is outside of
ECS. Of several users and groups the first is in \`user.target\` and \`group\`, and all users are in \`related.user\`. There is no
\`event.ingested\`: a record that is read again gives the same bytes.

${table(['member', 'made from'], originRows(ecsOrigins))}

${elasticSection()}
## OCSF

Open Cybersecurity Schema Framework 1.8.0, \`--format ocsf\`. Below \`unmapped\` is what the class has no attribute for, in
the words of the common record. Of several users the first is \`user\`, and all are in \`unmapped.targets\`.
What a class requires and a record does not name is \`Unknown\`.

${table(['attribute', 'made from'], originRows(ocsfOrigins))}
`;
}

function originRows(origins: Readonly<Record<string, string>>): string[][] {
	return grouped(
		Object.entries(origins).map(([path, from]) => {
			const [, own] = /^(?:unmapped|atlassian)\.(.+)$/.exec(path) ?? [];
			const isSame = own && `.${spelled(from)}`.endsWith(`.${spelled(own)}`);
			return [code(path), isSame ? 'the member of that name' : from];
		}),
	);
}

function spelled(path: string): string {
	return path.replaceAll('_', '').toLowerCase();
}

/** The sources by the shape of their records: those in one list have the same table. */
function shapesOf(sources: readonly Source[]): (readonly [Source, ...Source[]])[] {
	const shapes = new Map<string, [Source, ...Source[]]>();
	for (const source of sources) {
		const {origins, actions} = source.records;
		const key = JSON.stringify([saidOf(origins), actions]);
		const shape = shapes.get(key);
		if (shape) shape.push(source);
		else shapes.set(key, [source]);
	}
	return [...shapes.values()];
}

function saidOf(origins: Source['records']['origins']): (readonly [string, string])[] {
	return Object.entries(origins).map(([path, {says}]) => [code(path), says]);
}

function sourceSection(sources: readonly [Source, ...Source[]]): string {
	const {
		name,
		records: {origins, actions},
	} = sources[0];
	const parts = [
		`### ${sources.map(({name}) => name).join(', ')}`,
		`${sources.length > 1 ? 'Products' : 'Product'}: ${once(sources.map(productOf))}.`,
		table(['member', 'from'], grouped(saidOf(origins))),
		...(actions ? [`Activities of its actions: [actions.md](actions.md#${catalogueName(name)}).`] : []),
	];
	return `${parts.join('\n\n')}\n`;
}

function productOf({records: {product}}: Source): string {
	const {vendor = '', name} = product!;
	return name.startsWith(vendor) ? name : `${vendor} ${name}`;
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

function membersOf(schema: z.core.JSONSchema.BaseSchema, path: string): (readonly [string, string])[] {
	return Object.entries(schema.properties ?? {}).flatMap(([name, given]) => {
		const member = given as z.core.JSONSchema.BaseSchema;
		const inner = (member.items ?? member) as z.core.JSONSchema.BaseSchema;
		const shown = `${path}${name}${member.type === 'array' ? '[]' : ''}`;
		const needed = path === '' && schema.required?.includes(name) ? '; always there' : '';
		return [[code(shown), `${member.description}${needed}`] as const, ...membersOf(inner, `${shown}.`)];
	});
}
