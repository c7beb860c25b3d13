import assert from 'node:assert/strict';
import {AuthError, RateLimitError} from '../../lib/model/errors.ts';
import {isOutOfQuota} from '../../lib/http/quota.ts';
import {scriptedServers} from '../support/scripted-server.ts';
import {openClient, rejection} from './open-client.ts';

describe('isOutOfQuota', () => {
	const is = (status: number, headers: Record<string, string>, body = '') =>
		isOutOfQuota({status, headers, body: Buffer.from(body)});

	it('is any 429', () => assert.ok(is(429, {})));

	const passing: readonly (readonly [headers: Record<string, string>, body?: string])[] = [
		[{'retry-after': '30'}],
		[{'retry-after': 'Sat, 21 Nov 2026 00:00:05 GMT'}],
		[{'ratelimit-reason': 'jira-burst-based'}],
		[{'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1700000000'}],
		[{'x-rate-limit-remaining': '0', 'x-rate-limit-reset': '1700000000'}],
		[{'ratelimit-remaining': '0', 'ratelimit-reset': '30'}],
		[{ratelimit: '"default";r=0;t=30'}],
		[{}, '{"message":"API rate limit exceeded for user"}'],
		[{}, 'Request was throttled.'],
		[{}, 'Your quota has been exceeded'],
	];
	for (const [headers, body] of passing) {
		it(`is a 403 with ${JSON.stringify([headers, body])}`, () => {
			assert.ok(is(403, headers, body));
			assert.ok(!is(401, headers, body));
		});
	}

	it('is no other 403', () => {
		assert.ok(!is(403, {'retry-after': '0', 'x-ratelimit-remaining': '0'}, '{"message":"You may not read this log"}'));
		assert.ok(!is(403, {'x-ratelimit-remaining': '7', 'x-ratelimit-reset': '1700000000'}));
	});
});

describe('a success that is not whole', () => {
	const serve = scriptedServers();

	for (const status of [203, 206, 207]) {
		it(`is a failure: ${status}`, async () => {
			const server = await serve(response => response.writeHead(status).end('{"data":[]}'));
			const error = await rejection(openClient(server.origin, {maxAttempts: 1}).get());
			assert.match(String(error), new RegExp(`answered ${status}`));
		});
	}
});

describe('a 403 that is about now', () => {
	const serve = scriptedServers();

	it('is waited for as long as it asks', async () => {
		const server = await serve((response, n) =>
			n === 1 ? response.writeHead(403, {'retry-after': '40'}).end('WAF') : response.end('{}'),
		);
		const {clock, get} = openClient(server.origin, {maxAttempts: 1});
		await get();
		assert.ok(clock.monotonic() >= 40_000, `${clock.monotonic()} ms`);
	});

	it('ends the run where that is too long, in the words of the server', async () => {
		const server = await serve(response => response.writeHead(403, {'retry-after': '7200'}).end('blocked by the wall'));
		const error = await rejection(openClient(server.origin).get());
		assert.ok(error instanceof RateLimitError);
		assert.match(error.message, /answered 403: no quota for another 7200 s.*option maxWait.*blocked by the wall/);
	});

	it('is refused at once where it is about rights', async () => {
		const server = await serve(response => response.writeHead(403, {'retry-after': '0'}).end('no administrator'));
		assert.ok((await rejection(openClient(server.origin).get())) instanceof AuthError);
		assert.equal(server.requests.length, 1);
	});
});
