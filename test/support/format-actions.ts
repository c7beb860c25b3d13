import {actionRules} from '../../lib/model/activity.ts';
import type {Source} from '../../lib/source/define-source.ts';
import {catalogue, catalogueName} from './action-catalogue.ts';
import {code, table} from './tables.ts';

/** The keys and texts that are known, with what each of them is. */
export function actionsDoc(sources: readonly Source[]): string {
	const sections = Object.entries(catalogue.actions).map(([name, actions]) => {
		const {actions: rules = {}, actionWords} = sources.find(source => catalogueName(source.name) === name)!.records;
		const ruleOf = actionRules(rules, actionWords);
		const rows = [...actions].sort().map(action => {
			const {rule = '', activity = 'none'} = ruleOf(action.replaceAll('*', '')) ?? {};
			return [code(action), code(activity), rule === action ? '' : code(rule)];
		});
		return `## ${name}\n\n${table(['key or text', 'activity', 'by the pattern'], rows)}\n`;
	});
	return `# Known actions

Made from the code by \`npm run docs\`; a test compares. These keys and texts are known from documents, from real logs and
from the rules of other readers; \`*\` stands for any text. Others that are spelled like them have an activity too: \`rxaudit
explain\` tells it of a record, [mapping.md](mapping.md#common-actions) has the patterns.

${sections.join('\n')}`;
}
