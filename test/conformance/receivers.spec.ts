import assert from 'node:assert/strict';
import {AuthError, SinkError} from '../../lib/model/errors.ts';
import http from '../../sinks/http.ts';
import {type BodyName, bodyNames} from '../../sinks/_http/bodies.ts';
import {type Fault, type HttpReceiver, startElastic, startHec, startWebhook} from '../support/http-receivers.ts';
import {batchOf, sinkContext} from '../../lib/testing/sink-batch.ts';

const token = 'T0ken-s3cret';

/** A receiver for each body, and where it is asked. */
const receivers: Readonly<Record<BodyName, readonly [path: string, start: () => Promise<HttpReceiver>]>> = {
	ndjson: ['/hook', startWebhook],
	json: ['/hook', startWebhook],
	hec: ['/services/collector/event', async () => startHec(token)],
	elastic: ['/audit/_bulk', async () => startElastic(token)],
};

/** What a receiver answers for a while, and for ever: it is tried again, and the run ends with an error about it. */
const passing: Readonly<Record<string, ReturnType<Fault>>> = {
	'no room (429)': {status: 429, headers: {'retry-after': '0'}},
	'busy (503)': 503,
	'an error (500)': 500,
	'a lost answer': 'lost',
	'a page of somebody else (200)': {status: 200, body: '<html>Log in</html>'},
};

/** What a receiver says with a 200 while it has not taken all: in whatever form, it ends the run, and is not asked again. */
const failing: readonly unknown[] = [
	{success: false, reason: 'quota'},
	{ok: false},
	{success: 0},
	{error: {code: 17}},
	{errors: ['quota']},
	{accepted: 3, rejected: 4},
	{accepted: 3},
	{ingestedEvents: 6},
	{FailedPutCount: 1},
	{partialSuccess: {rejectedLogRecords: '2', errorMessage: ''}},
	{data: {results: [{status: 'ok'}, {status: 'failed'}]}},
	[{status: 202}, {status: 429}],
	{message: 'Internal Server Error'},
	{status: 503, title: 'x'},
	'{"status":200}\n{"status":500}',
	'false',
];
/** What says nothing of the kind, as a webhook may answer; `echo` stands for what was sent. */
const fine: readonly unknown[] = [
	'',
	'ok',
	'errors are not JSON',
	'null',
	{},
	{success: true, error: null, errors: [], failed: 0, failures: {count: 0}},
	{success: 1, code: 200, status: 'ok'},
	{errcode: 0, errmsg: 'ok'},
	{accepted: 7, rejected: '0'},
	{accepted: 2, duplicates: 5},
	{message: '7 events stored, 0 failed, no errors'},
	{processedBytes: 3, receivedAt: 5},
	'echo',
];

const page = batchOf(
	Array.from({length: 7}, (_, at) => ({id: `e${at}`, text: `{"id":"e${at}","error":"of the event"}`})),
);
const idsOf = (held: readonly string[]) => [...held.join('\n').matchAll(/"id":"(e\d)"/g)].map(([, id]) => id);

/** Every form of a body meets every answer. */
describe('conformance of receivers', () => {
	for (const body of bodyNames) {
		describe(body, () => {
			const [path, start] = receivers[body];
			let receiver: HttpReceiver;
			beforeEach(async () => {
				receiver = await start();
			});
			afterEach(() => receiver.close());

			const open = (more: Partial<Parameters<typeof http>[0]> = {}, signal?: AbortSignal) => {
				const options = {endpoint: receiver.origin + path, body, token, retryBaseMs: 0, maxAttempts: 3, ...more};
				return http(options).open(sinkContext(undefined, signal));
			};

			for (const [what, answer] of Object.entries(passing)) {
				// a plain webhook has no answer of its own
				if (what.startsWith('a page') && (body === 'ndjson' || body === 'json')) continue;

				it(`holds each event once behind ${what}, and ends where that does not pass`, async () => {
					receiver.fault = n => (n <= 2 ? answer : undefined);
					const sink = await open();
					assert.deepEqual((await sink.write(page)) ?? [], []);
					assert.deepEqual(new Set(idsOf(receiver.held)), new Set(idsOf([Buffer.from(page.lines).toString()])));
					receiver.fault = () => (what.startsWith('no room') ? 503 : answer);
					const end = async () => sink.write(batchOf([{id: 'f'}]));
					await assert.rejects(end(), error => error instanceof SinkError && error.code === 'SINK_FAILED');
				});
			}

			it('takes no 200 that tells of a failure for success, and sends nothing again', async () => {
				for (const answer of failing) {
					receiver.fault = () => ({status: 200, body: answer});
					const sink = await open();
					const before = receiver.posts.length;
					await assert.rejects(
						async () => sink.write(page),
						error =>
							error instanceof SinkError && error.code === 'SINK_FAILED' && /answered 200|JSON/.test(error.message),
						JSON.stringify(answer),
					);
					// what is no JSON at all may have come from somebody in between
					const isRead = body === 'ndjson' || body === 'json' || typeof answer !== 'string';
					if (isRead) assert.equal(receiver.posts.length, before + 1, JSON.stringify(answer));
				}
			});

			if (body === 'ndjson' || body === 'json') {
				it('lets a webhook answer what it likes', async () => {
					for (const answer of fine) {
						const echo = ({body: sent}: {body: string}) =>
							JSON.stringify({
								json:
									body === 'json'
										? JSON.parse(sent)
										: sent
												.split('\n')
												.slice(0, -1)
												.map(one => JSON.parse(one)),
							});
						receiver.fault = (_n, post) => ({status: 200, body: answer === 'echo' ? echo(post) : answer});
						assert.deepEqual((await (await open()).write(page)) ?? [], [], JSON.stringify(answer));
					}
				});
			}

			for (const status of [401, 403]) {
				it(`says of ${status} that the credentials were refused, at once`, async () => {
					receiver.fault = () => ({status, body: `${token} may not`});
					const sink = await open();
					await assert.rejects(
						async () => sink.write(page),
						(error: unknown) => {
							return error instanceof AuthError && !error.message.includes('s3cret');
						},
					);
					assert.equal(receiver.posts.length, 1);
				});
			}

			it('ends at once where the run gives up while the receiver hangs', async () => {
				const giveUp = new AbortController();
				receiver.fault = () => {
					setImmediate(() => giveUp.abort());
					return 'hang';
				};
				const sink = await open({idleTimeoutMs: 60_000}, giveUp.signal);
				await assert.rejects(async () => sink.write(page), {name: 'AbortError'});
			});

			it('names the receiver where it does not answer in time', async () => {
				receiver.fault = () => 'hang';
				const sink = await open({idleTimeoutMs: 20, maxAttempts: 1});
				await assert.rejects(
					async () => sink.write(page),
					/^SinkError: http: POST \S+ nothing came for 20 ms.*the receiver/,
				);
			});

			it('adds headers of the user, whose values nobody sees', async () => {
				const sink = await open({header: {'X-Api-Key': () => 'k3y-s3cret'}});
				await sink.write(page);
				assert.equal(receiver.posts[0]!.headers['x-api-key'], 'k3y-s3cret');
				receiver.fault = (_n, {headers}) => ({status: 404, body: JSON.stringify(headers)});
				const end = async () => sink.write(batchOf([{id: 'f'}]));
				await assert.rejects(
					end(),
					(error: unknown) => error instanceof SinkError && !error.message.includes('s3cret'),
				);
			});
		});
	}
});
