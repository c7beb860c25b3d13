import assert from 'node:assert/strict';
import dns from 'node:dns';
import {RateLimitError, SourceError} from '../../lib/model/errors.ts';
import {type Emulator, type Fault, startEmulator} from '../support/emulator.ts';
import {Limiter} from '../../lib/http/limiter.ts';
import type {Refusal} from '../../lib/http/quota.ts';
import {scriptedServers} from '../support/scripted-server.ts';
import {VirtualClock} from '../support/virtual-clock.ts';
import {openClient, orgEvents, rejection} from './open-client.ts';

const serve = scriptedServers();
let clock: VirtualClock;
let emulator: Emulator;

beforeEach(async () => {
	clock = new VirtualClock();
	emulator = await startEmulator({events: 3, now: () => clock.now()});
});
afterEach(() => emulator.close());

function refusal(headers: Record<string, string>, at: Fault['at'] = 1): Fault {
	return {kind: 'status', status: 429, headers, at: at!};
}

/** Between one request and the next, by the server's clock. */
function gapsMs(): number[] {
	const times = emulator.requests.map(({atMs}) => atMs);
	return times.slice(1).map((time, at) => time - times[at]!);
}

describe('retryPolicy after 429', () => {
	const waits: readonly (readonly [headers: Record<string, string>, waitMs: number])[] = [
		[{'retry-after': '3'}, 3000],
		[{'retry-after': '1.5'}, 1500],
		[{'retry-after': '0'}, 0],
		[{'retry-after': 'date+30'}, 30_000],
		[{'retry-after': 'date-60'}, 0],
		[{}, 1000],
		[{'x-ratelimit-remaining': '0'}, 1000],
		[{'x-ratelimit-reset': 'minute+5'}, 30_000],
		[{'x-ratelimit-reset': 'epoch+20'}, 20_000],
		[{'x-rate-limit-reset': 'epoch+20'}, 20_000],
		[{'ratelimit-reset': '20'}, 20_000],
		[{ratelimit: '"default";r=0;t=20'}, 20_000],
	];
	for (const [headers, waitMs] of waits) {
		it(`waits ${waitMs} ms and at most a tenth more for ${JSON.stringify(headers)}`, async () => {
			for (const [random, jitter] of [
				[0, 0],
				[1, 0.1],
			] as const) {
				clock = new VirtualClock();
				emulator.setFaults([refusal(headers, emulator.requestCount + 1)]);
				await openClient(emulator.url, {clock, random: () => random}).get();
				assert.ok(Math.abs(gapsMs().at(-1)! - waitMs * (1 + jitter)) < 0.01, `${gapsMs().at(-1)} ms`);
			}
			assert.equal(emulator.requestCount, 4);
		});
	}

	it('doubles the wait where no time is given, up to a minute, and ends at maxWait', async () => {
		emulator.setFaults([refusal({}, 'all')]);
		const {get} = openClient(emulator.url, {clock, random: () => 0, maxWaitMs: 600_000});
		const error = await rejection(get());
		assert.ok(error instanceof RateLimitError);
		assert.deepEqual(
			gapsMs().slice(0, 8),
			[1, 2, 4, 8, 16, 32, 60, 60].map(seconds => seconds * 1000),
		);
		assert.ok(clock.monotonic() <= 600_000 && clock.monotonic() > 500_000, `${clock.monotonic()} ms`);
		assert.match(error.message, /no quota for another 60 s, longer in all than option maxWait/);
	});

	it('does not believe "at once" twice in a row', async () => {
		emulator.setFaults([refusal({'retry-after': '0'}, {from: 1, to: 3})]);
		await openClient(emulator.url, {clock, random: () => 0}).get();
		assert.deepEqual(gapsMs(), [0, 2000, 4000]);
	});

	for (const value of ['1000000000', '3601', 'date+3602']) {
		it(`ends at once when asked for longer than maxWait: ${value}`, async () => {
			emulator.setFaults([refusal({'retry-after': value})]);
			const error = await rejection(openClient(emulator.url, {clock}).get());
			assert.ok(error instanceof RateLimitError);
			assert.equal(error.code, 'RATE_LIMITED');
			assert.equal(error.waitMs, value.startsWith('date') ? 3_602_000 : Number(value) * 1000);
			assert.equal(emulator.requestCount, 1);
			assert.equal(clock.monotonic(), 0);
		});
	}

	it('is what the API calls one: for as long as it says, or as an unknown time', async () => {
		const status = (status: number, at: number): Fault => ({kind: 'status', status, body: 'slow down', at});
		emulator.setFaults([status(418, 1), status(418, 3), status(404, 5)]);
		let until: boolean | Date = new Date(clock.now() + 90_000);
		const seen: string[] = [];
		const outOfQuota = ({status, headers, text}: Refusal) => {
			seen.push(`${status} ${text} ${headers['content-type']}`);
			return status === 418 && until;
		};
		const {get} = openClient(emulator.url, {clock, random: () => 0, maxAttempts: 1, outOfQuota});
		await get();
		until = true;
		await get();
		assert.deepEqual(gapsMs(), [90_000, 0, 1000]);
		assert.equal(((await rejection(get())) as unknown as SourceError).code, 'NOT_FOUND');
		assert.equal(seen.length, 3);
		assert.match(seen[0]!, /^418 slow down application/);
		emulator.setFaults([{kind: 'status', status: 418, at: 'all'}]);
		const {get: impatient} = openClient(emulator.url, {clock, outOfQuota: () => true, maxWaitMs: 1});
		assert.ok((await rejection(impatient())) instanceof RateLimitError);
	});

	it('does not count as an attempt', async () => {
		const failure: Fault = {kind: 'status', status: 500, at: [4, 8]};
		emulator.setFaults([failure, refusal({'retry-after': '1'}, {from: 1, to: 9})]);
		await openClient(emulator.url, {clock, maxAttempts: 3}).get();
		assert.equal(emulator.requestCount, 10);
	});

	it('stops all requests of the credential, of whichever client, until the time has come', async () => {
		const server = await serve((response, n) =>
			n === 1 ? response.writeHead(429, {'retry-after': '60'}).end() : response.end('{}'),
		);
		const limiter = new Limiter(clock);
		const [first, second] = [openClient(server.origin, {clock, limiter}), openClient(server.origin, {clock, limiter})];
		const paused = new Promise<void>(resolve => {
			first.meter.onChange = () => first.meter.waitingUntilMs && resolve();
		});
		const get = ({client}: typeof first) => client({method: 'GET', path: orgEvents});
		const answers = [get(first)];
		await paused;
		answers.push(...[first, second, first, second].map(get));
		clock.advance(59_999);
		await ioTurns();
		assert.equal(server.requests.length, 1);
		clock.advance(6_001);
		await Promise.all(answers);
		assert.equal(server.requests.length, 6);
	});

	it('lets a write be sent again', async () => {
		const server = await serve((response, n) =>
			n === 1 ? response.writeHead(429).end() : response.writeHead(201).end('{}'),
		);
		const body = '{"name":"ü"}';
		await openClient(server.origin).get({method: 'POST', body});
		assert.deepEqual(
			server.requests.map(request => request.body),
			[body, body],
		);
	});
});

describe('retryPolicy after a failure', () => {
	const failures: readonly Fault[] = [
		...[500, 502, 503, 504, 408, 520].map(status => ({kind: 'status', status, at: [1, 2]}) as const),
		{kind: 'reset', at: [1, 2]},
		{kind: 'reset', where: 'body', at: [1, 2]},
		{kind: 'short', at: [1, 2]},
		{kind: 'truncate', at: [1, 2]},
		{kind: 'gzip-cut', at: [1, 2]},
		{kind: 'html', page: 'maintenance', at: [1, 2]},
	];
	for (const fault of failures) {
		it(`sends exactly three requests for ${JSON.stringify(fault)}`, async () => {
			emulator.setFaults([fault]);
			const opened = openClient(emulator.url, {clock, maxAttempts: 3});
			const page = (await opened.get()) as {data: unknown[]};
			assert.equal(page.data.length, 3);
			assert.equal(emulator.requestCount, 3);
			assert.equal(opened.meter.requests, 3);
			assert.equal(opened.meter.retries, 2);
		});
	}

	for (const code of ['EAI_AGAIN', 'EPIPE', 'ECONNRESET', 'ETIMEDOUT', 'ECONNREFUSED']) {
		it(`sends again after ${code}, and gives up after as many attempts as allowed`, async () => {
			const server = await serve(response => response.end('{}'));
			const origin = server.origin.replace('127.0.0.1', 'localhost');
			await failingLookups(code, 2, async () => {
				await openClient(origin, {maxAttempts: 3}).get();
			});
			assert.equal(server.requests.length, 1);
			await failingLookups(code, 3, async tries => {
				const error = await rejection(openClient(origin, {maxAttempts: 3}).get());
				assert.equal(error['code'], 'UNREACHABLE');
				assert.match(error.message, new RegExp(code));
				assert.equal(tries(), 3);
			});
		});
	}

	it('does not try again where the host is unknown', async () => {
		await failingLookups('ENOTFOUND', 9, async tries => {
			const error = await rejection(openClient('http://localhost:1').get());
			assert.match(error.message, /localhost is not known \(ENOTFOUND\)/);
			assert.equal(tries(), 1);
		});
	});

	for (const status of [400, 404, 409, 410, 422, 501]) {
		it(`does not repeat a request answered with ${status}`, async () => {
			emulator.setFaults([{kind: 'status', status, at: 'all'}]);
			const error = await rejection(openClient(emulator.url, {clock}).get());
			assert.ok(error instanceof SourceError);
			assert.equal(error.status, status);
			assert.equal(emulator.requestCount, 1);
		});
	}

	it('tries again at a status that passes at this API', async () => {
		for (const [said, requests] of [
			['full', 4],
			['forbidden', 1],
		] as const) {
			const server = await serve(response => response.writeHead(403).end(said));
			const passing = (status: number, body: Buffer) => status === 403 && body.toString() === 'full';
			const error = await rejection(openClient(server.origin, {clock}).get({passing}));
			assert.deepEqual(
				[error['code'], server.requests.length],
				[said === 'full' ? 'HTTP_STATUS' : 'FORBIDDEN', requests],
			);
		}
	});

	it('gives up after as many attempts as allowed', async () => {
		emulator.setFaults([{kind: 'status', status: 500, at: 'all'}]);
		const error = await rejection(openClient(emulator.url, {clock, maxAttempts: 5}).get());
		assert.equal(error['status'], 500);
		assert.equal(emulator.requestCount, 5);
	});

	it('waits up to the doubled base, drawn anew each time', async () => {
		emulator.setFaults([{kind: 'status', status: 500, at: 'all'}]);
		const draws = [1, 0.5, 0, 1, 1];
		const backoff = {baseMs: 500, maxMs: 3000};
		const random = () => draws.shift()!;
		await rejection(openClient(emulator.url, {clock, random, backoff, maxAttempts: 6}).get());
		assert.deepEqual(gapsMs(), [500, 500, 0, 3000, 3000]);
	});

	it('waits at least as long as a 503 asks for', async () => {
		emulator.setFaults([{kind: 'status', status: 503, headers: {'retry-after': '7'}, at: 1}]);
		await openClient(emulator.url, {clock}).get();
		assert.deepEqual(gapsMs(), [7000]);
	});

	it('ends when a 503 asks for longer than maxWait', async () => {
		emulator.setFaults([
			{kind: 'status', status: 503, headers: {'retry-after': '1e9', 'x-retry-after': '7200'}, at: 1},
		]);
		const error = await rejection(openClient(emulator.url, {clock}).get());
		assert.match(String(error), /503: it is to be left alone for another 7200 s, longer in all than option maxWait/);
		assert.equal(error['code'], 'RATE_LIMITED');
		assert.equal(emulator.requestCount, 1);
	});

	it('does not take the time of the quota for the time of a failure', async () => {
		emulator.setFaults([{kind: 'status', status: 500, headers: {'x-ratelimit-reset': 'minute+600'}, at: 1}]);
		await openClient(emulator.url, {clock}).get();
		assert.deepEqual(gapsMs(), [250]);
	});
});

describe('retryPolicy of a request that may not be repeated', () => {
	for (const [what, script] of [
		['500', response => response.writeHead(500).end()],
		['503', response => response.writeHead(503, {'retry-after': '1'}).end()],
		['a reset', response => response.socket?.resetAndDestroy()],
		['a body that is no JSON', response => response.end('<html>')],
	] as const satisfies readonly (readonly [string, Parameters<typeof serve>[0]])[]) {
		it(`sends it once where it is answered with ${what}`, async () => {
			for (const method of ['POST', 'PATCH'] as const) {
				const server = await serve(script);
				await rejection(openClient(server.origin).get({method, body: '{}'}));
				assert.equal(server.requests.length, 1);
			}
			const server = await serve(script);
			await rejection(openClient(server.origin, {maxAttempts: 3}).get({method: 'POST', body: '{}', repeatable: true}));
			assert.equal(server.requests.length, 3, 'a query by POST is sent again');
		});
	}

	it('sends it again when it cannot have arrived', async () => {
		const server = await serve(response => response.end('{}'));
		const origin = server.origin.replace('127.0.0.1', 'localhost');
		await failingLookups('ECONNREFUSED', 2, () => openClient(origin).get({method: 'POST', body: '{}'}));
		await failingLookups('EPIPE', 2, () => rejection(openClient(origin).get({method: 'POST', body: '{}'})));
		assert.equal(server.requests.length, 1);
	});
});

/** The next connections to `localhost` fail with this errno. */
async function failingLookups(code: string, times: number, action: (tries: () => number) => Promise<unknown>) {
	const {lookup} = dns;
	let tries = 0;
	const failing = (...args: Parameters<typeof lookup>) => {
		if (++tries > times) return lookup(...args);
		const done = args.at(-1) as unknown as (error: Error) => void;
		return process.nextTick(done, Object.assign(new Error(`getaddrinfo ${code} localhost`), {code}));
	};
	dns.lookup = failing as unknown as typeof lookup;
	try {
		await action(() => tries);
	} finally {
		dns.lookup = lookup;
	}
}

/** Enough turns of the event loop for a request to arrive, were one sent. */
async function ioTurns(): Promise<void> {
	for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setImmediate(resolve));
}
