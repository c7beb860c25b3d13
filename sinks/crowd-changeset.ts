import {z} from 'zod';
import {connect} from '../lib/http/connect.ts';
import {defineSink} from '../lib/sink/define-sink.ts';
import {reasonOf, SinkError, SourceError} from '../lib/model/errors.ts';
import type {Client} from '../lib/http/client.ts';
import {Meter} from '../lib/model/meter.ts';
import {basicOptions, httpOptions} from '../lib/options/options.ts';
import type {Rejected} from '../lib/model/page.ts';
import type {Batch, OpenSink, SinkContext} from '../lib/sink/sink.ts';
import {markOf, newChangeset, type NewChangeset} from './_write-back/changeset.ts';
import {openChangesetLog} from './_write-back/changeset-log.ts';
import {applyOption, sumUp} from './_write-back/write-back.ts';

const name = 'crowd-changeset';
const api = {auth: ['basic']} as const;
const wording = {
	address: 'the address behind crowd-changeset:',
	missing: ['there is no audit log of Crowd', 'the address, context path included, as in https://host/crowd'],
	forbidden: ['these credentials may not use this audit log', 'that they are of a Crowd administrator'],
} as const;
const words = {name, things: 'changesets', done: 'stored', before: 'there before'};
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
		'Without apply=true it stores nothing and says how many it would store. ' +
		'What was stored before is found by a mark that each changeset carries (property rxaudit) and not stored again, ' +
		'unless two runs store at the same moment, or the server deletes changesets, changes their times, or is still ' +
		'busy with one when its answer is given up. A changeset that came into its log by this sink is a dead letter, ' +
		'and a source that is the target itself is refused, at whatever address. ' +
		'The records are those of --format audit, or changesets of another ' +
		'Crowd. Needs the user name and password of a Crowd administrator, in the target: username=NAME and ' +
		'password-file=FILE; those of the source go to Crowd only where both have one origin. ' +
		'Example: rxaudit pull atlassian-org-events --org-id ORG ' +
		"--to 'crowd-changeset:https://host/crowd?username=NAME&password-file=FILE&apply=true'",
	api,
	target: 'endpoint',
	options: z.object({
		endpoint: z.string().min(1).describe('the address of the server with its context path, like https://host/crowd'),
		...applyOption,
		...basicOptions,
		...connection,
	}),
	create({apply, ...options}) {
		const {endpoint, client} = connect({name, ...api, wording}, options, new Meter());
		return {
			target: endpoint.href.replace(/\/$/, ''),
			accepts: [{format: 'audit'}, {source: 'crowd-data-center', format: 'raw'}],
			layout: {apply: String(apply)},
			open: async context => openCrowd({client, maxAttempts: options.maxAttempts, apply, context}),
		};
	},
});

interface CrowdOptions {
	readonly client: Client;
	readonly maxAttempts: number;
	readonly apply: boolean;
	readonly context: SinkContext;
}

function openCrowd({client, maxAttempts, apply, context}: CrowdOptions): OpenSink {
	const log = openChangesetLog({name, client, maxAttempts, signal: context.signal});
	const counts = {done: 0, before: 0, refused: 0};
	let closed = false;

	async function write({events, records, source}: Batch): Promise<readonly Rejected[]> {
		const rejected: Rejected[] = [];
		const changesets: {readonly index: number; readonly made: NewChangeset}[] = [];
		const reject = (index: number, error: unknown) => {
			const {id, text} = records[index]!;
			rejected.push({id, text, reason: `${name}: ${reasonOf(error)}`});
			counts.refused++;
		};
		for (const [index, event] of events.entries()) {
			const {id, value} = records[index]!;
			try {
				changesets.push({index, made: newChangeset(event, markOf(source, id), value)});
			} catch (error) {
				reject(index, error);
			}
		}
		const there = new Set(await log.storedMarks(changesets.map(({made}) => made)));
		for (const {index, made} of changesets) {
			if (there.has(made.mark)) {
				counts.before++;
				continue;
			}
			try {
				if (apply) await log.store(made);
				there.add(made.mark);
				counts.done++;
			} catch (error) {
				if (!(error instanceof SourceError && error.status === 400)) throw error;
				reject(index, error);
			}
		}
		return rejected;
	}

	return {
		write: batch => write(batch).catch(asSinkError),
		flush: async () => ({}),
		async close() {
			if (closed) return;
			closed = true;
			sumUp(words, counts, apply, context);
		},
	};
}

function asSinkError(error: unknown): never {
	throw error instanceof SourceError ? new SinkError('SINK_FAILED', error.message, {cause: error}) : error;
}
