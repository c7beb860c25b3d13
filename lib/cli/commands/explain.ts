import {ConfigError, reasonOf} from '../../model/errors.ts';
import {isCatchAll} from '../../model/activity.ts';
import type {AuditEvent, Json} from '../../model/event.ts';
import {type MappedRecord, mapRecord} from '../../source/common-record.ts';
import {ecsOrigins} from '../../schemas/ecs-origins.ts';
import {toEcs} from '../../schemas/ecs.ts';
import {ocsfOrigins} from '../../schemas/ocsf-origins.ts';
import {toOcsf} from '../../schemas/ocsf.ts';
import {excerpt} from '../../http/secrets.ts';
import type {Source} from '../../source/define-source.ts';
import {type Flags, parseFlags} from '../flags/flags.ts';
import {jsonInput} from '../flags/json-input.ts';
import {requiredSource} from '../flags/source-named.ts';
import {write} from '../output/log.ts';
import {fileIn, type World} from '../world.ts';

const flags: Flags = {
	source: {value: 'NAME', help: 'the source that the record is from; a line of --format audit says that itself'},
};

export function help(): string {
	return `Usage: rxaudit explain EVENT.json [--source NAME]

Shows a record, what becomes of it in each --format, and what each member is made from. EVENT.json holds one record as
its API gave it, an answer with one record in it, or a line that --format audit wrote; - reads standard input.

Options:
  --source NAME             ${flags['source']!.help}

Examples:
  rxaudit explain event.json --source atlassian-org-events
  tail -1 audit.ndjson | rxaudit explain -
`;
}

/** `rxaudit explain EVENT.json`: a record, what it becomes, and which rule makes each member. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const {values, rest} = parseFlags(args, flags, 1, world);
	const [place] = rest;
	if (place === undefined) throw new ConfigError('explain: expected a file with a record, or -, got nothing');
	const {text, value} = await jsonInput(fileIn(world, place), world.stdin, `explain ${place}`);
	const written = writtenRecord(value);
	if (written && written.raw === undefined) {
		throw new ConfigError('explain: expected the record itself, got a line that was written without it (--no-raw)');
	}
	const name = (values['source'] ?? written?.source) as string | undefined;
	const source = await requiredSource('--source', 'the source of the record', name, world);
	if (!source.comesAs.includes(name!)) {
		const names = source.comesAs.join(', ');
		throw new ConfigError(`explain --source ${name}: expected the source that its records come under: ${names}`);
	}
	const record = written?.raw ?? oneRecord(text, value, source.records.records);
	await write(world.stdout, explained(source, record, written?.tenant ?? '(as the options say)'));
	return 0;
}

/** What a line of `--format audit` says of itself. */
function writtenRecord(value: Json): Pick<AuditEvent, 'source' | 'tenant' | 'raw'> | undefined {
	const {source, tenant, time, raw} = membersOf(value);
	if (typeof source !== 'string' || typeof tenant !== 'string' || typeof time !== 'string') return undefined;
	return {source, tenant, ...(typeof raw === 'string' ? {raw} : {})};
}

/** The record's text: the whole input, or the one record that an API's answer holds. */
function oneRecord(text: string, value: Json, member = ''): string {
	const inner = membersOf(value)[member] ?? value;
	if (!Array.isArray(inner)) return inner === value ? text : JSON.stringify(inner);
	if (inner.length === 1) return JSON.stringify(inner[0]);
	const place = inner === value ? '' : `.${member}`;
	throw new ConfigError(`explain: expected one record, got ${inner.length}; cut one out: jq '${place || '.'}[0]'`);
}

function membersOf(value: Json): Readonly<Record<string, Json>> {
	return typeof value === 'object' && value !== null && !Array.isArray(value)
		? (value as Readonly<Record<string, Json>>)
		: {};
}

function explained({name, order, records: facts}: Source, text: string, tenant: string): string {
	let mapped: MappedRecord;
	try {
		mapped = mapRecord({name, order, records: facts}, text, tenant);
	} catch (error) {
		throw new ConfigError(`explain: expected a record of ${name}, but ${reasonOf(error)}: it would be a dead letter`);
	}
	const {event, rule, product, ownIds} = mapped;
	const origins = {
		id: ownIds ? "the record's own id" : "a hash of the record's ids, keys and values: it has no id of its own",
		time: order === 'none' ? 'when the listing began' : "the record's time",
		source: '--source',
		tenant: 'the options of the source',
		activity: `action, by the rule ${JSON.stringify(rule)}`,
		...Object.fromEntries(Object.entries(facts.origins).map(([member, {says}]) => [member, says])),
		raw: "the record's own text",
	};
	const isKnown = facts.actions === undefined || event.action === undefined || rule !== undefined;
	const note = !isKnown
		? `No rule of ${name} knows this action: it has no activity, and each schema's default.\n\n`
		: isCatchAll(event.activity)
			? `No rule of ${name} but the one for all else knows this action, so that nothing says what was done.\n\n`
			: '';
	return `${name}: the record

${shown(event.raw!)}

--format audit: the common record

${note}${explanation(event, origins)}
--format ecs: from the common record

${explanation(toEcs(event, {product}), ecsOrigins)}
--format ocsf: from the common record

${explanation(toOcsf(event, {product, ownIds}), ocsfOrigins)}`;
}

/** The record's own text laid out, each token as it is, with escapes for what a terminal would obey. */
function shown(text: string): string {
	let depth = 0;
	const line = () => `\n${'  '.repeat(depth)}`;
	const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"|[{[]\s*[}\]]|[{}[\],:]|[^\s"{}[\],:]+/gs);
	const laidOut = Array.from(tokens, ([token]) => {
		if (token === '{' || token === '[') depth++;
		else if (token === '}' || token === ']') depth--;
		if (token === '{' || token === '[' || token === ',') return token + line();
		return token === '}' || token === ']' ? line() + token : token === ':' ? ': ' : token;
	}).join('');
	return laidOut
		.split('\n')
		.map(shownLine => excerpt(shownLine, Infinity))
		.join('\n');
}

/** More of a value is not shown. */
const maxShown = 120;

/**
 * A line for each member of an event: its path, its value, and what it is made from by `origins`, which is keyed by paths
 * without the numbers of list items. What a terminal would obey is escaped.
 */
export function explanation(event: object, origins: Readonly<Record<string, string>>): string {
	const rows: (readonly [path: string, value: string, origin: string])[] = [];
	const walk = (value: unknown, shown: string, path: string): void => {
		const origin = Object.hasOwn(origins, path) ? origins[path] : undefined;
		if (origin === undefined && Array.isArray(value)) {
			value.forEach((item, index) => walk(item, `${shown}[${index}]`, path));
		} else if (origin === undefined && typeof value === 'object' && value !== null) {
			for (const [key, member] of Object.entries(value)) {
				walk(member, (shown && `${shown}.${key}`) || key, (path && `${path}.${key}`) || key);
			}
		} else {
			rows.push([excerpt(shown), excerpt(JSON.stringify(value), maxShown), origin ?? 'the record']);
		}
	};
	walk(event, '', '');
	const width = Math.max(0, ...rows.map(([path]) => path.length));
	return rows
		.map(([path, value, origin]) => `  ${path.padEnd(width)}  ${value}\n  ${' '.repeat(width)}    ← ${origin}\n`)
		.join('');
}
