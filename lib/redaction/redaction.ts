import {createHmac} from 'node:crypto';
import {ConfigError} from '../model/errors.ts';
import {contentOf, eachLeaf, editsOfToken, parseContainer} from './json-edits.ts';
import {isTooDeep, type JsonToken, scanJson} from './json-scan.ts';
import {keptMembers, refusalOf} from './kept-members.ts';
import {type MemberTree, memberTree} from '../operators/member-tree.ts';
import {patternFinder, type RedactPattern} from './pattern-finder.ts';
import {applyEdits, type Edit, maskSpans, mergeSpans, type Span} from './spans.ts';
import {canonical, canonicalNumber, type ValueFinder, valueFinder} from './value-finder.ts';

export interface RedactOptions {
	/** Members of the event as it is there, dotted; a list stands for each of its items: `targets.name`. */
	readonly members?: readonly string[] | undefined;
	/** What is looked for in all texts. Of an expression each match is replaced. */
	readonly patterns?: readonly RedactPattern[] | undefined;
	/** Makes pseudonyms, at least 16 bytes. Whoever has it can find out whose they are, by trying. */
	readonly key?: string | Uint8Array | undefined;
}

/** A JSON text in which nothing is left of what was to go. */
export interface RedactedText {
	readonly text: string;
	readonly value: unknown;
}

const minKeyBytes = 16;
/** So many marks and names are remembered, none of them longer than that: 5 MB. */
const cached = 10_000;
const maxCachedLength = 256;
const anyMark = /redacted:[0-9a-f]{32}|\[redacted\]/g;

/** What is to go, and what stands in its place: the same for the same value, whatever the text around it. */
export class Redaction {
	readonly tree: MemberTree | undefined;
	/** What stays as it is in common records. */
	readonly kept: MemberTree;
	/** Why common records cannot be redacted so; undefined where they can. */
	readonly refusal: ConfigError | undefined;
	readonly #members: readonly string[];
	readonly #patterns: readonly ReturnType<typeof patternFinder>[];
	readonly #key: Uint8Array | undefined;
	readonly #marks = new Map<string, string>();
	/** Names that are no data, even where somebody is called so. */
	readonly #names: ReadonlySet<string>;
	/** Names in which no pattern matches; a value may. */
	readonly #cleanNames = new Set<string>();

	constructor({members = [], patterns = [], key}: RedactOptions, names: Iterable<string> = []) {
		if (members.length + patterns.length === 0) throw new ConfigError('redact: expected members or patterns, got none');
		this.tree = members.length > 0 ? memberTree('redact', members) : undefined;
		this.#members = members;
		for (const member of members) checkMember(member);
		this.kept = keptMembers(members);
		this.refusal = members.map(refusalOf).find(Boolean);
		this.#patterns = patterns.map(patternFinder);
		this.#key = key === undefined ? undefined : typeof key === 'string' ? Buffer.from(key) : Uint8Array.from(key);
		if (this.#key && this.#key.length < minKeyBytes) {
			throw new ConfigError(`redact: expected a key of at least ${minKeyBytes} bytes, got ${this.#key.length}`);
		}
		this.#names = new Set([...names, ...members.flatMap(member => member.split('.'))]);
	}

	/** Whether members go as a whole, since nothing can stand in their place. */
	get removes(): boolean {
		return this.#key === undefined;
	}

	/** Whether there are no others than these. */
	isWithin(members: ReadonlySet<string>): boolean {
		return this.#members.every(member => members.has(member));
	}

	/** False where nothing in this JSON text can be one of these values or match a pattern, and no member can be. */
	mayChange(json: string, values: ValueFinder): boolean {
		return this.tree !== undefined || values.size > 0 || this.#patterns.some(pattern => pattern.mayBeIn(json));
	}

	/** What stands for a value. */
	mark(value: string): string {
		if (this.#key === undefined) return '[redacted]';
		const known = this.#marks.get(value);
		if (known !== undefined) return known;
		if (this.#marks.size >= cached) this.#marks.clear();
		const mark = `redacted:${createHmac('sha256', this.#key).update(value).digest('hex').slice(0, 32)}`;
		if (value.length <= maxCachedLength) this.#marks.set(detached(value), mark);
		return mark;
	}

	/** The values of the members in a JSON text, those of each of several members of one name. */
	valuesIn(json: string): ValueFinder {
		const values = new Set<string>();
		if (this.tree === undefined || isTooDeep(json)) return noValues;
		scanJson(json, this.tree, {
			token: token => {
				if (!token.inTree) return;
				const text = contentOf(json, token);
				if (token.kind === 'name') addName(values, text);
				else if (token.kind === 'string') addValue(values, text);
				else if (!isWord(text)) addValue(values, canonicalNumber(text)).add(text);
			},
		});
		return valueFinder(values);
	}

	/**
	 * The JSON text without them; undefined where it is no JSON, or where some of them would be left. Where the members
	 * are not those of a tree, that may be if one object has two members of one name, since only the last was mapped.
	 */
	json(text: string, values: ValueFinder, tree?: MemberTree): RedactedText | undefined {
		if (isTooDeep(text)) return undefined;
		const {edits, names} = this.#jsonEdits(text, values, tree);
		const redacted = applyEdits(text, edits);
		const value = parseContainer(redacted);
		if (value === undefined || this.#holds(value, values)) return undefined;
		if (this.tree && !tree && names !== namesIn(redacted === text ? value : parseContainer(text))) return undefined;
		return {text: redacted, value};
	}

	/** Any text without them; one that is JSON is read as such. */
	text(text: string, values: ValueFinder): string {
		return applyEdits(text, this.#textEdits(text, values));
	}

	/** The same for the name of a member: expressions are not for names. */
	name(name: string, values: ValueFinder): string {
		return applyEdits(name, this.#nameEdits(name, values));
	}

	/** What stands for a number: the number where it is none of the values, and matches nothing. */
	number(digits: string, values: ValueFinder): string | undefined {
		const value = values.findNumber(digits);
		if (value !== undefined) return this.mark(value);
		const edits = this.#plainEdits(digits, noValues);
		return edits.length === 0 ? undefined : applyEdits(digits, edits);
	}

	/** And how many names of members there are in the text. */
	#jsonEdits(text: string, values: ValueFinder, tree?: MemberTree): {readonly edits: Edit[]; readonly names: number} {
		const edits: Edit[] = [];
		let names = 0;
		const removes = this.removes;
		scanJson(text, tree, {
			token: token => {
				if (token.kind === 'name') names++;
				if (token.inTree && removes) return;
				for (const edit of this.#tokenEdits(text, token, values)) edits.push(edit);
			},
			...(removes ? {member: (start, end) => void edits.push({start, end, text: ''})} : {}),
		});
		// a member that goes ends behind its tokens
		if (removes && tree) edits.sort((a, b) => a.start - b.start);
		return {edits, names};
	}

	#tokenEdits(text: string, token: JsonToken, values: ValueFinder): Edit[] {
		const content = contentOf(text, token);
		if (token.kind === 'name') return editsOfToken(text, token, this.#nameEdits(content, values));
		if (token.kind === 'bare') {
			if (content === 'null') return [];
			const mark = isWord(content)
				? token.inTree && this.mark(content)
				: (this.number(content, values) ?? (token.inTree && this.mark(canonicalNumber(content))));
			return mark ? [{start: token.start, end: token.end, text: JSON.stringify(mark)}] : [];
		}
		if (!token.inTree) return editsOfToken(text, token, this.#textEdits(content, values));
		return content === '' ? [] : editsOfToken(text, token, [whole(content, this.mark(canonical(content)))]);
	}

	#nameEdits(name: string, values: ValueFinder): Edit[] {
		if (this.#names.has(name)) return [];
		// records have the same names again and again
		if (this.#cleanNames.has(name)) return this.#editsOf(values.find(name));
		const edits = this.#plainEdits(name, values, true);
		if (edits.length === 0 && name.length <= maxCachedLength && this.#cleanNames.size < cached) {
			this.#cleanNames.add(detached(name));
		}
		return edits;
	}

	#textEdits(text: string, values: ValueFinder): Edit[] {
		if (parseContainer(text) === undefined || values.has(text)) return this.#plainEdits(text, values);
		const {edits} = this.#jsonEdits(text, values);
		const redacted = applyEdits(text, edits);
		const rest = this.#leftIn(redacted, values);
		return rest.length === 0 ? edits : [whole(text, applyEdits(redacted, this.#editsOf(rest)))];
	}

	#plainEdits(text: string, values: ValueFinder, isName = false): Edit[] {
		const known = values.find(text);
		const matches: Span[] = [];
		for (const pattern of this.#patterns) {
			if (!isName || pattern.names) for (const match of pattern.find(text)) matches.push(match);
		}
		if (matches.length === 0) return this.#editsOf(known);
		const found = mergeSpans([...known, ...matches]);
		// where a match ends in the middle of a word, what is left of it may be a value now
		return this.#editsOf(mergeSpans([...found, ...values.find(maskSpans(text, found))]));
	}

	#editsOf(spans: readonly Span[]): Edit[] {
		return spans.map(({start, end, value}) => ({start, end, text: this.mark(value)}));
	}

	/** Values in what was redacted, besides those that happen to be part of a mark. */
	#leftIn(redacted: string, values: ValueFinder): readonly Span[] {
		if (values.find(redacted).length === 0) return [];
		const marks = Array.from(redacted.matchAll(anyMark), ({0: mark, index}) => ({
			start: index,
			end: index + mark.length,
		}));
		return values.find(maskSpans(redacted, marks));
	}

	#holds(value: unknown, values: ValueFinder): boolean {
		if (values.size === 0) return false;
		let holds = false;
		const text = (one: string): void => {
			holds ||= this.#leftIn(one, values).length > 0;
			const inner = holds ? undefined : parseContainer(one);
			if (inner) eachLeaf(inner, leaf, name);
		};
		const leaf = (one: string, kind: 'string' | 'number') => {
			if (kind === 'string') text(one);
			else holds ||= values.findNumber(one) !== undefined;
		};
		const name = (one: string) => {
			if (!this.#names.has(one)) text(one);
		};
		eachLeaf(value, leaf, name);
		return holds;
	}
}

const noValues = valueFinder([]);

function whole(text: string, replacement: string): Edit {
	return {start: 0, end: text.length, text: replacement};
}

function isWord(bare: string): boolean {
	return bare === 'true' || bare === 'false' || bare === 'null';
}

/** The same text by itself: part of a longer one keeps all of that in memory. */
function detached(text: string): string {
	return Buffer.from(text).toString();
}

/** Fewer than in its text where an object has two members of one name there: only the last is left. */
function namesIn(parsed: unknown): number {
	let names = 0;
	eachLeaf(
		parsed,
		() => {},
		() => names++,
	);
	return names;
}

function checkMember(member: string): void {
	if (member.split('.').some(name => /^\d+$/.test(name))) {
		throw new ConfigError(`redact: expected a member like targets.name, for all items of a list, got ${member}`);
	}
}

/** The text, and what is in it where it is JSON: the API may have given that as it is. */
export function addValue(values: Set<string>, text: string): Set<string> {
	if (text !== '') values.add(text);
	const inner = parseContainer(text);
	if (!inner) return values;
	eachLeaf(
		inner,
		leaf => leaf !== '' && values.add(leaf),
		name => addName(values, name),
	);
	return values;
}

/** The name of a member, where it is data: those of the APIs are letters, `-` and `_`. */
export function addName(values: Set<string>, name: string): Set<string> {
	return name === '' || /^[A-Za-z_-]+$/.test(name) ? values : values.add(name);
}
