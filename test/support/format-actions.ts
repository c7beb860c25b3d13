import {type ActionRules, actionRules, type Activity} from '../../lib/model/activity.ts';
import type {Source} from '../../lib/source/define-source.ts';
import {commonActions} from '../../sources/_actions.ts';
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
		const own = Object.entries(rules).filter(([pattern]) => !Object.hasOwn(commonActions, pattern));
		const isShared = Object.keys(commonActions).every(pattern => Object.hasOwn(rules, pattern));
		const others = isShared ? ', then those of [common actions](#common-actions)' : '';
		const parts = [
			`## ${name}`,
			table(['key or text', 'activity', 'by the pattern'], rows),
			...(own.length > 0 ? [`Patterns of its own${others}:`, activityTable(Object.fromEntries(own))] : []),
		];
		return `${parts.join('\n\n')}\n`;
	});
	return `# Known actions

Made from the code by \`npm run docs\`; a test compares. These keys and texts are known from documents, from real logs and
from the rules of other readers; \`*\` stands for any text. Others that are spelled like them have an activity too: \`rxaudit
explain\` tells it of a record. [mapping.md](mapping.md#activities) says what each activity is.

${sections.join('\n')}
## Common actions

One table is over all products: their keys and texts are made of the same words ([how a key becomes words](mapping.md#questions)). \`*\`
stands for any text, \`{a,b}\` for either. The exact pattern wins; of the others the order of \`sources/_actions.ts\` decides,
where the first that fits wins, and the rows here stand in the order of their first pattern. \`rxaudit explain\` names the
one that has met.

${activityTable(commonActions)}
`;
}

/** A row for each activity, in the order of its first pattern. */
function activityTable(rules: ActionRules): string {
	const patterns = new Map<Activity, string[]>();
	for (const [pattern, activity] of Object.entries(rules)) {
		patterns.set(activity, [...(patterns.get(activity) ?? []), pattern]);
	}
	return table(
		['activity', 'action, in words'],
		Array.from(patterns, ([activity, list]) => [code(activity), factored(list).map(code).join(', ')]),
	);
}

/** `*a*x*`, `*a*y*`, `*b*x*`, `*b*y*` as `*{a,b}*{x,y}*`. */
function factored(patterns: readonly string[]): string[] {
	const verbs = new Map<string, string[]>();
	for (const pattern of patterns) {
		const [, noun = '', verb = ''] = /^\*(.+)\*([^*]+)\*$/.exec(pattern) ?? [];
		verbs.set(noun || pattern, [...(verbs.get(noun || pattern) ?? []), noun ? verb : '']);
	}
	const nouns = new Map<string, string[]>();
	for (const [noun, list] of verbs) {
		const key = list[0] === '' ? noun : `*\0*${either(list)}*`;
		nouns.set(key, [...(nouns.get(key) ?? []), noun]);
	}
	return Array.from(nouns, ([key, list]) => key.replace('\0', () => either(list)));
}

function either(texts: readonly string[]): string {
	return texts.length > 1 ? `{${texts.join(',')}}` : texts.join('');
}
