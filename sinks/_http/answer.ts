import {OtherAnswer} from '../../lib/http/unreadable.ts';
import {jsonIn} from './body-format.ts';

/** Words of a member's name that tell of what was not taken, if its value says anything. */
const failing =
	/^(?:errors?|err|errcode|fail|fails|failed|failures?|failing|reject|rejected|rejects|rejections?|refused|dropped|invalid|discarded|malformed|skipped|ignored|unprocessed|unauthorized|denied|exceptions?|fault|oversized?)$/;
/** Of those that are true where events were taken. */
const agreeing = /^(?:success|ok|succeeded|successful|accepted|acknowledged|ack|received|stored|ingested|indexed)$/;
/** Of those that hold a status, as a number of HTTP or as a word. */
const status = /^(?:status|code|state|result|outcome|statuscode|responsecode|httpstatus)$/;
/** Of those that hold a sentence. */
const saying = /^(?:message|msg|text|detail|details|title|description|reason|status|state|result|outcome)$/;
/** Names of members that count events as taken, and as known already. */
const counting =
	/^(?:accepted|ingested|indexed|stored|inserted|imported|processed|received|written|saved|successful|succeeded|success)$/;
const units = /^(?:num|number|of|count|counts|total|records?|events?|lines?|docs|documents|logs?|items?|entries)$/;
const known = /^(?:duplicates?|duplicated|existing)$/;

const wordOfFailure =
	/\b(?:errors?|fail(?:ed|ure|ures|s)?|denied|unauthori[sz]ed|forbidden|reject(?:ed|s)?|refused|invalid|unavailable|exceptions?|exceeded|too many|too large|busy|malformed|dropped|discarded|nok|not (?:ok|accepted|authori[sz]ed|found|allowed|stored|taken))\b/i;
const wordOfNone =
	/\b(?:no|zero|without|0)\s+(?:\w+\s+)?(?:errors?|fail(?:ed|ures?)|exceptions?|rejected|invalid|dropped|discarded)\b/gi;
const nothing = /^(?:|0|false|no|none|null|nil|n\/a|-|ok|success|successful|no errors?)$/i;

const maxDepth = 4;

/**
 * Throws where the JSON of a 2xx answer names a failure, or counts fewer events as taken than were sent. An answer
 * that is no JSON says nothing.
 */
export function assertNoFailure(value: unknown, sent: readonly Uint8Array[]): void {
	const said = failureIn(value, sent.length, echoOf(sent));
	if (said !== undefined) throw new OtherAnswer(`it says that not all was taken: ${said}`);
}

/** The values in an answer of a free form: one, or one a line. */
export function valuesIn(answer: Buffer): unknown[] {
	const whole = jsonIn(answer);
	if (whole !== undefined) return [whole];
	const lines = answer.toString().split('\n');
	return lines.filter(line => /^\s*[[{]/.test(line)).map(line => jsonIn(Buffer.from(line)));
}

function failureIn(value: unknown, sent: number, isEcho: (value: object) => boolean, depth = 0): string | undefined {
	if (value === false) return 'false';
	if (typeof value === 'string') return depth === 0 && tellsOfFailure(value) ? shown(value) : undefined;
	if (typeof value !== 'object' || value === null || depth > maxDepth || (depth > 0 && isEcho(value))) return undefined;
	const values = Array.isArray(value) ? value : Object.values(value);
	const own = Array.isArray(value) ? undefined : (failingMember(value) ?? tooFew(value, sent));
	if (own !== undefined) return own;
	for (const inner of values) {
		if (typeof inner !== 'object') continue;
		const said = failureIn(inner, sent, isEcho, depth + 1);
		if (said !== undefined) return said;
	}
	return undefined;
}

function failingMember(members: object): string | undefined {
	const found = Object.entries(members).find(([name, value]) => isFailure(wordsOf(name), value));
	return found && `${shown(found[0])}: ${shown(found[1])}`;
}

function isFailure(words: readonly string[], value: unknown): boolean {
	const [only] = words.length === 1 ? words : [words.join('')];
	if (words.some(word => failing.test(word))) return saysSomething(value);
	if (agreeing.test(words.at(-1) ?? '') && (value === false || value === 'false')) return true;
	if (/^(?:success|ok)$/.test(only!) && value === 0) return true;
	if (status.test(only!) && Number(value) >= 400) return true;
	return saying.test(only!) && typeof value === 'string' && tellsOfFailure(value);
}

/** Whether a member whose name is about failures tells of any. */
function saysSomething(value: unknown): boolean {
	if (typeof value === 'string') return !nothing.test(value.trim());
	if (typeof value === 'object' && value !== null) {
		return Array.isArray(value) ? value.length > 0 : Object.values(value).some(saysSomething);
	}
	return typeof value === 'number' ? value !== 0 : value === true;
}

function tooFew(members: object, sent: number): string | undefined {
	const counts = Object.entries(members).filter(([, value]) => Number.isInteger(value)) as [string, number][];
	const already = counts.filter(([name]) => wordsOf(name).some(word => known.test(word)));
	const enough = sent - already.reduce((sum, [, count]) => sum + count, 0);
	const few = counts.find(([name, count]) => countsTaken(wordsOf(name)) && count < enough);
	return few && `${shown(few[0])}: ${few[1]}, of ${sent} that were sent`;
}

function countsTaken(words: readonly string[]): boolean {
	const isCount =
		words.some(word => counting.test(word)) && words.every(word => counting.test(word) || units.test(word));
	return isCount && !(words.length === 1 && words[0] === 'success'); // 1 is true there
}

function tellsOfFailure(text: string): boolean {
	return wordOfFailure.test(text.replaceAll(wordOfNone, ''));
}

function wordsOf(name: string): string[] {
	const spaced = name.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2');
	return spaced
		.toLowerCase()
		.split(/[^a-z]+/)
		.filter(word => word !== '');
}

function shown(value: unknown): string {
	return JSON.stringify(value)?.slice(0, 200) ?? 'nothing';
}

/** Some receivers repeat what they got: an event says nothing of how it was taken. */
function echoOf(sent: readonly Uint8Array[]): (value: object) => boolean {
	let texts: ReadonlySet<string> | undefined;
	return value => {
		texts ??= new Set(sent.map(text => JSON.stringify(jsonIn(Buffer.from(text)))));
		return texts.has(JSON.stringify(value));
	};
}
