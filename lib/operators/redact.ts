import type {MonoTypeOperatorFunction} from 'rxjs';
import {ConfigError} from '../model/errors.ts';
import type {AuditEvent} from '../model/event.ts';
import type {Entry, Page} from '../model/page.ts';
import {eachPage} from './each-page.ts';
import {type RedactOptions, redactionOf, withoutText} from '../redaction/redaction.ts';

export type {RedactPattern} from '../redaction/patterns.ts';
export type {RedactOptions} from '../redaction/redaction.ts';

/**
 * Pages of common records without these members, without their values in other texts, without what matches these
 * patterns in any text or name of a member, and without `raw`. With a key each value is `redacted:` and 128 bits of
 * HMAC-SHA256 in hex, the same one everywhere; without one members are absent, and the rest is `[redacted]`. Sinks and
 * operators behind it see nothing of the record's own text: what stands for it is the redacted event.
 *
 * A value is found in any case, never in the middle of a word, and not where it is spelled otherwise, or of more than 64
 * words and part of a text. `id`, `time`, `source`, `tenant`, `processed`, `activity` and `outcome` stay, whatever they
 * hold. `action`, `category`, `field` and `type` hold words of the API: no values are looked for there, and a `type` stays
 * in what is named as a whole where pseudonyms can stand beside it. Where records have no ids of their own (Confluence
 * Cloud, Data Center), `id` is a hash of the record: with few possible values one can try them all. A dead letter keeps
 * its id and its reason up to the first colon, as what follows may quote the record. Put it behind `normalize()` and
 * `enrich()`, before `ecs()`, `ocsf()` and `select()`.
 *
 * ```ts
 * pages$.pipe(normalize(), redact({members: ['actor.email', 'actor.name'], patterns: ['ip'], key}));
 * ```
 */
export function redact(options: RedactOptions): MonoTypeOperatorFunction<Page<AuditEvent>> {
	const redaction = redactionOf(options);
	return eachPage('redact', page => {
		checkCommon(page);
		const rejected = page.rejected.map(letter => withoutText(letter, redaction.text));
		const entries: Entry<AuditEvent>[] = [];
		for (const {
			event: given,
			record: {raw: _, ...record},
		} of page.entries) {
			try {
				const event = redaction.event(given);
				entries.push({event, record: {...record, text: Buffer.from(JSON.stringify(event)), value: {...event}}});
			} catch {
				rejected.push(withoutText({id: record.id, text: record.text, reason: 'cannot be redacted'}, redaction.text));
			}
		}
		const unknownActions = new Map<string, number>();
		for (const [action, times] of page.unknownActions ?? []) {
			const left = redaction.action(action);
			unknownActions.set(left, (unknownActions.get(left) ?? 0) + times);
		}
		return page.with({entries, rejected, unknownActions});
	});
}

/** Ends a stream of other events, which an operator made: nothing would be found where it is looked for. */
function checkCommon({events, source: {name, tenant}}: Page<AuditEvent>): void {
	const isOther = (event: Partial<AuditEvent> | undefined) => event?.source !== name || event.tenant !== tenant;
	if (!events.some(isOther)) return;
	throw new ConfigError(
		'redact: expected common records, got other events; put it right behind normalize() and enrich()',
	);
}
