import {contentId} from '../../lib/source/content-id.ts';
import {parseJson} from '../../lib/http/client.ts';
import {OtherAnswer} from '../../lib/http/unreadable.ts';
import {assertNoFailure} from './answer.ts';
import {type BodyFormat, type ItemResult, jsonIn, lineOf, taken, textOf, type Verdict} from './body-format.ts';

export interface ElasticOptions {
	/** Default: that of the URL. */
	readonly index: string | undefined;
	/** Default: true. */
	readonly ids: boolean | undefined;
}

interface Failure {
	readonly type?: string;
	readonly reason?: string;
	readonly caused_by?: {readonly type?: string; readonly reason?: string};
}

interface BulkItem {
	readonly _id?: string;
	readonly status?: number;
	readonly result?: string;
	readonly error?: Failure;
	readonly _shards?: {readonly successful?: number};
}

interface BulkAnswer {
	readonly items?: unknown;
	readonly errors?: unknown;
}

const conflict = 'version_conflict_engine_exception';
const stored = new Set(['created', 'updated']);
const lineBreak = 0x0a;

/** Their status says that somebody may not do this, or that an event is wrong. */
const verdicts: Readonly<Record<string, Verdict>> = {
	// read-only while a disk is full, or while somebody says so: lifted by the same
	cluster_block_exception: 'passing',
	index_closed_exception: 'passing',
	es_rejected_execution_exception: 'passing',
	rejected_execution_exception: 'passing',
	action_request_validation_exception: 'target',
	index_not_found_exception: 'target',
	invalid_index_name_exception: 'target',
};

/**
 * The bulk API of Elasticsearch and OpenSearch. An event is created under an id of its own, so that one that is there
 * already stays, and is not there twice; without ids it is at least once.
 */
export function elastic({index, ids = true}: ElasticOptions): BodyFormat {
	return {
		contentType: 'application/x-ndjson',
		event(batch, at) {
			const action = JSON.stringify({create: {_index: index, ...(ids ? {_id: idOf(batch, at)} : {})}});
			return Buffer.concat([Buffer.from(`${action}\n`), lineOf(batch, at)]);
		},
		read(answer, sent) {
			const {items, errors, ...rest} = (parseJson(answer) ?? {}) as BulkAnswer;
			assertNoFailure(rest, sent);
			if (!Array.isArray(items) || items.length !== sent.length) {
				const got = Array.isArray(items) ? `${items.length} items` : 'no items';
				throw new OtherAnswer(`it has ${got} about ${sent.length} events that were sent`);
			}
			const answered = (items as readonly (Readonly<Record<string, BulkItem>> | null)[]).map(
				item => Object.values(item ?? {})[0],
			);
			const results = answered.map((item, at) => resultOf(item, idIn(sent[at]!)));
			// a conflict counts as an error there
			const isFine = results.every((result, at) => result === taken && answered[at]!.status! < 300);
			if (errors === true && isFine) {
				throw new OtherAnswer('it says "errors": true, and of no event which');
			}
			return results;
		},
		judge: answer => verdictOf((jsonIn(answer) as {error?: Failure} | undefined)?.error),
	};
}

function idOf(batch: Parameters<BodyFormat['event']>[0], at: number): string {
	const {name, tenant} = batch.source;
	const record = batch.records[at];
	return contentId([name, tenant, record?.identity ?? record?.id ?? Buffer.from(textOf(batch, at)).toString()]);
}

/** What is taken is said so: by its status, for the id that was sent, with nothing that says otherwise. */
function resultOf(item: BulkItem | undefined, sentId: string | undefined): ItemResult {
	const {_id: id, status, result = 'created', error, _shards: shards} = item ?? {};
	if (typeof status !== 'number') throw new OtherAnswer('it says of some events nothing, or no status');
	if (sentId !== undefined && id !== undefined && id !== sentId) {
		throw new OtherAnswer('its items have other ids than the events that were sent (ids false sends none)');
	}
	// a document of this id is there
	if (status === 409 && sentId !== undefined && (error?.type ?? conflict) === conflict) return taken;
	const reason = [error?.type, error?.reason, error?.caused_by?.reason].filter(Boolean).join(': ');
	if (status >= 300) return {status, reason, verdict: verdictOf(error)};
	// as of a pipeline that drops it
	if (!stored.has(result)) return {status, reason: `not stored: result ${String(result)}`, verdict: 'event'};
	if (shards?.successful === 0) return {status, reason: 'not stored: no shard has it', verdict: 'event'};
	return error ? {status, reason, verdict: verdictOf(error) ?? 'event'} : taken;
}

/** Of the action in front of an event. */
function idIn(text: Uint8Array): string | undefined {
	const action = Buffer.from(text.subarray(0, text.indexOf(lineBreak))).toString();
	return (JSON.parse(action) as {create: {_id?: string}}).create._id;
}

function verdictOf(error: Failure | undefined): Verdict | undefined {
	return verdicts[error?.type ?? ''] ?? verdicts[error?.caused_by?.type ?? ''];
}
