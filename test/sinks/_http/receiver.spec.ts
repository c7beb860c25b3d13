import assert from 'node:assert/strict';
import {ConfigError} from '../../../lib/model/errors.ts';
import http from '../../../sinks/http.ts';
import {type HttpReceiver, startWebhook} from '../../support/http-receivers.ts';
import {batchOf, sinkContext} from '../../../lib/testing/sink-batch.ts';
import {localServers, pair} from '../../support/tls-server.ts';

const page = batchOf([{id: 'a'}]);

describe('a receiver', () => {
	let receiver: HttpReceiver;
	beforeEach(async () => {
		receiver = await startWebhook();
	});
	afterEach(() => receiver.close());

	async function send(more: Partial<Parameters<typeof http>[0]>): Promise<string | undefined> {
		const sink = await http({endpoint: receiver.origin, auth: 'Basic', retryBaseMs: 0, ...more}).open(sinkContext());
		await sink.write(page);
		return receiver.posts.at(-1)!.headers.authorization;
	}

	it('gets Basic credentials encoded, whether they were given so or not', async () => {
		const expected = `Basic ${Buffer.from('ann:pässw ord:1').toString('base64')}`;
		assert.equal(await send({token: 'ann:pässw ord:1'}), expected);
		assert.equal(await send({token: () => 'ann:pässw ord:1\n'}), expected);
		assert.equal(await send({token: expected.slice('Basic '.length)}), expected);
		for (const token of ['s3cret', () => 's3cret']) {
			await assert.rejects(
				async () => send({token}),
				error =>
					error instanceof ConfigError && /expected user:password/.test(error.message) && !/s3cret/.test(error.message),
			);
		}
	});

	it('may repeat a password as it pleases: nobody sees it', async () => {
		receiver.fault = () => ({status: 404, body: 'who is ann with s3cret-password?'});
		await assert.rejects(
			send({token: 'ann:s3cret-password'}),
			error => /answered 404/.test((error as Error).message) && !/s3cret/.test((error as Error).message),
		);
	});

	describe('whose certificate is not trusted', () => {
		const {api} = localServers();

		it('names the options of this sink, not those of the source', async () => {
			const endpoint = `https://127.0.0.1:${await api(pair('server'))}`;
			await assert.rejects(
				send({endpoint, maxAttempts: 1}),
				error =>
					/\(--http-ca-file FILE\)/.test((error as Error).message) && !/--ca-file/.test((error as Error).message),
			);
		});
	});

	describe('behind plain http', () => {
		const endpoint = 'http://collector.logging.svc.invalid:8080/x';

		it('is taken where no secret is sent, or where that is said to be right, and said each time', async () => {
			for (const [more, words] of [
				[{}, 'events can'],
				[{insecure: true, token: 's3cret'}, 'events and secrets can'],
				[{insecure: 'true', header: {'x-api-key': 's3cret'}}, 'events and secrets can'],
			] as const) {
				const context = sinkContext();
				await (await http({endpoint, ...more}).open(context)).close();
				const said = `http: http://collector.logging.svc.invalid:8080 is plain http: ${words} be read on the way there`;
				assert.deepEqual(context.warnings, [said]);
			}
			const context = sinkContext();
			await (await http({endpoint: 'http://127.0.0.1:1/x', token: 'x'}).open(context)).close();
			assert.deepEqual(context.warnings, [], 'loopback');
		});

		it('is refused with a secret, and the way out is named', () => {
			for (const more of [{token: 's3cret'}, {header: {'x-api-key': 's3cret'}}, {endpoint: `${endpoint}?key=s3cret`}]) {
				assert.throws(
					() => http({endpoint, ...more}),
					error => {
						const {message} = error as Error;
						return (
							error instanceof ConfigError && /option insecure true allows it/.test(message) && !/s3cret/.test(message)
						);
					},
				);
			}
		});
	});
});
