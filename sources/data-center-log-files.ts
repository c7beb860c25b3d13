import {from, type Observable} from 'rxjs';
import {z} from 'zod';
import {parsed} from '../lib/http/connect.ts';
import {systemClock} from '../lib/model/clock.ts';
import {ConfigError, StateError} from '../lib/model/errors.ts';
import type {Json} from '../lib/model/event.ts';
import type {Page, SourceFacts} from '../lib/model/page.ts';
import type {Start} from '../lib/model/start.ts';
import {mappingFacts} from '../lib/source/common-record.ts';
import {defineFileSource, fileScanOptions} from '../lib/source/define-file-source.ts';
import {timeOf} from '../lib/source/open-source.ts';
import {paginate} from '../lib/source/paginate.ts';
import {parseRecord, readRecord} from '../lib/source/records.ts';
import {compileMapping} from '../lib/source/mapping.ts';
import {finishScan, nowhere, type Scan, type SourcePosition} from '../lib/source/scan.ts';
import {recordsOf, tenantOf} from './_data-center.ts';
import type {DataCenterEvent} from './_data-center-event.ts';
import {type LogFile, type LogFolder, logFolders} from './_log-folders.ts';
import {linesFrom} from './_log-lines.ts';
import type {Place} from './_log-place.ts';
import {createLogReader, type LogCursor} from './_log-reading.ts';

const name = 'data-center-log-files';
/** Each is the source of its name: what is read from files is the same, and comes under the same name. */
const products = {
	jira: factsOf('jira', 'Jira'),
	confluence: factsOf('confluence', 'Confluence'),
	bitbucket: factsOf('bitbucket', 'Bitbucket'),
};

function factsOf(product: string, title: string) {
	const facts = recordsOf(title);
	return {name: `${product}-data-center`, ...facts, ...compileMapping(facts.mapping)};
}
type Facts = ReturnType<typeof factsOf>;

const one = z.string().min(1);
const options = {
	path: z
		.union([one.transform(value => [value]), z.array(one).min(1)])
		.meta({value: 'FOLDER'})
		.describe(
			'a folder of log files, a home with log/audit in it, a folder of those, or a pattern such as "/mnt/*/log/audit"; may be repeated, one node each',
		),
	product: z
		.enum(['jira', 'confluence', 'bitbucket'])
		.meta({value: 'jira|confluence|bitbucket'})
		.describe('whose files they are'),
	tenant: one
		.optional()
		.describe("the server's base URL without https://, as the API's source has it; default: what the first line says"),
	...fileScanOptions,
};

/** Nothing read yet. */
const beginning: Place = {folders: {}, equals: {}};
/** The first time that a record can have. */
const firstEverMs = Date.parse('0000-01-01T00:00:00Z');
const foreverMs = 8.64e15;

/** The audit log of Jira, Confluence or Bitbucket Data Center, from the files that each node writes, oldest event first. */
export default defineFileSource({
	name,
	comesAs: Object.values(products).map(facts => facts.name),
	docs: `Audit log files of Jira, Confluence or Bitbucket Data Center (<home>/log/audit/20260131.00000.audit.log on each node), oldest first. The events have the source, the tenant and the id that they have by the API of that product. With a state each line is read once: new files, those of other days, and lines that are still being written are taken up by the next run. A file that became shorter or another one ends the run with exit code 5, and one that the server deleted before it was read is warned of. Reading files makes no entry in the log.`,
	reference:
		'https://confluence.atlassian.com/security/audit-log-integrations-in-jira-service-management-1402421253.html',
	order: 'oldest-first',
	ids: 'tenant',
	options,
	// of any product, for a record by itself; a run has those of its own
	records: {...products.jira, name, product: {vendor: 'Atlassian', name: 'Data Center'}},
	open,
});

function open(given: z.output<z.ZodObject<typeof options>>, start: Start): () => Observable<Page<DataCenterEvent>> {
	const {path, product, maxEventBytes} = given;
	const {meter} = start;
	const facts = products[product];
	const folders = () => parsed(name, 'path', () => logFolders(path));
	folders();
	const bounds = boundsOf(given);
	const place = start.openSource(`${name}:${product}`, {product});
	const begun = () => {
		const position = settled((place.position() as LogPosition | undefined) ?? nowhere);
		const scans = position.scan ? [position.scan] : plan(position, bounds);
		place.begin({...position, scan: scans[0]!} as unknown as Json);
		return {position, scans};
	};
	let ready: ReturnType<typeof begun> | undefined = begun();

	return () => {
		const {position: reached, scans} = ready ?? begun();
		ready = undefined;
		const tenant = chosenTenant(given.tenant, reached, () => tenantIn(folders(), facts, maxEventBytes));
		const position: LogPosition = {...reached, tenant};
		const source: SourceFacts = {
			name: facts.name,
			tenant,
			ids: 'tenant',
			// that of one folder; several have none in common
			order: 'none',
			overlapMs: 0,
			maxEventBytes,
			...mappingFacts(facts),
			limit: () => {},
		};
		let seen: string | null | undefined;
		let isSaid = false;
		const read = createLogReader({
			facts,
			maxEventBytes,
			meter,
			lost: error => {
				// without a run there is nobody who would go on and fail in the end
				if (!start.leaveGap(error)) meter.warn(error.message);
			},
			folders,
			firstMsIn: file => firstOf(file, facts, maxEventBytes)?.timeMs,
			see({system}: DataCenterEvent) {
				if (isSaid || system === seen) return;
				seen = system;
				if (!system || addressOf(system) === tenant) return;
				isSaid = true;
				meter.warn(`${name}: there are events of ${system} too, which are written as those of ${tenant}`);
			},
		});
		const following = (now: SourcePosition) => (position.scan && !now.scan ? plan(now, bounds) : []);
		return from(scans).pipe(paginate<DataCenterEvent>(read, {source, position, following, start, place}));
	};
}

/** The tenant stays, whatever the server's address is later. */
type LogPosition = SourcePosition & {readonly tenant?: string};

function chosenTenant(given: string | undefined, {tenant: known}: LogPosition, find: () => string): string {
	if (given === undefined || known === undefined || given === known) return given ?? known ?? find();
	throw new StateError('STATE_FOREIGN', `${name}: expected the tenant ${known}, which the state is of, got ${given}`);
}

type Bounds = ReturnType<typeof boundsOf>;

function boundsOf({since, until}: Pick<z.output<z.ZodObject<typeof options>>, 'since' | 'until'>) {
	const nowMs = systemClock.now();
	const sinceMs = parsed(name, 'since', () => timeOf(since, nowMs));
	const untilMs = parsed(name, 'until', () => timeOf(until, nowMs));
	if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs) {
		throw new ConfigError(`${name}: expected since before until, got ${sinceMs} and ${untilMs}`);
	}
	return {sinceMs, untilMs: untilMs ?? foreverMs, nowMs};
}

/**
 * An interrupted pass over what is new is over where it stopped: its place says all. One that reads again, for a time
 * that was not asked for before, is gone on with.
 */
function settled(position: LogPosition): LogPosition {
	const {scan} = position;
	const cursor = scan?.cursor as unknown as LogCursor | undefined;
	if (!scan || cursor?.upTo) return position;
	return finishScan(position, {...scan, coversToMs: Math.max(scan.sinceMs + 1, scan.lastMs ?? 0)});
}

/** First what was passed by, where `since` was later then; behind it what is new. */
function plan(position: SourcePosition, {sinceMs, untilMs, nowMs}: Bounds): Scan[] {
	const place = (position.place as unknown as Place | undefined) ?? beginning;
	const known = position.covered[0]?.[0];
	const fromMs = Math.min(sinceMs ?? known ?? firstEverMs, known ?? Infinity);
	const scan = (sinceMs: number, toMs: number, cursor: LogCursor): Scan => ({
		sinceMs,
		untilMs: toMs,
		coversToMs: Math.max(sinceMs + 1, Math.min(toMs, nowMs)),
		cursor: cursor as unknown as Json,
	});
	const again = known !== undefined && fromMs < known ? [scan(fromMs, known, {place: beginning, upTo: place})] : [];
	return [...again, scan(fromMs, untilMs, {place})];
}

function addressOf(system: string): string | undefined {
	return URL.canParse(system) ? tenantOf(new URL(system)) : undefined;
}

function tenantIn(folders: readonly LogFolder[], facts: Facts, maxBytes: number): string {
	for (const file of folders.flatMap(({files}) => files)) {
		const {system} = (firstOf(file, facts, maxBytes)?.value ?? {}) as {readonly system?: unknown};
		const tenant = typeof system === 'string' ? addressOf(system) : undefined;
		if (tenant) return tenant;
	}
	throw ConfigError.of(name, [{option: 'tenant', expected: 'the base URL of the server', got: gotNone(folders)}]);
}

function gotNone(folders: readonly LogFolder[]): string {
	const files = folders.reduce((sum, {files: {length}}) => sum + length, 0);
	const packed = folders.reduce((sum, one) => sum + one.packed, 0);
	if (files === 0 && packed > 0) return `nothing, and ${packed} files that end in .gz only; unpack them first`;
	return 'nothing, and no line in the files yet that says its own';
}

/** The first record of a file that can be read. */
function firstOf({path}: LogFile, facts: Facts, maxBytes: number) {
	for (const {text} of linesFrom(path, {from: 0, maxBytes, isFinished: true})) {
		try {
			return readRecord(facts, parseRecord(text), undefined);
		} catch {
			// the next one may be
		}
	}
	return undefined;
}
