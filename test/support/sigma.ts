import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {load} from 'js-yaml';
import {rules as files} from './doc-pages.ts';
import {root} from './tree.ts';

/** A rule as far as ours use Sigma: https://sigmahq.io/sigma-specification/ */
export interface Rule {
	readonly title: string;
	readonly name: string;
	readonly id: string;
	readonly description: string;
	readonly level: string;
	readonly author: string;
	readonly date: string | Date;
	readonly references?: readonly string[];
	readonly falsepositives: readonly string[];
	readonly tags: readonly string[];
	readonly detection?: Readonly<Record<string, unknown>> & {readonly condition: string};
	readonly correlation?: {
		readonly type: 'event_count' | 'value_count' | 'temporal_ordered';
		readonly rules: readonly string[];
		readonly 'group-by': readonly string[];
		readonly timespan: string;
		readonly condition?: {readonly gte: number; readonly field?: string};
	};
}

/** The rules of docs/rules, by name. */
export const rules = new Map(
	files.map(file => {
		const rule = load(readFileSync(new URL(file, root), 'utf8')) as Rule;
		assert.equal(`docs/rules/${rule.name}.yml`, file);
		return [rule.name, rule] as const;
	}),
);

export type Event = object & {readonly '@timestamp': string};

/** All texts at a dotted path; a list stands for each of its items, as in Elasticsearch. */
function textsAt(value: unknown, path: readonly string[]): string[] {
	if (Array.isArray(value)) return value.flatMap(item => textsAt(item, path));
	if (path.length === 0) return value === undefined ? [] : [String(value as string)];
	return typeof value === 'object' && value !== null
		? textsAt((value as Record<string, unknown>)[path[0]!], path.slice(1))
		: [];
}

const modifiers: Readonly<Record<string, (text: string, one: string) => boolean>> = {
	'': (text, one) => text === one,
	contains: (text, one) => text.includes(one),
	endswith: (text, one) => text.endsWith(one),
};

/** Sigma overlooks upper and lower case, a keyword of Elasticsearch does not. */
type Fold = (text: string) => string;
const asItIs: Fold = text => text;
export const folded: Fold = text => text.toLowerCase();

function holds(selection: object, event: Event, fold: Fold): boolean {
	return Object.entries(selection).every(([field, given]) => {
		const [path = '', modifier = ''] = field.split('|');
		const texts = textsAt(event, path.split('.')).map(fold);
		const wanted = ([given].flat() as unknown[]).map(one => fold(String(one)));
		return wanted.some(one => texts.some(text => modifiers[modifier]!(text, one)));
	});
}

/** `a and (b or c) and not d`: `not` binds closest, then `and`. */
function matches({detection}: Rule, event: Event, fold: Fold): boolean {
	const {condition, ...selections} = detection!;
	const tokens = condition.match(/[()]|[^\s()]+/g)!;
	const either = (): boolean => chain('or', both);
	const both = (): boolean => chain('and', single);
	function chain(word: string, next: () => boolean): boolean {
		const values = [next()];
		while (tokens[0] === word) {
			tokens.shift();
			values.push(next());
		}
		return word === 'or' ? values.some(Boolean) : values.every(Boolean);
	}
	function single(): boolean {
		const token = tokens.shift()!;
		if (token === 'not') return !single();
		if (token !== '(') return holds(selections[token] as object, event, fold);
		const value = either();
		assert.equal(tokens.shift(), ')');
		return value;
	}
	const value = either();
	assert.deepEqual(tokens, [], condition);
	return value;
}

const valueAt = (event: Event, path: string) => textsAt(event, path.split('.')).join();

/** The events that a rule finds, or that what it correlates begins with. */
export function found(name: string, events: readonly Event[], fold: Fold = asItIs): readonly Event[] {
	const rule = rules.get(name)!;
	const {correlation} = rule;
	if (!correlation) return events.filter(event => matches(rule, event, fold));
	const {condition, timespan, type} = correlation;
	const spanMs = Number.parseInt(timespan, 10) * 60_000;
	const groupOf = (event: Event) => correlation['group-by'].map(path => valueAt(event, path)).join('\n');
	const timeOf = (event: Event) => Date.parse(event['@timestamp']);
	const [first, ...others] = correlation.rules.map(one => found(one, events, fold));
	return first!.filter(event => {
		const within = (those: readonly Event[] = []) =>
			those.filter(one => {
				const afterMs = timeOf(one) - timeOf(event);
				return groupOf(one) === groupOf(event) && afterMs >= 0 && afterMs <= spanMs;
			});
		if (type === 'temporal_ordered') return others.every(other => within(other).length > 0);
		const counted = within(first).map((one, at) => (type === 'value_count' ? valueAt(one, condition!.field!) : at));
		return new Set(counted).size >= condition!.gte;
	});
}
