import {isIP} from 'node:net';
import {RE2JS} from 're2js';
import {ConfigError, reasonOf} from '../model/errors.ts';
import {findDecoded} from './reading.ts';
import {canonical} from './value-finder.ts';
import type {Span} from './spans.ts';

/** What looks like personal data: e-mail addresses, IP addresses, or whatever an expression matches. */
export type RedactPattern = 'email' | 'ip' | RegExp;

export interface PatternFinder {
	find(text: string): readonly Span[];
	/** False where a JSON text, as it is or decoded, surely has none. */
	mayBeIn(json: string): boolean;
	/** Whether the names of members are searched, too. */
	readonly names: boolean;
}

/** A finder that keeps no state, whatever the flags of the expression. */
export function patternFinder(pattern: RedactPattern): PatternFinder {
	if (pattern === 'email') {
		return {find: text => findRead(text, findEmails), mayBeIn: json => emailHint.test(json), names: true};
	}
	if (pattern === 'ip') {
		const mayBeIn = (json: string) => addressHint.test(json) || escapeHint.test(json);
		return {find: text => findRead(text, findAddresses), mayBeIn, names: true};
	}
	const expression = compile(pattern);
	return {
		find(text) {
			const spans: Span[] = [];
			const matcher = expression.matcher(text);
			while (matcher.find()) {
				const [start, end] = [matcher.start(), matcher.end()];
				if (end > start) spans.push({start, end, value: matcher.group()!});
			}
			return spans;
		},
		mayBeIn: () => true,
		names: false,
	};
}

/** Run by RE2, in time linear in the text: a record may hold what keeps a backtracking engine busy for years. */
function compile({source, flags}: RegExp): RE2JS {
	const known: Readonly<Record<string, number>> = {
		i: RE2JS.CASE_INSENSITIVE,
		m: RE2JS.MULTILINE,
		s: RE2JS.DOTALL,
	};
	const all = Array.from(flags).reduce((bits, flag) => bits | (known[flag] ?? 0), 0);
	try {
		return RE2JS.compile(RE2JS.translateRegExp(source), all);
	} catch (error) {
		throw new ConfigError(
			`redact: expected an expression that can be run in linear time, without lookaround and backreferences: ${reasonOf(error)}`,
			{cause: error},
		);
	}
}

function findRead(text: string, find: (text: string) => readonly Span[]): readonly Span[] {
	return findDecoded(text, find) ?? find(text);
}

/** In a JSON text it may be escaped, in more ways than one. */
const emailHint = /@|%(?:25)*40|&(?:amp;)*(?:#|commat)|\\u00/;
const domain = /\[[0-9a-z.:]{2,45}\]|[\p{L}\p{M}\p{N}_-]+(?:[.@][\p{L}\p{M}\p{N}_-]+)*/iuy;
const maxQuoted = 64;

/** From each `@` to both sides, so that the time is linear in the text. */
function findEmails(text: string): Span[] {
	const spans: Span[] = [];
	let done = 0;
	for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
		const start = localStart(text, at, done);
		if (start === at) continue;
		domain.lastIndex = at + 1;
		const host = domain.exec(text)?.[0];
		// a version of a package is no host
		if (host === undefined) continue;
		const end = domain.lastIndex;
		if (!(/[\p{L}[]/u.test(host) || isIP(host))) {
			// no host begins within it either, unless behind its last sign
			at = Math.max(at, text.lastIndexOf('@', end - 1) - 1);
			continue;
		}
		done = end;
		spans.push({start, end: done, value: canonical(text.slice(start, done))});
	}
	return spans;
}

function localStart(text: string, end: number, limit: number): number {
	if (text[end - 1] === '"') {
		const from = Math.max(limit, end - maxQuoted - 2);
		const opening = text.slice(from, end - 1).lastIndexOf('"');
		return opening < 0 ? end : from + opening;
	}
	let start = end;
	while (start > limit && isLocal(text.charCodeAt(start - 1))) start--;
	while (start < end && /[.'!#$^~-]/.test(text[start]!)) start++;
	return start;
}

/** Letters, digits and what is seldom a separator, and all beyond ASCII but spaces and quotes. */
function isLocal(code: number): boolean {
	if (code >= 0x80) return !/[\s\p{P}]/u.test(String.fromCharCode(code));
	return (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a ? true : /[0-9'+._!#$^~-]/.test(String.fromCharCode(code));
}

/** What every address has, from a sign on that few texts have. */
const addressHint = /\.\d{1,3}\.\d{1,3}\.\d|::|:(?:[0-9a-fA-F]{1,4}:){3}/;
const escapeHint = /%[0-9a-f]|&(?:amp;)*[#pc]|\\u|\p{Default_Ignorable_Code_Point}/iu;
const ipv4 = /(?<![A-Za-z0-9.])\d{1,3}(?:\.\d{1,3}){3}(?![A-Za-z0-9]|\.\d)/g;
const ipv6 = /[0-9a-f]{0,4}:[0-9a-f]{0,4}:[0-9a-f:.]{0,50}(?![0-9a-z_])(?:%[0-9a-z._-]+)?/gi;

function findAddresses(text: string): Span[] {
	if (text.length < 3 || !addressHint.test(text)) return [];
	const spans: Span[] = [];
	for (const {0: match, index} of text.matchAll(ipv4)) {
		if (isIP(match)) spans.push({start: index, end: index + match.length, value: match});
	}
	for (const {0: match, index} of text.matchAll(ipv6)) {
		const found = ipv6In(match, /[A-Za-z0-9]/.test(text[index - 1] ?? ''));
		if (found) spans.push({start: index + found.start, end: index + found.end, value: found.value});
	}
	return spans;
}

/** Groups in front may belong to a word or a time, a sign behind it to the sentence. */
function ipv6In(match: string, isInWord: boolean): Span | undefined {
	const [, groups = '', zone = ''] = /^([^%]*)(.*)$/s.exec(match)!;
	const end = zone === '' ? groups.replace(/\.+$|(?<!:):$/, '').length : groups.length;
	let start = isInWord ? groups.indexOf(':') + 1 : 0;
	for (let tries = 0; tries < 8 && start < end; tries++) {
		const address = groups.slice(start, end);
		if (isIP(address) === 6 && /\d/.test(address)) {
			return {start, end: end + zone.length, value: `${address}${zone}`.toLowerCase()};
		}
		const colon = groups.indexOf(':', start);
		if (colon < 0) return undefined;
		start = colon + 1;
	}
	return undefined;
}
