import {rules} from './sigma.ts';
import {code, table} from './tables.ts';

/** What docs/rules has. */
export function rulesDoc(): string {
	const rows = Array.from(rules.values(), ({title, level, name}) => [title, level, `[${name}](${name}.yml)`]);
	const fields = [...new Set(Array.from(rules.values(), fieldsOf).flat())].sort();
	return `# Sigma rules over --format ecs

The list is made from the rules by \`npm run docs\`; test/rules.spec.ts runs each rule on records that it must find, and on
others that it must not.

${table(['title', 'level', 'file'], rows)}

**Convert** them with sigma-cli and a backend, here that of Elasticsearch. \`without-pipeline\` is right: the names of the fields
are those of \`--format ecs\`.

\`\`\`sh
pip install sigma-cli pysigma-backend-elasticsearch
sigma convert -t lucene --without-pipeline docs/rules/*.yml
sigma convert -t esql --without-pipeline docs/rules/*.yml
\`\`\`

Correlations need a backend that knows them; give all files at once, since they name other rules.

**Fields**: ${fields.map(code).join(', ')}. The log source \`product: atlassian, service: audit\` stands for an
index of these events. Where yours has other names, a pipeline of pySigma maps them.

**Lists.** Rules ask flat lists (\`atlassian.privileges\`, \`atlassian.changed\`) and avoid lists of objects, whose members an index
takes apart. \`atlassian.targets.type\` is the one exception; it is asked alone, and works where \`atlassian.targets\` is
\`flattened\` or a plain object ([how to map it](../mapping.md#in-elasticsearch)).

**Case.** Sigma overlooks upper and lower case. A \`keyword\` of Elasticsearch does not; the rules spell texts as the APIs do.

**Tags** are ATT&CK's as in Sigma's specification 2.1.0, which has \`defense-evasion\`.

**Yours to fill in**: names of groups of administrators in [administrator-granted](administrator-granted.yml), and the counts and
spans of those that count.
`;
}

function fieldsOf({detection, correlation}: typeof rules extends ReadonlyMap<string, infer R> ? R : never): string[] {
	const asked = Object.values(detection ?? {}).flatMap(selection =>
		typeof selection === 'object' && selection !== null ? Object.keys(selection) : [],
	);
	return [...asked.map(field => field.split('|')[0]!), ...(correlation?.['group-by'] ?? [])];
}
