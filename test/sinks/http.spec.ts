import assert from 'node:assert/strict';
import fc from 'fast-check';
import {AuthError, ConfigError, RateLimitError} from '../../lib/model/errors.ts';
import type {Rejected} from '../../lib/model/page.ts';
import type {Batch, OpenSink} from '../../lib/sink/sink.ts';
import http from '../../sinks/http.ts';
import {type HttpReceiver, startElastic, startHec, startWebhook} from '../support/http-receivers.ts';
import {batchOf, sinkContext, sinkError, type TestEvent} from '../../lib/testing/sink-batch.ts';

type Options = Parameters<typeof http>[0];

const token = 'T0ken-s3cret';
const running: HttpReceiver[] = [];
afterEach(async () => {
	for (const receiver of running.splice(0)) await receiver.close();
});

async function started(receiver: Promise<HttpReceiver>): Promise<HttpReceiver> {
	running.push(await receiver);
	return running.at(-1)!;
}

const webhook = (takes?: (text: string) => boolean) => started(startWebhook(takes));

function open({origin}: Pick<HttpReceiver, 'origin'>, options: Partial<Options> = {}, path = '/hook') {
	return http({endpoint: origin + path, retryBaseMs: 0, ...options}).open(sinkContext());
}

async function send(sink: OpenSink, ...batches: readonly Batch[]): Promise<readonly Rejected[]> {
	const rejected: Rejected[] = [];
	for (const batch of batches) rejected.push(...((await sink.write(batch)) ?? []));
	assert.deepEqual(await sink.flush(), {});
	await sink.close();
	await sink.close();
	return rejected;
}

const events = (...ids: readonly string[]): Batch => batchOf(ids.map(id => ({id})));
const numbered = (count: number, prefix = 'e') => events(...Array.from({length: count}, (_, at) => `${prefix}${at}`));
const textsOf = ({lines}: Batch) => Buffer.from(lines).toString().split('\n').slice(0, -1);
const keys = ({posts}: HttpReceiver) => posts.map(({headers}) => headers['idempotency-key']);
const hidden = (error: unknown): boolean => !/s3cret/.test(JSON.stringify(error) + String((error as Error).message));

describe('http', () => {
	describe('to a webhook', () => {
		for (const body of ['ndjson', 'json'] as const) {
			for (const gzip of [true, false]) {
				it(`posts a page as ${body}${gzip ? ', compressed' : ''}`, async () => {
					const receiver = await webhook();
					const batch = batchOf([{id: 'a'}, {id: 'é', text: '{"id":"é","n":12345678901234567890}'}]);
					assert.deepEqual(await send(await open(receiver, {body, gzip, token}), batch), []);
					const [post] = receiver.posts;
					const ndjson = Buffer.from(batch.lines).toString();
					assert.equal(post!.body, body === 'ndjson' ? ndjson : `[${textsOf(batch).join()}]`);
					assert.equal(post!.headers['content-encoding'], gzip ? 'gzip' : undefined);
					assert.equal(post!.headers.authorization, `Bearer ${token}`);
					assert.equal(receiver.held.length, 2);
				});
			}
		}

		it('sends the query as it is, and no token where there is none', async () => {
			const receiver = await webhook();
			await send(await open(receiver, {}, '/a%20b/?x=%20+&flag'), events('a'));
			assert.equal(receiver.posts[0]!.url, '/a%20b/?x=%20+&flag');
			assert.equal(receiver.posts[0]!.headers.authorization, undefined);
		});

		it('asks nothing for an empty page', async () => {
			const receiver = await webhook();
			await send(await open(receiver), events());
			assert.equal(receiver.posts.length, 0);
		});

		it('cuts pages into parts that are small enough, whatever they hold, in order', async () => {
			const receiver = await webhook();
			const event = fc.record({id: fc.uuid(), text: fc.string({maxLength: 300}).map(text => JSON.stringify({text}))});
			const pages = fc.array(fc.array(event, {maxLength: 12}), {maxLength: 3});
			const body = fc.constantFrom('ndjson' as const, 'json' as const);
			const check = fc.asyncProperty(
				pages,
				fc.integer({min: 1, max: 900}),
				fc.integer({min: 1, max: 9}),
				body,
				async (...given) => {
					const [pagesOfEvents, maxBytes, maxEvents, kind] = given;
					const batches = pagesOfEvents.map(page => batchOf(page as TestEvent[]));
					const [sentBefore, heldBefore] = [receiver.posts.length, receiver.held.length];
					await send(await open(receiver, {body: kind, gzip: false, maxBytes, maxEvents}), ...batches);
					assert.deepEqual(receiver.held.slice(heldBefore), batches.flatMap(textsOf));
					for (const post of receiver.posts.slice(sentBefore)) {
						const size = kind === 'json' ? (JSON.parse(post.body) as []).length : post.body.split('\n').length - 1;
						assert.ok(size === 1 || (size <= maxEvents && Buffer.byteLength(post.body) <= maxBytes));
					}
				},
			);
			await fc.assert(check, {numRuns: 40});
		});

		it('gives the events of a page the same keys in every run, and others to twins', async () => {
			const receiver = await webhook();
			const pages = [numbered(7), numbered(5, 'f')];
			await send(await open(receiver, {maxEvents: 3}), ...pages);
			const first = keys(receiver);
			await send(await open(receiver, {maxEvents: 3}), ...pages);
			assert.deepEqual(keys(receiver).slice(first.length), first);
			assert.equal(new Set(first).size, first.length);
			const held = receiver.held.length;
			const twins = [batchOf([{id: '1', text: '{}'}]), batchOf([{id: '2', text: '{}'}])];
			await send(await open(receiver), ...twins, {...twins[0]!, source: {...twins[0]!.source, tenant: 'other'}});
			assert.equal(receiver.held.length, held + 3);
		});

		it('gives a record whose lists come in another order the same key, where a source says so', async () => {
			const receiver = await webhook();
			const page = (text: string, unorderedLists: boolean): Batch => {
				const batch = batchOf([{id: 'a', text}]);
				return {...batch, source: {...batch.source, unorderedLists}};
			};
			receiver.fault = () => 200;
			for (const unordered of [true, false]) {
				await send(await open(receiver), page('[1,2]', unordered), page('[2,1]', unordered));
			}
			const [one, other, third, fourth] = keys(receiver);
			assert.equal(one, other);
			assert.notEqual(third, fourth);
		});

		it('cuts a page that comes again as it was cut before, whatever the receiver has shown in between', async () => {
			const sizes = fc.array(fc.integer({min: 1, max: 40}), {minLength: 1, maxLength: 4});
			const check = fc.asyncProperty(sizes, fc.integer({min: 30, max: 400}), async (counts, limitBytes) => {
				const receiver = await startWebhook();
				receiver.fault = (_n, {body}) => (Buffer.byteLength(body) > limitBytes ? 413 : undefined);
				try {
					const pages = counts.map((count, at) => numbered(count, `p${at}-`));
					await send(await open(receiver), ...pages);
					for (const at of pages.keys()) await send(await open(receiver), ...pages.slice(at));
					assert.deepEqual(receiver.held, pages.flatMap(textsOf), 'stored once, in order');
				} finally {
					await receiver.close();
				}
			});
			await fc.assert(check, {numRuns: 15});
		});

		it('is stored once where answers are lost, and where the receiver is busy with the same key', async () => {
			const receiver = await webhook();
			receiver.fault = n => [undefined, 'lost' as const, 409, 503, {status: 429, headers: {'retry-after': '0'}}][n];
			const page = numbered(3);
			await send(await open(receiver), page);
			assert.equal(receiver.posts.length, 5);
			assert.equal(new Set(keys(receiver)).size, 1);
			assert.deepEqual(receiver.held, textsOf(page));
		});

		it('ends where the receiver keeps failing, or asks for a longer wait than is allowed', async () => {
			const receiver = await webhook();
			receiver.fault = () => 500;
			const run = async () => send(await open(receiver, {maxAttempts: 3}), events('a'));
			await assert.rejects(run(), sinkError('SINK_FAILED', /^http: POST http:\S+\/hook answered 500/));
			assert.equal(receiver.posts.length, 3);
			receiver.fault = () => ({status: 429, headers: {'retry-after': '7200'}});
			await assert.rejects(run(), RateLimitError);
		});

		it('halves what is too large for the receiver, and hands back an event that is too large by itself', async () => {
			const receiver = await webhook();
			receiver.fault = (_n, {body}) => (body.length > 100 ? 413 : undefined);
			const large = {id: 'large', text: JSON.stringify('x'.repeat(100))};
			const page = batchOf([{id: 'a'}, {id: 'b'}, large, ...Array.from({length: 20}, (_, at) => ({id: `c${at}`}))]);
			const rejected = await send(await open(receiver), page);
			assert.deepEqual(
				rejected.map(({id, text}) => [id, String(text)]),
				[['large', large.text]],
			);
			assert.match(rejected[0]!.reason, /answered 413/);
			assert.deepEqual(
				receiver.held,
				textsOf(page).filter(text => text !== large.text),
			);
			const sink = await open(receiver);
			const before = receiver.posts.length;
			await sink.write(numbered(20, 'd'));
			const learning = receiver.posts.length - before;
			await send(sink, numbered(20, 'f'));
			assert.ok(receiver.posts.length - before < 2 * learning, 'what it refused once is not sent again');
		});

		it('hands back the events that are refused, and stores the others, in order', async () => {
			const bad = /"e(0|7|8|31)"/;
			const receiver = await webhook(text => !bad.test(text));
			const page = numbered(40);
			const rejected = await send(await open(receiver, {body: 'json'}), page);
			assert.deepEqual(
				rejected.map(({id}) => id),
				['e0', 'e7', 'e8', 'e31'],
			);
			for (const {reason} of rejected) assert.match(reason, /^http: POST \S+ answered 400: an event is bad$/);
			assert.deepEqual(
				receiver.held,
				textsOf(page).filter(text => !bad.test(text)),
			);
		});

		it('ends where all is refused, instead of handing back an archive', async () => {
			const receiver = await webhook(() => false);
			const sink = await open(receiver, {maxRefused: 4});
			const rejected = [...((await sink.write(numbered(3))) ?? [])];
			assert.equal(rejected.length, 3);
			const message =
				/^http: 5 events in a row were refused, the last one so: http: POST \S+ answered 400: .*check the URL/;
			await assert.rejects(async () => sink.write(numbered(1000)), sinkError('SINK_FAILED', message));
			assert.ok(receiver.posts.length < 30, `${receiver.posts.length} requests`);
			// one that is taken in between shows that the receiver is right
			const fussy = await webhook(text => text.includes('"e'));
			const mixed = events(...Array.from({length: 30}, (_, at) => (at % 4 === 3 ? `e${at}` : `x${at}`)));
			assert.equal((await send(await open(fussy, {maxRefused: 4}), mixed)).length, 23);
		});

		for (const status of [404, 405, 501]) {
			it(`ends at a ${status}, which is not about the events`, async () => {
				const receiver = await webhook();
				receiver.fault = () => status;
				const run = send(await open(receiver), numbered(9));
				await assert.rejects(run, sinkError('SINK_FAILED', new RegExp(`answered ${status}`)));
				assert.equal(receiver.posts.length, 1);
			});
		}

		it('says what to do about a receiver that takes no gzip', async () => {
			const receiver = await webhook();
			receiver.fault = () => 415;
			await assert.rejects(async () => send(await open(receiver), events('a')), /answered 415; .*gzip=false/);
		});

		it('tells refused credentials from all else, and shows none', async () => {
			const receiver = await webhook();
			for (const status of [401, 403]) {
				receiver.fault = (_n, {headers}) => ({status, body: `you sent ${headers.authorization} as ${token}`});
				const run = async () => send(await open(receiver, {token}), events('a'));
				await assert.rejects(run(), error => error instanceof AuthError && hidden(error));
			}
			receiver.fault = () => undefined;
			let given = 0;
			receiver.fault = (_n, {headers}) => (headers.authorization === 'Bearer new' ? undefined : 401);
			await send(await open(receiver, {token: () => (given++ === 0 ? token : 'new')}), events('b'));
			assert.equal(receiver.held.length, 1);
		});

		it('follows no redirect elsewhere or in a circle, and shows no query, not even one that the receiver repeats', async () => {
			const receiver = await webhook();
			const path = '/hook?key=qu%2Bery-s3cret';
			assert.equal(http({endpoint: receiver.origin + path}).target, `${receiver.origin}/hook`);
			for (const location of [`https://evil.example${path}`, `${receiver.origin}/other?key=qu+ery-s3cret`]) {
				receiver.fault = () => ({status: 307, headers: {location}});
				const run = async () => send(await open(receiver, {token}, path), events('a'));
				await assert.rejects(run(), error => sinkError('SINK_FAILED', /which is not followed/)(error) && hidden(error));
			}
			receiver.fault = (_n, {url}) => ({status: 400, body: url});
			const rejected = await send(await open(receiver, {}, path), events('a'));
			assert.match(rejected[0]!.reason, /answered 400: /);
			assert.doesNotMatch(rejected[0]!.reason, /s3cret/);
			assert.ok(receiver.posts.every(({url}) => url === path || url === '/other?key=qu+ery-s3cret'));
		});

		it('ends at once when the run gives up', async () => {
			const receiver = await webhook();
			const giveUp = new AbortController();
			receiver.fault = () => {
				giveUp.abort();
				return 503;
			};
			const sink = await http({endpoint: receiver.origin, retryBaseMs: 60_000}).open(
				sinkContext(undefined, giveUp.signal),
			);
			await assert.rejects(async () => sink.write(events('a')), {name: 'AbortError'});
			assert.equal(receiver.posts.length, 1);
		});

		for (const body of ['ndjson', 'json'] as const) {
			it(`takes no page to log in for an answer to ${body}, whatever its status, and any other page for one`, async () => {
				const receiver = await webhook();
				for (const page of [
					'<!DOCTYPE html><title>Sign in to Example</title><p>Welcome',
					'<html><form action="/sso/start"><button>Go on</button></form>',
				]) {
					receiver.fault = () => ({status: 200, body: page});
					const run = async () => send(await open(receiver, {body, maxAttempts: 2}), events('a'));
					await assert.rejects(run(), error => error instanceof AuthError && /a login page/.test(error.message));
				}
				for (const page of ['<html><title>Thanks</title>ok</html>', 'ok', '']) {
					receiver.fault = () => ({status: 200, body: page});
					assert.deepEqual(await send(await open(receiver, {body}), events('a')), []);
				}
			});
		}

		it('takes dead letters too, which come without records', async () => {
			const receiver = await webhook(text => !text.includes('bad'));
			const letters = {...events('a', 'bad', 'c'), records: []};
			const rejected = await send(await open(receiver), letters);
			assert.deepEqual(
				rejected.map(({text}) => Buffer.from(text).toString()),
				['{"id":"bad"}'],
			);
			assert.equal(receiver.held.length, 2);
		});
	});

	describe('to a Splunk HTTP Event Collector', () => {
		const hec = () => started(startHec(token));
		const openHec = (receiver: HttpReceiver, options: Partial<Options> = {}) =>
			open(receiver, {body: 'hec', token, ...options}, '/services/collector/event');

		it('sends each event with its time in seconds, and where it is from', async () => {
			const receiver = await hec();
			const timeMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
			const page = batchOf([
				{id: 'a', timeMs, text: '{"id":"a","n":1.0}'},
				{id: 'b', timeMs: timeMs + 1},
			]);
			await send(await openHec(receiver, {sourcetype: 'atlassian:audit'}), page);
			const head = '"host":"some-tenant","source":"some-source","sourcetype":"atlassian:audit"';
			assert.deepEqual(receiver.held, [
				`{"time":${timeMs / 1000},${head},"event":{"id":"a","n":1.0}}`,
				`{"time":${(timeMs + 1) / 1000},${head},"event":{"id":"b"}}`,
			]);
		});

		it('hands back an event that it cannot take, and stores the others', async () => {
			const receiver = await hec();
			const page = batchOf([{id: 'a'}, {id: 'blank', text: '""'}, {id: 'b'}]);
			const rejected = await send(await openHec(receiver), page);
			assert.deepEqual(
				rejected.map(({id}) => id),
				['blank'],
			);
			assert.match(rejected[0]!.reason, /answered 400: .*Event field cannot be blank/);
			assert.deepEqual(
				new Set(receiver.held.map(line => (JSON.parse(line) as {event: {id: string}}).event.id)),
				new Set(['a', 'b']),
			);
		});

		it('waits while it is busy, and knows a refused token', async () => {
			const receiver = await hec();
			receiver.fault = n => (n < 3 ? {status: 503, body: {text: 'Server is busy', code: 9}} : undefined);
			await send(await openHec(receiver), events('a'));
			assert.equal(receiver.held.length, 1);
			for (const options of [{token: 'wr0ng-s3cret'}, {auth: 'Bearer' as const}]) {
				const run = async () => send(await openHec(receiver, options), events('b'));
				await assert.rejects(run(), error => error instanceof AuthError && hidden(error));
			}
		});

		it('takes no other page for its answer', async () => {
			const receiver = await hec();
			for (const [body, message] of [
				['<html>Log in', /expected JSON/],
				[{text: 'Success'}, /expected code 0 of an event collector, got none/],
				[
					{text: 'Server is busy', code: 9},
					/answered 200, but it says that not all was taken: "text": "Server is busy"/,
				],
				[{text: 'Success', code: 0, 'invalid-event-number': 0}, /"invalid-event-number"/],
				[{success: false}, /"success": false/],
				[{errors: true}, /"errors": true/],
				['null', /got none/],
			] as const) {
				receiver.fault = () => ({status: 200, body});
				const run = async () => send(await openHec(receiver, {maxAttempts: 2}), events('a'));
				await assert.rejects(run(), sinkError('SINK_FAILED', message));
			}
		});
	});

	describe('to Elasticsearch', () => {
		const elastic = (statusOf?: (text: string, n: number) => number | undefined) =>
			started(startElastic(token, statusOf ? {statusOf} : {}));
		const openElastic = (receiver: HttpReceiver, options: Partial<Options> = {}) =>
			open(receiver, {body: 'elastic', token, ...options}, '/audit/_bulk?pipeline=x');

		it('stores each event once, whatever comes again and however it is cut', async () => {
			const receiver = await elastic();
			const page = numbered(9);
			receiver.fault = n => (n === 1 ? 'lost' : undefined);
			for (const maxEvents of [9, 4, 1])
				assert.deepEqual(await send(await openElastic(receiver, {maxEvents}), page), []);
			assert.deepEqual(receiver.held, textsOf(page));
			const other = {...page, source: {...page.source, tenant: 'other'}};
			await send(await openElastic(receiver), other);
			assert.equal(receiver.held.length, 18, 'ids are of one tenant');
		});

		it('reads what became of each event in an answer of 200', async () => {
			const receiver = await elastic(text => (/"e[25]"/.test(text) ? 400 : undefined));
			const page = numbered(8);
			const rejected = await send(await openElastic(receiver), page);
			assert.deepEqual(
				rejected.map(({id}) => id),
				['e2', 'e5'],
			);
			for (const {reason} of rejected) {
				assert.match(
					reason,
					/^http: \S+\/audit\/_bulk answered 400 for an event: mapping: no \(the answer is not shown/,
				);
			}
			assert.equal(receiver.held.length, 6);
			assert.equal(receiver.posts.length, 1);
		});

		it('sends what it had no room for again, and only that', async () => {
			const receiver = await elastic((text, n) => (n < 4 && /"e[1-3]"/.test(text) ? 429 : undefined));
			const page = numbered(5);
			assert.deepEqual(await send(await openElastic(receiver), page), []);
			assert.deepEqual(new Set(receiver.held), new Set(textsOf(page)));
			assert.deepEqual(
				receiver.posts.map(({body}) => (body.split('\n').length - 1) / 2),
				[5, 3, 3, 3],
			);
		});

		it('ends where it never has room, and where all events are refused', async () => {
			const full = await elastic(() => 429);
			const run = async (receiver: HttpReceiver) => send(await openElastic(receiver, {maxAttempts: 3}), numbered(50));
			await assert.rejects(run(full), sinkError('SINK_FAILED', /answered 429 for an event/));
			assert.equal(full.posts.length, 3);
			await assert.rejects(run(await elastic(() => 400)), sinkError('SINK_FAILED', /11 events in a row were refused/));
			await assert.rejects(run(await elastic(() => 404)), sinkError('SINK_FAILED', /answered 404 for an event/));
		});

		it('knows that it is the token that may not write', async () => {
			const receiver = await elastic(() => 403);
			await assert.rejects(
				async () => send(await openElastic(receiver), numbered(3)),
				error => {
					return error instanceof AuthError && error.code === 'FORBIDDEN' && hidden(error);
				},
			);
		});

		it('takes no other answer for one about these events', async () => {
			const receiver = await elastic();
			const created = {create: {status: 201}};
			for (const [body, message] of [
				[{errors: false, items: []}, /it has 0 items about 1 events/],
				[{errors: false, items: [created, created]}, /it has 2 items about 1 events/],
				[{errors: false, items: [{create: {}}]}, /or no status/],
				[{errors: false, items: [null]}, /or no status/],
				[{errors: true}, /it has no items/],
				[{errors: true, items: [created]}, /it says "errors": true, and of no event which/],
				[{errors: false, items: [{create: {_id: 'other', status: 201}}]}, /its items have other ids/],
				[{error: 'Incorrect method', status: 405, items: [created]}, /"error": "Incorrect method"/],
				[{success: false}, /"success": false/],
				['null', /it has no items/],
				['<html>Log', /expected JSON/],
			] as const) {
				receiver.fault = () => ({status: 200, body});
				const run = async () => send(await openElastic(receiver, {maxAttempts: 2}), events('a'));
				await assert.rejects(run(), sinkError('SINK_FAILED', message));
			}
		});

		it('hands back an event that the index has not stored, whatever its status', async () => {
			const receiver = await elastic();
			for (const [more, reason] of [
				[{status: 200, result: 'noop', _shards: {total: 0, successful: 0, failed: 0}}, /not stored: result noop/],
				[{status: 201, result: 'created', _shards: {total: 2, successful: 0, failed: 2}}, /no shard has it/],
				[{status: 200, error: {type: 'a', reason: 'b'}}, /a: b/],
			] as const) {
				receiver.fault = () => ({status: 200, body: {errors: false, items: [{create: more}]}});
				const [rejected] = await send(await openElastic(receiver), events('a'));
				assert.equal(rejected?.id, 'a');
				assert.match(rejected.reason, reason);
			}
		});

		it('takes a conflict for a document that is there only where it gave the id', async () => {
			const receiver = await elastic();
			receiver.fault = () => ({status: 200, body: {errors: true, items: [{create: {status: 409}}]}});
			assert.deepEqual(await send(await openElastic(receiver), events('a')), []);
			const run = async () => send(await openElastic(receiver, {ids: false}), events('a'));
			await assert.rejects(run(), sinkError('SINK_FAILED', /answered 409 for an event/));
		});
	});

	it('refuses what cannot work before anything is sent, and shows no secret of it', () => {
		for (const [options, message] of [
			[
				{endpoint: 'http://host.example/x?k=s3cret'},
				/^http: option endpoint: expected https:.*got http:\/\/host\.example;/,
			],
			[
				{endpoint: 'https://ann:s3cret@host/x'},
				/^http: option endpoint: expected a URL without credentials, got one with them for host; set RXAUDIT_HTTP_TOKEN/,
			],
			[{endpoint: 'https://host/x?k=s3cret#there'}, /expected a URL without .*fragment/],
			[{endpoint: 'host?k=s3cret'}, /expected a URL like https:/],
			[{endpoint: 'ftp://host/s3cret'}, /expected https:/],
			[{endpoint: 'https://host', sourcetype: 'x'}, /option sourcetype: expected body hec beside it, got ndjson/],
			[{endpoint: 'https://host', token: ''}, /option token: expected/],
		] as const) {
			assert.throws(
				() => http(options),
				error => {
					return error instanceof ConfigError && message.test(error.message) && hidden(error);
				},
			);
		}
	});

	it('is bound to the address without its query, and to the form of the body', () => {
		const {target, layout, commitSize} = http({endpoint: 'https://HOST:443/a/?k=v', body: 'json'});
		assert.deepEqual(
			{target, layout, commitSize},
			{
				target: 'https://host/a/',
				layout: {body: 'json'},
				commitSize: {pages: 1},
			},
		);
	});
});
