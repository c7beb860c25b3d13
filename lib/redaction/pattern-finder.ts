import {isIP} from 'node:net';
import {canonical} from './value-finder.ts';
import type {Span} from './spans.ts';

/** What looks like personal data: e-mail addresses, IP addresses, or whatever an expression matches. */
export type RedactPattern = 'email' | 'ip' | RegExp;

export interface PatternFinder {
	find(text: string): Span[];
	/** False where a JSON text, as it is or decoded, surely has none. */
	mayBeIn(json: string): boolean;
	/** Whether the names of members are searched, too. */
	readonly names: boolean;
}

/** A finder that keeps no state, whatever the flags of the expression. */
export function patternFinder(pattern: RedactPattern): PatternFinder {
	if (pattern === 'email') return {find: findEmails, mayBeIn: json => emailHint.test(json), names: true};
	if (pattern === 'ip') return {find: findAddresses, mayBeIn: json => addressHint.test(json), names: true};
	const expression = new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, '')}g`);
	return {
		find: text =>
			Array.from(text.matchAll(expression), ({0: match, index}) => ({
				start: index,
				end: index + match.length,
				value: match,
			})).filter(({start, end}) => end > start),
		mayBeIn: () => true,
		names: false,
	};
}

/** In a JSON text it may be escaped. */
const emailHint = /@|%40|\\u00/;
const at = /@|%40/g;
const domain = /[\p{L}\p{M}\p{N}-]+(?:\.[\p{L}\p{M}\p{N}-]+)*\.\p{L}[\p{L}\p{M}\p{N}-]+/uy;
const hexPair = /[0-9a-f]{2}/iy;

/** From each `@` to both sides, so that the time is linear in the text. */
function findEmails(text: string): Span[] {
	if (!emailHint.test(text)) return [];
	const spans: Span[] = [];
	let done = 0;
	for (const {0: sign, index} of text.matchAll(at)) {
		const start = localStart(text, index, done);
		if (start === index) continue;
		domain.lastIndex = index + sign.length;
		const host = domain.exec(text);
		if (!host) continue;
		done = domain.lastIndex;
		const local = text.slice(start, index).replace(/%2b/gi, '+');
		spans.push({start, end: done, value: canonical(`${local}@${host[0]}`)});
	}
	return spans;
}

function localStart(text: string, end: number, limit: number): number {
	let start = end;
	while (start > limit) {
		if (isLocal(text.charCodeAt(start - 1))) start--;
		else if (text[start - 1] === '%' && start < end && isHexPair(text, start)) {
			// an escape of a URL: a plus belongs to the address, any other sign ends it
			if (text.slice(start, start + 2).toLowerCase() !== '2b') {
				start = Math.min(start + 2, end);
				break;
			}
			start--;
		} else break;
	}
	while (start < end && /[.'-]/.test(text[start]!)) start++;
	return start;
}

/** Letters, digits and `'+-._`, and all beyond ASCII but spaces and quotes. */
function isLocal(code: number): boolean {
	if (code >= 0x80) return !/[\s\p{P}]/u.test(String.fromCharCode(code));
	return (code | 0x20) >= 0x61 ? (code | 0x20) <= 0x7a || code === 0x5f : /[0-9'+.-]/.test(String.fromCharCode(code));
}

function isHexPair(text: string, index: number): boolean {
	hexPair.lastIndex = index;
	return hexPair.test(text);
}

/** What every address has, from a sign on that few texts have; a digit or a dot may be escaped. */
const addressHint = /\.\d{1,3}\.\d{1,3}\.\d|::|:(?:[0-9a-fA-F]{1,4}:){3}|\\u00/;
const ipv4 = /(?:(?<![A-Za-z0-9.])|(?<=%[0-9A-Fa-f]{2}))\d{1,3}(?:\.\d{1,3}){3}(?![A-Za-z0-9]|\.\d)/g;
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
