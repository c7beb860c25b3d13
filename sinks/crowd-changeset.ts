import {z} from 'zod';
import {connect} from '../lib/connect.ts';
import {defineSink} from '../lib/define-sink.ts';
import {reasonOf, SinkError, SourceError} from '../lib/errors.ts';
import {type Client, parseJson} from '../lib/http/client.ts';
import {Meter} from '../lib/meter.ts';
import {basicOptions, httpOptions} from '../lib/options.ts';
import type {Rejected} from '../lib/page.ts';
import type {Batch, OpenSink, SinkContext} from '../lib/sink.ts';
import {markOf, marksIn, newChangeset, type NewChangeset} from './_changeset.ts';

const name = 'crowd-changeset';
const api = {auth: ['basic']} as const;
const auditlog = '/rest/admin/1.0/auditlog';
const maxRows = 1000;
const {pageSize: _, ...connection} = httpOptions;

/**
 * Stores each record as a changeset in the audit log of a Crowd Data Center.
 *
 * The API stores whatever is sent, under a new id each time. So each changeset carries the record it was made from, as
 * the new value of a property `rxaudit`, and before a batch is sent the log is searched for those of it that are there:
 * a replay, a second run or a lost answer stores nothing twice. That is as far as it goes: a record comes twice where
 * two runs store it at the same moment, where the server stores it after the time-out of its answer and of the search,
 * and where it deleted the first one or changed its time.
 */
export default defineSink({
	name,
	docs:
		'Stores each record as a changeset in the audit log of a Crowd Data Center; nobody can take it out again. ' +
		'What was stored before is found by a mark that each changeset carries (property rxaudit) and not stored again, ' +
		'unless two runs store at the same moment, or the server deletes changesets, changes their times, or is still ' +
		'busy with one when its answer is given up.',
	api,
	target: 'endpoint',
	options: z.object({
		endpoint: z.string().min(1).describe('the address of the server with its context path, like https://host/crowd'),
		...basicOptions,
		...connection,
	}),
	create(options) {
		const {endpoint, client} = connect({name, ...api}, options, new Meter());
		const server = endpoint.host + endpoint.pathname.replace(/\/$/, '');
		return {
			target: endpoint.href.replace(/\/$/, ''),
			open: async context => openLog(client, server, options.maxAttempts, context),
		};
	},
});

function openLog(client: Client, server: string, maxAttempts: number, {signal}: SinkContext): OpenSink {
	async function write({events, records, source}: Batch): Promise<readonly Rejected[]> {
		if (source.tenant === server) {
			throw new SinkError('TARGET_REFUSED', `${name}: these records come from ${server} itself; name another server`);
		}
		const rejected: Rejected[] = [];
		const changesets = new Map<string, {readonly index: number; readonly made: NewChangeset}>();
		const reject = (index: number, error: unknown) => {
			const {id, text} = records[index]!;
			rejected.push({id, text, reason: `${name}: ${reasonOf(error)}`});
		};
		for (const [index, event] of events.entries()) {
			const mark = markOf(source, records[index]!.id);
			try {
				changesets.set(mark, {index, made: newChangeset(event, mark)});
			} catch (error) {
				reject(index, error);
			}
		}
		const stored = await storedMarks(Array.from(changesets.values(), ({made}) => made));
		for (const [mark, {index, made}] of changesets) {
			if (stored.has(mark)) continue;
			try {
				await store(mark, made);
			} catch (error) {
				if (!(error instanceof SourceError && error.status === 400)) throw error;
				reject(index, error);
			}
		}
		return rejected;
	}

	/** Where the answer is lost, only the log itself can tell whether the changeset is in it. */
	async function store(mark: string, made: NewChangeset): Promise<void> {
		for (let attempt = 1; ; attempt++) {
			try {
				const body = JSON.stringify(made.body);
				await client({method: 'POST', path: auditlog, body, parse: emptyOrJson}, signal);
				return;
			} catch (error) {
				if (!isLost(error) || attempt >= maxAttempts) throw error;
				if ((await storedMarks([made])).has(mark)) return;
			}
		}
	}

	/** The marks in the log around the times of these changesets; retention takes rows from the end, so offsets hold. */
	async function storedMarks(changesets: readonly NewChangeset[]): Promise<ReadonlySet<string>> {
		const marks = new Set<string>();
		if (changesets.length === 0) return marks;
		const body = JSON.stringify(searchFor(changesets));
		let first: unknown;
		for (let start = 0; ;) {
			const query = [
				['start', String(start)],
				['limit', String(maxRows)],
			] as const;
			const request = {method: 'POST', path: `${auditlog}/query`, query, body, repeatable: true} as const;
			const {values, isLastPage} = (await client(request, signal)).content as QueryPage;
			if (!Array.isArray(values)) throw new SinkError('SINK_FAILED', `${name}: expected a list "values", got none`);
			for (const mark of values.flatMap(marksIn)) marks.add(mark);
			if (isLastPage === true) return marks;
			const [{id} = {id: undefined}] = values;
			if (id === undefined || id === first) {
				throw new SinkError('SINK_FAILED', `${name}: expected rows behind the first ${start}, got none that are new`);
			}
			first = id;
			start += values.length;
		}
	}

	return {write: batch => write(batch).catch(asSinkError), flush: async () => ({}), async close() {}};
}

interface QueryPage {
	readonly values?: readonly {readonly id: unknown}[];
	readonly isLastPage?: boolean;
}

/** A second more on both sides: a database may keep whole seconds. */
function searchFor(changesets: readonly NewChangeset[]) {
	let [from, to] = [Infinity, -Infinity];
	for (const {timeMs} of changesets) [from, to] = [Math.min(from, timeMs), Math.max(to, timeMs)];
	const time = (timeMs: number) => new Date(timeMs).toISOString().replace('Z', '+0000');
	const actions = [...new Set(changesets.map(({eventType}) => eventType))];
	return {onOrAfter: time(from - 1000), beforeOrOn: time(to + 1000), actions};
}

/** True where the changeset may have been stored all the same: no answer, half of one, or a failure of the server. */
function isLost(error: unknown): boolean {
	if (!(error instanceof SourceError)) return false;
	const {status} = error;
	return status === undefined || status < 300 || status === 408 || status >= 500;
}

/** A login page is no sign that something was stored. */
function emptyOrJson(body: Buffer): unknown {
	return body.length === 0 ? undefined : parseJson(body);
}

function asSinkError(error: unknown): never {
	throw error instanceof SourceError ? new SinkError('SINK_FAILED', error.message, {cause: error}) : error;
}
