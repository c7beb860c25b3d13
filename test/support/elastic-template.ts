import {ecsOrigins} from '../../lib/schemas/ecs-origins.ts';
import {code} from './tables.ts';

/** The members of `atlassian` that are lists of objects. */
export const objectLists: readonly string[] = ['containers', 'targets', 'changes', 'attributes'];

/** Those that are flat lists of texts. */
const textLists = ['atlassian.changed', 'atlassian.privileges', 'atlassian.addresses', 'related.user', 'related.ip'];

/** Lucene takes no longer text: a character has up to four bytes. */
const ignoreAbove = 8191;

interface Properties {
	[name: string]: {type: string; ignore_above: number} | {properties: Properties};
}

/** A component template of Elasticsearch for what ECS has no field for. */
export function elasticTemplate(): object {
	const properties: Properties = {};
	for (const path of Object.keys(ecsOrigins).filter(one => one.startsWith('atlassian.'))) {
		const [, ...names] = path.split('.');
		const last = names.pop()!;
		let place = properties;
		for (const name of names) {
			const there = (place[name] ??= {properties: {}});
			if ('properties' in there) place = there.properties;
		}
		place[last] = {type: objectLists.includes(last) ? 'flattened' : 'keyword', ignore_above: ignoreAbove};
	}
	return {template: {mappings: {properties: {atlassian: {properties}}}}};
}

/** How an index holds `--format ecs`. */
export function elasticSection(): string {
	const lists = textLists.filter(path => Object.hasOwn(ecsOrigins, path));
	return `### In Elasticsearch

[elastic-template.json](elastic-template.json) is a component template for \`atlassian.*\`; \`ecs@mappings\`, which Elasticsearch
has, knows the other members.

\`\`\`sh
curl -X PUT "$ELASTIC/_component_template/rxaudit" -H 'content-type: application/json' -d @docs/elastic-template.json
curl -X PUT "$ELASTIC/_index_template/audit-atlassian" -H 'content-type: application/json' -d '
  {"index_patterns": ["audit-atlassian*"], "composed_of": ["ecs@mappings", "rxaudit"], "priority": 200}'
\`\`\`

${objectLists.map(name => code(`atlassian.${name}`)).join(', ')} are lists of objects, and \`flattened\` here: a query may ask
for one member, as \`atlassian.targets.type: anonymous\`, but cannot know whether two members are of the same object. Map one
as \`nested\` where you need that; then the same query must be a nested one. Rules ask the flat lists instead: ${lists.map(code).join(', ')}.
`;
}
