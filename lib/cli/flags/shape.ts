import type {Observable} from 'rxjs';
import {ConfigError} from '../../model/errors.ts';
import {ExactNumber, exactly} from '../../sink/exact-numbers.ts';
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
import {choice, type Flags, type FlagValues, nearest, textsIn} from './flags.ts';
import {redactFlags, redactionFrom} from './redact.ts';
import type {World} from '../world.ts';
import {commonMembers} from '../../model/event.ts';
import {ecsOrigins} from '../../schemas/ecs-origins.ts';
import {ocsfOrigins} from '../../schemas/ocsf-origins.ts';

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
export function formatOf({order}: Source, values: FlagValues): EventFormat {
	return choice(values, 'format', order === 'none' ? ['raw', 'audit', 'ecs', 'ocsf'] : ['audit', 'raw', 'ecs', 'ocsf']);
}

/** The members that events of a format can have, dotted; undefined where only the API knows. */
function membersOf(format: EventFormat): readonly string[] | undefined {
	if (format === 'audit') return commonMembers();
	if (format === 'raw') return undefined;
	return Object.keys(format === 'ecs' ? ecsOrigins : ocsfOrigins);
}

/**
 * Throws a ConfigError for a member that no event of the format can have: a name that is spelled wrong would leave all
 * events out, or everything but it.
 */
export function checkMember(flag: string, member: string, format: EventFormat): void {
	const known = membersOf(format);
	// the places in a list have no names
	const path = member
		.split('.')
		.filter(part => !/^\d+$/.test(part))
		.join('.');
	if (!known || known.some(one => one === path || one.startsWith(`${path}.`))) return;
	// of what is named as a whole, the parts are not listed
	const whole = known.find(one => path.startsWith(`${one}.`) && !known.some(part => part.startsWith(`${one}.`)));
	if (whole !== undefined) return;
	throw new ConfigError(
		`${flag}: expected a member of the event in --format ${format}, got ${JSON.stringify(member)}${nearest(path, known)}`,
	);
}

/** A test for `MEMBER=VALUE`: the member is dotted, a list matches when one of its values does. */
export function parseWhere(text: string): (event: unknown) => boolean {
	const at = text.indexOf('=');
	if (at < 1) throw new ConfigError(`--where: expected MEMBER=VALUE, got no ${at < 0 ? '=' : 'member'}`);
	const path = text.slice(0, at).split('.');
	const expected = text.slice(at + 1);
	return event => matches(event, path, expected);
}

function matches(value: unknown, path: readonly string[], expected: string): boolean {
	if (Array.isArray(value) && !(path.length > 0 && Object.hasOwn(value, path[0]!))) {
		return value.some(item => matches(item, path, expected));
	}
	const [key, ...rest] = path;
	if (key === undefined)
		return typeof value !== 'object' || value instanceof ExactNumber
			? `${value as string | number | boolean | undefined}` === expected
			: value === null && expected === 'null';
	if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
	return matches((value as Record<string, unknown>)[key], rest, expected);
}
