import assert from 'node:assert/strict';
import {AuthError} from '../../../lib/model/errors.ts';
import type {Rejected} from '../../../lib/model/page.ts';
import http from '../../../sinks/http.ts';
import {type ElasticOptions, type HttpReceiver, startElastic} from '../../support/http-receivers.ts';
import {batchOf, sinkContext, sinkError} from '../../../lib/testing/sink-batch.ts';

const token = 'T0ken-s3cret';
const page = batchOf(Array.from({length: 5}, (_, at) => ({id: `e${at}`})));
const block = {status: 403, type: 'cluster_block_exception'};

describe('the bulk API', () => {
	let receiver: HttpReceiver;
	const start = async (options: ElasticOptions = {}) => {
		await receiver?.close();
		receiver = await startElastic(token, options);
	};
	beforeEach(() => start());
	afterEach(() => receiver.close());

	async function send(
		more: Partial<Parameters<typeof http>[0]> = {},
		path = '/audit/_bulk',
	): Promise<readonly Rejected[]> {
		const options = {endpoint: receiver.origin + path, body: 'elastic' as const, token, retryBaseMs: 0, maxAttempts: 4};
		const sink = await http({...options, ...more}).open(sinkContext());
		return (await sink.write(page)) ?? [];
	}
	const counts = () => receiver.posts.map(({body}) => (body.split('\n').length - 1) / 2);
	const actions = () =>
		receiver.posts[0]!.body.split('\n')
			.filter((_, at) => at % 2 === 0)
			.slice(0, -1);

	for (const [what, refusal] of Object.entries({
		'a block while a disk is full (403)': block,
		'a closed index (400)': {status: 400, type: 'index_closed_exception'},
		'a full queue (429)': {status: 429, type: 'es_rejected_execution_exception'},
		'a shard that is not there (503)': {status: 503, type: 'unavailable_shards_exception'},
	})) {
		it(`sends just those events again that meet ${what}, and never takes it for the credentials or the event`, async () => {
			await start({statusOf: (text, n) => (n < 4 && /e[13]/.test(text) ? refusal : undefined)});
			assert.deepEqual(await send(), []);
			assert.equal(receiver.held.length, 5);
			assert.deepEqual(counts(), [5, 2, 2, 2]);
			await start({statusOf: () => refusal});
			const message = new RegExp(
				`answered ${refusal.status} for an event: ${refusal.type}.*tried again in vain|answered`,
			);
			await assert.rejects(send(), sinkError('SINK_FAILED', message));
			assert.equal(receiver.posts.length, 4);
		});
	}

	it('waits where the whole request is refused for such a reason', async () => {
		const body = {
			error: {type: 'cluster_block_exception', reason: 'blocked by: [FORBIDDEN/12/index read-only]'},
			status: 403,
		};
		receiver.fault = n => (n < 3 ? {status: 403, body} : undefined);
		await send();
		assert.equal(receiver.held.length, 5);
		receiver.fault = () => ({status: 403, body});
		await assert.rejects(
			send(),
			sinkError('SINK_FAILED', /answered 403: .*cluster_block_exception.*tried again in vain/),
		);
		receiver.fault = () => ({status: 403, body: {error: {type: 'security_exception'}, status: 403}});
		await assert.rejects(send(), AuthError);
	});

	it('ends where the index is the reason, and makes no event a dead letter', async () => {
		await assert.rejects(
			send({}, '/_bulk'),
			sinkError('SINK_FAILED', /index is missing.*check the URL, the index option/),
		);
		assert.equal(receiver.posts.length, 1);
		await start({statusOf: () => ({status: 404, type: 'index_not_found_exception'})});
		await assert.rejects(
			send(),
			sinkError('SINK_FAILED', /index_not_found_exception.*check the URL, the index option/),
		);
		await start({statusOf: () => ({status: 400, type: 'invalid_index_name_exception'})});
		await assert.rejects(send(), sinkError('SINK_FAILED', /invalid_index_name.*check the URL, the index option/));
	});

	it('names the index where it is asked to', async () => {
		await send({index: 'logs-audit'}, '/_bulk');
		assert.deepEqual(
			actions().map(line => (JSON.parse(line) as {create: {_index: string}}).create._index),
			Array.from({length: 5}, () => 'logs-audit'),
		);
	});

	it('sends no ids to what takes none; what is sent again is then just what was not stored', async () => {
		await start({refusesIds: true, statusOf: (text, n) => (n === 1 && text.includes('e2') ? 429 : undefined)});
		assert.deepEqual(await send({ids: false}), []);
		assert.deepEqual(new Set(actions()), new Set(['{"create":{}}']));
		assert.equal(receiver.held.length, 5);
		assert.deepEqual(counts(), [5, 1]);
	});
});
