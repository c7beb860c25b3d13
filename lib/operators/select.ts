import type {OperatorFunction} from 'rxjs';
import {ConfigError} from '../model/errors.ts';
import {below, type MemberTree, memberTree} from './member-tree.ts';
import type {Page} from '../model/page.ts';
import {eachPage} from './each-page.ts';

/**
 * Pages whose events have only these members, dotted, in the order of the event: of a list of objects, `targets.name`
 * keeps the name of each. What is written is no longer the record's own text. A member that an event does not have is
 * no error, and what nothing is left of is absent, so a name that is spelled wrong gives events without it.
 *
 * ```ts
 * pages$.pipe(normalize(), select(['id', 'time', 'action', 'actor.name', 'targets.name']));
 * ```
 */
export function select<T>(members: readonly string[]): OperatorFunction<Page<T>, Page> {
	if (members.length === 0) throw ConfigError.of('select', [{option: 'members', expected: 'members', got: 'none'}]);
	const tree = memberTree('select', members);
	return eachPage('select', page => page.map(event => pick(event, tree) ?? {}));
}

/** Undefined where nothing is left. */
function pick(value: unknown, tree: MemberTree): unknown {
	if (tree === 'whole') return value;
	if (typeof value !== 'object' || value === null) return undefined;
	if (Array.isArray(value)) {
		const items = value.map(item => pick(item, tree)).filter(item => item !== undefined);
		return items.length > 0 ? items : undefined;
	}
	const members = Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
		const wanted = below(tree, name);
		const picked = wanted && pick(member, wanted);
		return picked === undefined ? [] : [[name, picked]];
	});
	return members.length > 0 ? Object.fromEntries(members) : undefined; // fromEntries: `__proto__` is a name like others
}
