import assert from 'node:assert/strict';
import http from '../../../sinks/http.ts';
import {type HecOptions, type HttpReceiver, startHec} from '../../support/http-receivers.ts';
import {batchOf, sinkContext, sinkError} from '../../../lib/testing/sink-batch.ts';

const token = 'T0ken-s3cret';
const page = batchOf([{id: 'a'}, {id: 'b'}]);

describe('an HTTP Event Collector', () => {
	let receiver: HttpReceiver;
	afterEach(() => receiver.close());

	async function send(options: HecOptions, more: Partial<Parameters<typeof http>[0]> = {}): Promise<void> {
		receiver = await startHec(token, options);
		const endpoint = `${receiver.origin}/services/collector/event`;
		const sink = await http({endpoint, body: 'hec', token, retryBaseMs: 0, ...more}).open(sinkContext());
		assert.deepEqual((await sink.write(page)) ?? [], []);
		await sink.write(page);
	}

	it('gets a channel, the same in a whole run', async () => {
		await send({wantsChannel: true});
		assert.equal(receiver.held.length, 4);
		assert.equal(new Set(receiver.posts.map(({headers}) => headers['x-splunk-request-channel'])).size, 1);
	});

	it('gets the index that is asked for', async () => {
		await send({indexes: ['main', 'audit']}, {index: 'audit'});
		assert.deepEqual(
			receiver.held.map(line => (JSON.parse(line) as {index: string}).index),
			['audit', 'audit', 'audit', 'audit'],
		);
	});

	it('ends where the token may not write to the index, and makes no event a dead letter', async () => {
		const message = /answered 400: .*Incorrect index.*check the URL, the index option, and what the token may do/;
		await assert.rejects(send({}, {index: 'other'}), sinkError('SINK_FAILED', message));
		assert.equal(receiver.posts.length, 1);
	});
});
