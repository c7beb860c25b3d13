import {contentId} from '../../lib/content-id.ts';
import {parseJson} from '../../lib/http/client.ts';
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
	readonly status?: number;
	readonly error?: Failure;
}

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
		read(answer, count) {
			const {items} = parseJson(answer) as {items: readonly Readonly<Record<string, BulkItem>>[]};
			if (items.length !== count) throw new Error('it is not about as many events as were sent');
			return items.map(item => resultOf(Object.values(item)[0]!));
		},
		judge: answer => verdictOf((jsonIn(answer) as {error?: Failure} | undefined)?.error),
	};
}

function idOf(batch: Parameters<BodyFormat['event']>[0], at: number): string {
	const {name, tenant} = batch.source;
	const record = batch.records[at];
	return contentId([name, tenant, record?.identity ?? record?.id ?? Buffer.from(textOf(batch, at)).toString()]);
}

function resultOf({status, error}: BulkItem): ItemResult {
	if (typeof status !== 'number') throw new Error('it lacks a status');
	// 409: a document of this id is there
	if (status === 409 || status < 300) return taken;
	const reason = [error?.type, error?.reason, error?.caused_by?.reason].filter(Boolean).join(': ');
	return {status, reason, verdict: verdictOf(error)};
}

function verdictOf(error: Failure | undefined): Verdict | undefined {
	return verdicts[error?.type ?? ''] ?? verdicts[error?.caused_by?.type ?? ''];
}
