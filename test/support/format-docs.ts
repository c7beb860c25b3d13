import {z} from 'zod';
import {auditEvent} from '../../lib/model/event.ts';
import {apiSources} from './api-sources.ts';
import {configJsonSchema} from './format-config-schema.ts';
import {elasticTemplate} from './elastic-template.ts';
import {actionsDoc} from './format-actions.ts';
import {examplesDoc} from './format-examples.ts';
import {mappingDoc} from './format-mapping.ts';
import {rulesDoc} from './format-rules.ts';

/** The pages and tables of docs/, from the code that they are about: file by file, as they must be. */
export async function formatDocs(): Promise<Readonly<Record<string, string>>> {
	return {
		'docs/actions.md': actionsDoc(apiSources),
		'docs/audit-event.schema.json': jsonFile(z.toJSONSchema(auditEvent)),
		'docs/elastic-template.json': jsonFile(elasticTemplate()),
		'docs/examples.md': await examplesDoc(apiSources),
		'docs/mapping.md': mappingDoc(apiSources),
		'docs/rules/README.md': rulesDoc(),
		'docs/rxaudit.schema.json': jsonFile(await configJsonSchema()),
	};
}

function jsonFile(value: unknown): string {
	return `${JSON.stringify(value, undefined, '\t')}\n`;
}
