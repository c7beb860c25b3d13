import {isIP} from 'node:net';
import {RE2JS} from 're2js';
import {decodeEscapes} from '../http/decode-escapes.ts';
import {ConfigError, reasonOf} from '../model/errors.ts';

/** What looks like personal data: e-mail addresses, IP addresses, or whatever an expression matches. */
export type RedactPattern = 'email' | 'ip' | RegExp;

export interface Span {
	readonly start: number;
	readonly end: number;
	/** What stands there, in the one spelling that others of it share. Default: the text. */
	readonly value?: string;
}

/** Where in a text something is that is to go. */
export type Find = (text: string) => readonly Span[];

const mayBeEscaped = /[%&\\]|[^\0-\x7f]/;
const invisible = /\p{Default_Ignorable_Code_Point}+/gu;

/**
 * A function that puts `mark` in the place of each match and of each of the other values. Addresses and values are
 * found behind escapes of URLs, HTML and JSON, too: a text that hides one is returned decoded. It takes time linear
 * in the text.
 */
export function replacePatterns(
	patterns: readonly RedactPattern[],
	mark: (value: string) => string,
): (text: string, values?: Find) => string {
	const all = patterns.map(finderOf);
	const addresses = all.filter((_, index) => typeof patterns[index] === 'string');
	return (text, values) => {
		const plain = replace(text, values ? [values, ...all] : all, mark);
		const readable = values ? [values, ...addresses] : addresses;
		if (readable.length === 0 || !mayBeEscaped.test(plain)) return plain;
		const read = decodeEscapes(plain)?.replace(invisible, '');
		if (read === undefined) return mark(plain); // escaped so often that nobody means it to be read
		const redacted = replace(read, readable, mark);
		return redacted === read ? plain : redacted;
	};
}

function finderOf(pattern: RedactPattern): Find {
	return pattern === 'email' ? emailsIn : pattern === 'ip' ? addressesIn : matchesOf(pattern);
}

/** Matches that overlap are one. */
function replace(text: string, finders: readonly Find[], mark: (value: string) => string): string {
	const spans = finders.flatMap(find => find(text)).sort((a, b) => a.start - b.start);
	if (spans.length === 0) return text;
	const parts: string[] = [];
	let at = 0;
	for (let index = 0; index < spans.length;) {
		const {start} = spans[index]!;
		let {end, value} = spans[index]!;
		for (index++; index < spans.length && spans[index]!.start < end; index++) {
			if (spans[index]!.end > end) [end, value] = [spans[index]!.end, undefined];
		}
		parts.push(text.slice(at, start), mark(value ?? text.slice(start, end)));
		at = end;
	}
	return parts.join('') + text.slice(at);
}

/** Run by RE2: a record may hold what keeps a backtracking engine busy for years. */
function matchesOf({source, flags}: RegExp): Find {
	const known: Readonly<Record<string, number>> = {
		i: RE2JS.CASE_INSENSITIVE,
		m: RE2JS.MULTILINE,
		s: RE2JS.DOTALL,
	};
	try {
		const bits = Array.from(flags).reduce((sum, flag) => sum | (known[flag] ?? 0), 0);
		const expression = RE2JS.compile(RE2JS.translateRegExp(source), bits);
		return text => {
			const spans: Span[] = [];
			const matcher = expression.matcher(text);
			while (matcher.find()) {
				if (matcher.end() > matcher.start()) spans.push({start: matcher.start(), end: matcher.end()});
			}
			return spans;
		};
	} catch (error) {
		const expected = `an expression that can be run in linear time, without lookaround and backreferences: ${reasonOf(error)}`;
		throw ConfigError.of('redact', [{option: 'patterns', expected}], {cause: error});
	}
}

const maxQuoted = 64;
const bracketed = /\[[0-9a-z.:]{2,45}\]/iy;

/** Runs of what an address may be written with, around an `@`: each is walked through once. */
function emailsIn(text: string): Span[] {
	const spans: Span[] = [];
	for (let end = 0, at = text.indexOf('@'); at >= 0; at = text.indexOf('@', end)) {
		let start = localStart(text, at, end);
		for (end = at + 1; end < text.length && isPart(text[end]!);) end++;
		bracketed.lastIndex = end;
		if (text[end - 1] === '@' && bracketed.test(text)) end = bracketed.lastIndex;
		while (start < end && isEdge(text[start]!)) start++;
		let last = end;
		while (last > start && isEdge(text[last - 1]!)) last--;
		// a version of a package is no host
		const [, ...hosts] = text.slice(start, last).split('@');
		if (hosts.some(host => /[\p{L}[]/u.test(host) || isIP(host))) spans.push({start, end: last});
	}
	return spans;
}

function localStart(text: string, at: number, limit: number): number {
	if (text[at - 1] === '"') {
		const from = Math.max(limit, at - maxQuoted - 2);
		const opening = text.slice(from, at - 1).lastIndexOf('"');
		return opening < 0 ? at : from + opening;
	}
	let start = at;
	while (start > limit && isPart(text[start - 1]!)) start--;
	return start;
}

/** Letters, digits and what is seldom a separator, and all beyond ASCII but spaces and punctuation. */
function isPart(char: string): boolean {
	return char < '\x80' ? /[\w.'+!#$^~@-]/.test(char) : !/[\s\p{P}]/u.test(char);
}

/** What may stand beside an address and in it. */
function isEdge(char: string): boolean {
	return /[.'!#$^~@-]/.test(char);
}

/** What every address has, from a sign on that few texts have. */
const addressHint = /\.\d{1,3}\.\d{1,3}\.\d|::|:(?:[0-9a-fA-F]{1,4}:){3}/;
const ipv4 = /(?<![A-Za-z0-9.])\d{1,3}(?:\.\d{1,3}){3}(?![A-Za-z0-9]|\.\d)/g;
const ipv6 = /[0-9a-f]{0,4}:[0-9a-f]{0,4}:[0-9a-f:.]{0,50}(?![0-9a-z_])(?:%[0-9a-z._-]+)?/gi;

function addressesIn(text: string): Span[] {
	if (!addressHint.test(text)) return [];
	const spans: Span[] = [];
	for (const {0: match, index} of text.matchAll(ipv4)) {
		if (isIP(match)) spans.push({start: index, end: index + match.length});
	}
	for (const {0: match, index} of text.matchAll(ipv6)) {
		const found = ipv6In(match, /[A-Za-z0-9]/.test(text[index - 1] ?? ''));
		if (found) spans.push({start: index + found.start, end: index + found.end});
	}
	return spans;
}

/** Groups in front may belong to a word or a time, a sign behind it to the sentence. */
function ipv6In(match: string, isInWord: boolean): Span | undefined {
	const zone = match.indexOf('%');
	const groups = zone < 0 ? match.replace(/\.+$|(?<!:):$/, '') : match.slice(0, zone);
	for (let start = isInWord ? groups.indexOf(':') + 1 : 0, tries = 0; tries < 8; tries++) {
		const address = groups.slice(start);
		if (isIP(address) === 6 && /\d/.test(address)) return {start, end: zone < 0 ? groups.length : match.length};
		const colon = groups.indexOf(':', start);
		if (colon < 0) return undefined;
		start = colon + 1;
	}
	return undefined;
}
