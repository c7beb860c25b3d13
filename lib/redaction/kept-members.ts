import {ConfigError} from '../model/errors.ts';
import type {SourceFacts} from '../model/page.ts';
import {type MemberTree, memberTree} from '../operators/member-tree.ts';

/** Files, rows and identities are named by these. */
const naming = ['id', 'time', 'source', 'tenant', 'processed'];
/** Words of closed lists: they say nothing of people, and the schemas are mapped by them. */
const words = ['activity', 'outcome'];
/** Words, too, which somebody may be called by: they go where they are named themselves, and from nowhere else. */
const kinds = ['actor.type', 'credential.type', 'containers.type', 'targets.type'];

/** What holds no values to look for elsewhere. */
export const valueless: MemberTree = memberTree('redact', [...naming, ...words, ...kinds, 'raw']);

/** What stays as it is in a common record, whatever it holds, when these members are to go. */
export function keptMembers(members: readonly string[]): MemberTree {
	return memberTree('redact', [...naming, ...words, ...kinds.filter(kind => !members.includes(kind))]);
}

/** Why this member of a common record cannot be redacted; undefined where it can. */
export function refusalOf(member: string): ConfigError | undefined {
	const top = member.split('.')[0]!;
	if (words.includes(top)) {
		return new ConfigError(
			`redact: expected members that can hold personal data, got ${member}, a word of a closed list of this library`,
		);
	}
	if (top !== 'raw' && !naming.includes(top)) return undefined;
	return new ConfigError(
		`redact: expected members other than ${naming.join(', ')} and raw, got ${member}; ` +
			'files, rows and identities are named by them, and raw can be left out as a whole',
	);
}

/** Whether it is one, by what every common record has: other events have members of these names for other things. */
export function isCommonRecord(event: unknown, {name, tenant}: Pick<SourceFacts, 'name' | 'tenant'>): boolean {
	const given = (event ?? {}) as {readonly source?: unknown; readonly tenant?: unknown};
	return given.source === name && given.tenant === tenant;
}
