import {createHmac} from 'node:crypto';
import fc from 'fast-check';

/** A value that stands in a record, and one way to write it. */
export interface Spelling {
	readonly value: string;
	readonly spelled: string;
}

/** The text of a record in which values were planted, and the same with something in their place. */
export interface Planted {
	readonly values: readonly string[];
	/** The record's own text; its members `who.a`, `who.b`, … hold the values. */
	readonly text: string;
	/** What is to be left: each place of a value has what `mark` gives for it. */
	expected(mark: (value: string) => string, keepsMembers: boolean): string;
}

/** Part of a string: itself, or a place where a value stands. */
type Piece = string | Spelling;

const name = fc.stringMatching(/^[A-Z][a-z]{3,6}[0-9]{3}$/);
const values = fc.uniqueArray(
	fc.oneof(
		name,
		fc.tuple(name, name).map(parts => parts.join(' ')),
		name.map(text => `${text}@acme.example`),
		name.map(text => `é${text}ß`),
	),
	{minLength: 1, maxLength: 4, selector: value => value.toLowerCase()},
);
const noise = fc.string({
	unit: fc.constantFrom('a', 'Zz', '7', ' ', '"', '\\', '/', '{', '[', ':', 'é', '😀', '\n', '\u2028'),
});
/** Written on both sides of a value, so that it stands alone. */
const gap = noise.map(text => ` ${text} `);

function spellings(value: string): fc.Arbitrary<Spelling> {
	const encoded = encodeURIComponent(value);
	const forms = [value, encoded, encoded.replaceAll('%20', '+')];
	if (value.includes('@')) forms.push(value.toUpperCase(), encoded.toUpperCase());
	return fc.constantFrom(...forms).map(spelled => ({value, spelled}));
}

/** A way to write text as JSON: each unit is escaped or not, as the stream says. */
function escaper(choices: fc.Stream<boolean>): (text: string) => string {
	return text => {
		let written = '';
		for (let at = 0; at < text.length; at++) {
			const unit = text.charAt(at);
			if (choices.next().value) written += `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
			else written += unit === '/' ? '\\/' : JSON.stringify(unit).slice(1, -1).replace(/^\\ud/, '\\ud');
		}
		return written;
	};
}

export const planted: fc.Arbitrary<Planted> = values.chain(all => {
	const spelling = fc.constantFrom(...all).chain(spellings);
	const pieces = fc.array(fc.tuple(gap, spelling, gap), {maxLength: 3}).map((triples): Piece[] => triples.flat());
	const text = fc.oneof(
		pieces,
		noise.map((only): Piece[] => [only]),
		spelling.map((only): Piece[] => [only]),
	);
	return fc
		.record({
			texts: fc.array(text, {maxLength: 5}),
			inner: fc.array(text, {maxLength: 3}),
			names: fc.array(text, {maxLength: 2}),
			choices: fc.infiniteStream(fc.boolean()),
			numbers: fc.array(fc.constantFrom('9007199254740993', '1.0', '-0', '1E5', '0.10'), {maxLength: 3}),
		})
		.map(({texts, inner, names, choices, numbers}) => {
			const escape = escaper(choices);
			// escaped once: the text and what is to be left differ in the values only
			const frozen = (list: readonly Piece[][]) =>
				list.map(one => one.map(piece => (typeof piece === 'string' ? {literal: escape(piece)} : piece)));
			const [outer, within, keys] = [frozen(texts), frozen(inner), frozen(names)];
			type Frozen = (typeof outer)[number];
			const render = (show: (one: Spelling) => string, who: string) => {
				const string = (one: Frozen) => `"${one.map(p => ('literal' in p ? p.literal : show(p))).join('')}"`;
				const json = `{"list":[${within.map(string).join()}],"n":[${numbers.join()}]}`;
				const members = keys.map((one, index) => `${string([{literal: `${index} `}, ...one])}:[]`);
				return (
					`{"n": [${numbers.join()}],"m":1,"who":${who},"texts":[${outer.map(string).join(' , ')}],` +
					`"json":${JSON.stringify(json)},"names":{${members.join()}}}`
				);
			};
			const escapedValue = new Map<Spelling, string>();
			for (const one of [...outer, ...within, ...keys].flat()) {
				if (!('literal' in one) && !escapedValue.has(one)) escapedValue.set(one, escape(one.spelled));
			}
			const members = (show: (value: string) => string) =>
				`{${all.map((value, index) => `"${'abcd'.charAt(index)}":"${show(value)}"`).join()}}`;
			return {
				values: all,
				text: render(one => escapedValue.get(one)!, members(escape)),
				expected: (mark, keepsMembers) => render(({value}) => mark(value), keepsMembers ? members(mark) : '{}'),
			};
		});
});

/** The members that hold the values. */
export const plantedMembers = ['a', 'b', 'c', 'd'].map(letter => `who.${letter}`);

/** What stands for a value, made without the code under test. */
export function pseudonym(key: string, value: string): string {
	const same = value.includes('@') ? value.toLowerCase() : value;
	return `redacted:${createHmac('sha256', key).update(same).digest('hex').slice(0, 32)}`;
}

/** All that a reader can get out of a text: the text, its strings and names decoded, JSON and URLs within them too. */
export function readings(text: string): string[] {
	const read = new Set<string>();
	const left = [text];
	for (let one = left.pop(); one !== undefined; one = left.pop()) {
		if (read.has(one)) continue;
		read.add(one);
		for (const line of one.includes('\n') ? one.split('\n') : []) left.push(line);
		if (/%[0-9a-f]{2}|\+/i.test(one)) left.push(decoded(one));
		try {
			JSON.parse(one, (key, member: unknown) => {
				left.push(key, ...(typeof member === 'string' ? [member] : []));
				return member;
			});
		} catch {
			// no JSON
		}
	}
	return [...read];
}

function decoded(text: string): string {
	return text
		.replaceAll('+', ' ')
		.replace(/(?:%[0-9a-f]{2})+/gi, escapes => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString());
}
