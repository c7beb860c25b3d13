import {ConfigError} from '../model/errors.ts';

/** Members of an event, by the names on the way to them; `whole` is a member with all that is in it. */
export type MemberTree = ReadonlyMap<string, MemberTree> | 'whole';

/** The tree of dotted paths, in which a list stands for each of its items. Throws a ConfigError for an empty name. */
export function memberTree(operator: string, members: readonly string[]): MemberTree {
	const root = new Map<string, MemberTree>();
	for (const member of members) {
		const path = member.split('.');
		if (path.includes('')) {
			const got = JSON.stringify(member);
			throw ConfigError.of(operator, [{option: 'members', expected: 'a member like actor.name', got}]);
		}
		insert(root, path);
	}
	return root;
}

function insert(root: Map<string, MemberTree>, path: readonly string[]): void {
	let tree = root;
	for (const [depth, name] of path.entries()) {
		const below = tree.get(name);
		if (below === 'whole') return;
		if (depth === path.length - 1) tree.set(name, 'whole');
		const next = (below ?? new Map()) as Map<string, MemberTree>;
		if (depth < path.length - 1) tree.set(name, next);
		tree = next;
	}
}

/** What the tree says of the member of that name. */
export function below(tree: MemberTree | undefined, name: string): MemberTree | undefined {
	return typeof tree === 'object' ? tree.get(name) : tree;
}
