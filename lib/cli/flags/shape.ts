import type {Observable} from 'rxjs';
import {ConfigError} from '../../model/errors.ts';
import {exactly} from '../../sink/exact-numbers.ts';
import type {AuditEvent} from '../../model/event.ts';
import {ecs} from '../../operators/ecs.ts';
import {enrich} from '../../operators/enrich.ts';
import {filterEvents} from '../../operators/filter-events.ts';
import {normalize} from '../../operators/normalize.ts';
import {ocsf} from '../../operators/ocsf.ts';
import {redact} from '../../operators/redact.ts';
import {removeMembers} from '../../redaction/remove-members.ts';
import {select} from '../../operators/select.ts';
import type {Page} from '../../model/page.ts';
import type {EventFormat} from '../../sink/sink.ts';
import type {Source} from '../../source/define-source.ts';
import {enrichFlags, enrichmentFrom} from './enrich.ts';
import {choice, type Flags, type FlagValues, textsIn} from './flags.ts';
import {redactFlags, redactionFrom} from './redact.ts';
import {checkMember} from './members.ts';
import {parseWhere} from './where.ts';
import type {World} from '../world.ts';

export const shapeFlags: Flags = {
	format: {
		value: 'audit|raw|ecs|ocsf',
		help: "the common record, each record's own text, Elastic Common Schema, or OCSF (default: audit; of a listing: raw)",
	},
	'no-raw': {help: "leave the record's own text out of raw, event.original or raw_data"},
	...enrichFlags,
	...redactFlags,
	where: {
		value: 'MEMBER=VALUE',
		repeat: true,
		help: 'only events with this value, in a member of the --format that is written: actor.name=Lila; all must hold',
	},
};

/** What becomes of the events between the source and the sinks. */
export interface Shape {
	/** What sinks get: `selected` for members of it only. */
	readonly format: EventFormat;
	/** What a state belongs to: with another shape its target would hold two kinds of events. */
	readonly binding: Readonly<Record<string, string>>;
	apply(pages: Observable<Page>): Observable<Page>;
}

/** What the flags ask for, for a source with these checked options. Throws a ConfigError before any request. */
export async function shapeFrom(
	source: Source,
	options: Readonly<Record<string, unknown>>,
	values: FlagValues,
	env: World['env'],
): Promise<Shape> {
	const format = formatOf(source, values);
	const noRaw = values['no-raw'] === true;
	if (noRaw && format === 'raw') {
		throw new ConfigError("--no-raw: expected --format audit, ecs or ocsf beside it, got raw, the record's own text");
	}
	const where = textsIn(values, 'where');
	const tests = where.map(text => {
		const test = parseWhere(text);
		checkMember('--where', text.slice(0, text.indexOf('=')), format);
		return test;
	});
	const enrichment = await enrichmentFrom(source, options, {...values, format}, env);
	const redaction = redactionFrom(values, env, format);
	// nothing of the record's own text where something is redacted
	const raw = !noRaw && redaction.redact === undefined;
	for (const member of redaction.select ?? []) checkMember('--select', member, format);
	const shape = (pages: Observable<Page>): Observable<Page> => {
		if (format === 'raw') return redaction.remove ? pages.pipe(removeMembers(redaction.remove)) : pages;
		let events: Observable<Page<AuditEvent>> = pages.pipe(normalize({raw}));
		if (enrichment) events = events.pipe(enrich(enrichment.options));
		if (redaction.redact) events = events.pipe(redact(redaction.redact));
		if (format === 'ecs') return events.pipe(ecs());
		return format === 'ocsf' ? events.pipe(ocsf()) : events;
	};
	return {
		format: redaction.select ? 'selected' : format,
		binding: {
			'--format': format,
			...(raw ? {} : {'--no-raw': 'true'}),
			...enrichment?.binding,
			...redaction.binding,
			...(where.length > 0 ? {'--where': JSON.stringify(where.toSorted())} : {}),
		},
		apply(pages) {
			const has = (event: unknown) => tests.every(test => test(event));
			let events = shape(pages);
			if (tests.length > 0) events = events.pipe(filterEvents((event, record) => has(exactly(event, record))));
			return redaction.select ? events.pipe(select(redaction.select)) : events;
		},
	};
}

/** What a listing gives are no audit events: its records say more as they are. */
function formatOf({order}: Source, values: FlagValues): EventFormat {
	return choice(values, 'format', order === 'none' ? ['raw', 'audit', 'ecs', 'ocsf'] : ['audit', 'raw', 'ecs', 'ocsf']);
}
