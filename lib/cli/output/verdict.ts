import {emptyChain} from '../../sink/manifest.ts';
import type {GapReport} from '../../model/meter.ts';
import type {Lack} from '../../state/state.ts';
import type {Damage, Verification} from '../../sink/verification.ts';
import type {Compared} from '../commands/against.ts';
import {coverageLines, type SourceCoverage, type Unread} from './coverage.ts';
import {count, oneLine} from './log.ts';

export interface FoundHead {
	/** The option that gave it. */
	readonly from: string;
	/** How many entries were added behind it. */
	readonly since: number;
	/** The part that it is of; none for the head of an empty chain, which is of all. */
	readonly part?: string;
}

/** What is said of a target beside its {@link Verification}. */
export interface Findings extends Omit<Verification, 'coverage'> {
	/** What was read, by source. */
	readonly coverage: readonly SourceCoverage[];
	/** What `--complete` asks for and was not read; absent where nothing was asked for. */
	readonly unread?: readonly Unread[];
	/** As the state names it: `name:target`. */
	readonly target: string;
	/** Whether every signature was checked. */
	readonly isSignatureChecked: boolean;
	/** The heads that were expected and are on the chain. */
	readonly heads: readonly FoundHead[];
	/** What was counted on an API. */
	readonly compared: readonly Compared[];
	/** What a best-effort target never got, as the states say. */
	readonly lacks: readonly Lack[];
	/** What could not be read yet, as the states say. */
	readonly openGaps: readonly GapReport[];
	/** What is worth knowing and no damage. */
	readonly notes: readonly string[];
}

/** So many of those are named; there may be as many as there are files. */
const maxUncommitted = 20;

/** The answer for people, in lines. */
export function verdict(findings: Findings): string {
	const {target, damage, chain, signed, isSignatureChecked, heads, sources, compared, uncommitted, notes} = findings;
	const lines = [damage.length === 0 ? `intact: ${target}` : `damaged: ${target}: ${count(damage.length, 'finding')}`];
	if (findings.unread) lines.push(findings.unread.length === 0 ? 'complete' : 'not complete');
	lines.push(...damage.map(({kind, what, detail}) => `  ${kind.padEnd(9)}${what}: ${detail}`));
	lines.push(...chainLines(findings));
	for (const {from, since, part} of heads) {
		const where = since === 0 ? 'at its end' : `${count(since, 'entry', 'entries')} before its end`;
		lines.push(`           the head of ${from} is on it, ${where}${part ? ` (part ${part})` : ''}`);
	}
	if (signed > 0 || isSignatureChecked) {
		const checked = isSignatureChecked ? 'checked with the key' : 'not checked: give --public-key-file';
		lines.push(`  signed   ${signed} of ${chain.entries}, ${checked}`);
	}
	for (const [key, {events, first, last}] of Object.entries(sources)) {
		// Of the manifest, whatever became of the data.
		lines.push(`  written  ${count(events, 'event')} of ${key}, from ${first} to ${last}`);
	}
	lines.push(...coverageLines(findings.coverage, findings.unread));
	for (const {source, from, to, events} of compared) {
		lines.push(`  against  the API, which has ${count(events, 'event')} of ${source}, from ${from} to ${to}`);
	}
	for (const {events, from, to, reason} of findings.lacks) {
		lines.push(`  lacks    ${count(events, 'event')} from ${from} to ${to}: ${reason}`);
	}
	for (const {source, from, to, reason} of findings.openGaps) {
		lines.push(`  open gap: ${source} from ${from} to ${to}: ${reason}`);
	}
	lines.push(...uncommitted.slice(0, maxUncommitted).map(what => `  uncommitted ${what}`));
	if (uncommitted.length > maxUncommitted) {
		lines.push(`  uncommitted ${uncommitted.length - maxUncommitted} more`);
	}
	lines.push(...notes.map(note => `  note     ${note}`));
	return lines.map(line => `${oneLine(line)}\n`).join('');
}

function chainLines({chain, parts}: Findings): string[] {
	const entries = count(chain.entries, 'entry', 'entries');
	if (parts.length < 2) return [`  chain    ${entries}, head ${chain.head}`];
	const lines = parts.map(({part, ...one}) => {
		return `  part     ${part || 'the first'}: ${count(one.entries, 'entry', 'entries')}, head ${one.head}`;
	});
	return [`  chain    ${entries} in ${parts.length} parts`, ...lines];
}

/** The answer for programs: one JSON object on one line. */
export function verdictJson({hashes: _, isSignatureChecked, chain, ...findings}: Findings): string {
	const intact = findings.damage.length === 0;
	const parts = findings.parts.map(({hashes: _hashes, ...part}) => part);
	return `${JSON.stringify({intact, ...chain, isSignatureChecked, ...findings, parts})}\n`;
}

/** Where an expected head is on the chain, or that it is not. */
export function findHead(
	{parts}: Pick<Verification, 'parts'>,
	head: string,
	from: string,
): FoundHead | {readonly damage: Damage} {
	// Every chain begins there.
	if (head === emptyChain.head) return {from, since: parts.reduce((sum, {entries}) => sum + entries, 0)};
	for (const {part, hashes} of parts) {
		const at = hashes.lastIndexOf(head);
		if (at >= 0) return {from, since: hashes.length - 1 - at, part};
	}
	const detail = `expected ${head} of ${from} on the chain, got a chain without it: it was cut, or written anew`;
	return {damage: {kind: 'entry', what: 'head', detail}};
}

export interface ExpectedHead extends Pick<FoundHead, 'from'> {
	readonly head: string;
	/** Whether no run is going on or was cut short, so that nothing may lie behind the head. */
	isClosed(): boolean;
}

/** What a verification means where these heads are expected. */
export function checkHeads(
	verification: Pick<Verification, 'damage' | 'parts' | 'uncommitted'>,
	expected: readonly ExpectedHead[],
): Pick<Findings, 'damage' | 'heads' | 'uncommitted' | 'notes'> {
	const damage: Damage[] = [...verification.damage];
	const heads: FoundHead[] = [];
	const closed: FoundHead[] = [];
	for (const {head, from, isClosed} of expected) {
		const found = findHead(verification, head, from);
		if ('damage' in found) damage.push(found.damage);
		else heads.push(found);
		if ('part' in found && isClosed()) closed.push(found);
	}
	const added = addedBehindHeads(verification, closed);
	damage.push(...added);
	const unknown = verification.parts.filter(({part}) => !heads.some(head => head.part === part));
	const notes =
		heads.length === 0 ? [] : unknown.map(({part}) => `no head was given of part ${part}: whose it is, is not known`);
	return {damage, heads, uncommitted: added.length > 0 ? [] : verification.uncommitted, notes};
}

/**
 * What no run that died can have left: all that is not committed, where each part ends with a head that was expected,
 * noted when no run was going on.
 */
export function addedBehindHeads(
	{parts, uncommitted}: Pick<Verification, 'parts' | 'uncommitted'>,
	heads: readonly FoundHead[],
): Damage[] {
	const isClosed = parts.every(({part}) => heads.some(head => head.part === part && head.since === 0));
	if (parts.length === 0 || !isClosed) return [];
	const froms = [...new Set(heads.map(({from}) => from))].join(' and ');
	return uncommitted.map(what => ({
		kind: 'added',
		what,
		detail: `no entry lists it, and ${froms} knows of nothing behind the last one`,
	}));
}
