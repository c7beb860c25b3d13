import {map, type MonoTypeOperatorFunction} from 'rxjs';
import {commonMembers} from './common-members.ts';
import {parseContainer} from '../redaction/json-edits.ts';
import {keepEvents, ownText, type Page, type Rejected, type SourceFacts, type SourceRecord} from '../model/page.ts';
import {isCommonRecord} from '../redaction/kept-members.ts';
import {redactEvent, valuesOf} from '../redaction/redact-event.ts';
import {Redaction, type RedactOptions} from '../redaction/redaction.ts';
import {actionsLeft} from '../redaction/unknown-actions.ts';
import {type ValueFinder, valueFinder} from '../redaction/value-finder.ts';

export type {RedactOptions} from '../redaction/redaction.ts';
export type {RedactPattern} from '../redaction/pattern-finder.ts';

const noValues = valueFinder([]);
const lost = 'cannot be redacted';

/**
 * Pages without the values of these members and without what matches these patterns, wherever they stand: in other
 * members, in `raw`, and in the records and dead letters that sinks get. With a key each value is `redacted:` and 128
 * bits of HMAC-SHA256 in hex, the same one everywhere; without one members are absent, and the rest is `[redacted]`.
 *
 * A value is found as it is, trimmed, composed or not, in JSON within JSON, in URLs and HTML, e-mail addresses in any
 * case; never in the middle of a word, so the id `1` takes every `1` that stands alone with it. It is not found in
 * base64, in other spellings of a name, where a part of it stands alone, or, of more than 64 Ki characters, as part of a
 * text. In `raw` there is people's data in members that the common record does not have: `normalize({raw: false})`
 * leaves it out. `email` and `ip` are looked for in the names of members, too, expressions are not.
 *
 * Of common records, `id`, `time`, `source`, `tenant` and `processed` stay, whatever they hold, since files, rows and
 * identities are named by them, and so do `activity` and `outcome`: who names one gets an error with the first page. The
 * `type` of an actor or a target goes only where it is named itself. Where records have no ids of their own (Confluence
 * Cloud, Data Center), `id` is a hash of the record: with few possible values one can try them all.
 *
 * A text that is no JSON, is nested more than 100 deep, or may hold another value in a second member of one name cannot
 * be redacted and is left out: as `raw`, and of dead letters, which keep their id and their reason; so is that of a dead
 * letter from before in which the members cannot be found. Unknown actions are counted by what is left of them.
 *
 * ```ts
 * pages$.pipe(normalize(), redact({members: ['actor.email', 'actor.name'], patterns: ['ip'], key}));
 * ```
 */
export function redact<T>(options: RedactOptions): MonoTypeOperatorFunction<Page<T>> {
	const redaction = new Redaction(
		options,
		commonMembers().flatMap(member => member.split('.')),
	);
	return map(page => {
		const isCommon = (event: unknown) => !page.verbatim && isCommonRecord(event, page.source);
		if (redaction.refusal && page.events.some(isCommon)) {
			page.nack(redaction.refusal);
			throw redaction.refusal;
		}
		const rejected: Rejected[] = [];
		const keep = new Array<boolean>(page.events.length).fill(true);
		const events: T[] = [];
		const records: SourceRecord[] = [];
		for (const [index, event] of page.events.entries()) {
			const record = page.records[index]!;
			const isOwn = page.verbatim && (event as unknown) === record.value;
			const redacted = isOwn ? redactOwn(record, redaction) : redactMade(event, record, redaction, isCommon(event));
			keep[index] = redacted !== undefined;
			if (redacted === undefined) rejected.push({id: record.id, text: new Uint8Array(), reason: lost});
			events.push(redacted?.event as T);
			records.push(redacted?.record ?? record);
		}
		const letters = page.rejected.map(letter => redactLetter(letter, page, redaction));
		const unknownActions = page.unknownActions && actionsLeft(page.unknownActions, page.events, events);
		return keepEvents<T>(
			{...page, events, records, rejected: letters, ...(unknownActions ? {unknownActions} : {})},
			keep,
			rejected,
		);
	});
}

interface Redacted {
	readonly event: unknown;
	readonly record: SourceRecord;
}

/** An event that is the record itself: undefined where its text cannot be redacted. */
function redactOwn(given: SourceRecord, redaction: Redaction): Redacted | undefined {
	const record = withText(given, redaction, redaction.valuesIn(ownText(given)), redaction.tree);
	return record && {event: record.value, record};
}

/** An event that was made from the record: undefined where it cannot be walked through. */
function redactMade(
	event: unknown,
	given: SourceRecord,
	redaction: Redaction,
	isCommon: boolean,
): Redacted | undefined {
	try {
		const values = valuesOf(event, redaction, isCommon);
		const record = withText(given, redaction, values);
		const own = {before: ownText(given), after: record && ownText(record)};
		const redacted = redactEvent(event, redaction, values, own, isCommon);
		// what a sink may ask of the record must hold nothing either
		return redacted === undefined ? undefined : {event: redacted, record: record ?? {...given, ...nothing}};
	} catch {
		return undefined;
	}
}

const nothing = {text: Buffer.from('{}'), raw: '{}', value: {}};

/** The same record where there is nothing in it; undefined where something would be left. */
function withText(
	record: SourceRecord,
	redaction: Redaction,
	values: ValueFinder,
	tree?: Redaction['tree'],
): SourceRecord | undefined {
	const before = ownText(record);
	if (!tree && !redaction.mayChange(before, values)) return record;
	const redacted = redaction.json(before, values, tree);
	if (redacted === undefined || redacted.text === before) return redacted && record;
	const {text: raw, value} = redacted;
	return {...record, text: Buffer.from(raw), raw, value};
}

/** A dead letter from before: its members are found as the source would have mapped them. */
function redactLetter({id, text, reason}: Rejected, page: Page, redaction: Redaction): Rejected {
	const json = ownText({text});
	const values = valuesOfLetter(json, page, redaction);
	const redacted = values && redaction.json(json, values, page.verbatim ? redaction.tree : undefined);
	return {
		...(id === undefined ? {} : {id}),
		text: redacted ? (redacted.text === json ? text : Buffer.from(redacted.text)) : new Uint8Array(),
		reason: redaction.text(reason, values ?? noValues),
	};
}

function valuesOfLetter(
	json: string,
	{verbatim, source}: {readonly verbatim: boolean; readonly source: SourceFacts},
	redaction: Redaction,
): ValueFinder | undefined {
	if (verbatim) return redaction.valuesIn(json);
	if (redaction.tree === undefined) return noValues;
	if (redaction.refusal || !redaction.isWithin(new Set(commonMembers()))) return undefined;
	try {
		return valuesOf(source.normalize(parseContainer(json)), redaction, true);
	} catch {
		return undefined;
	}
}
