import assert from 'node:assert/strict';
import fc from 'fast-check';
import {startEmulator} from '../support/emulator.ts';
import {Limiter, limiterFor, type Rate, type SharedQuota, shareQuota} from '../../lib/http/limiter.ts';
import {AuthError} from '../../lib/model/errors.ts';
import {Meter} from '../../lib/model/meter.ts';
import {latency, scriptedServers} from '../support/scripted-server.ts';
import {VirtualClock} from '../support/virtual-clock.ts';
import {openClient, orgEvents, rejection} from './open-client.ts';

const serve = scriptedServers();
const meter = new Meter();
let clock: VirtualClock;
let limiter: Limiter;

beforeEach(() => {
	clock = new VirtualClock();
	limiter = new Limiter(clock);
});

/** An attempt without duration; the clock skips its waits. Returns when it was let through. */
function attempt(api = 'api'): Promise<number> {
	return clock.run(async () => {
		(await limiter.acquire(api, meter))();
		return Math.round(clock.monotonic());
	});
}

async function attempts(count: number, api?: string): Promise<number[]> {
	const times = [];
	for (let n = 0; n < count; n++) times.push(await attempt(api));
	return times;
}

describe('Limiter', () => {
	it('lets everything through without a rate', async () => {
		assert.deepEqual(await attempts(3), [0, 0, 0]);
	});

	it('lets through what the rate allows, and the next when the first is out of the window', async () => {
		limiter.limit('api', {requests: 2, perMs: 1000});
		assert.deepEqual(await attempts(5), [0, 0, 1001, 1001, 2002]);
	});

	it('counts an attempt until its window after its end, since the server may have seen it as late', async () => {
		limiter.limit('api', {requests: 1, perMs: 1000});
		const ended = await limiter.acquire('api', meter);
		clock.advance(5000);
		ended();
		assert.equal(await attempt(), 6001);
	});

	it('waits for attempts that are under way', async () => {
		limiter.limit('api', {requests: 1, perMs: 1000});
		const ended = await limiter.acquire('api', meter);
		const next = attempt();
		clock.advance(5000);
		ended();
		assert.equal(await next, 6001);
	});

	it('counts what was sent before a rate was bound', async () => {
		await attempts(3);
		clock.advance(400);
		const ended = await limiter.acquire('api', meter);
		limiter.limit('api', {requests: 4, perMs: 1000});
		ended();
		assert.deepEqual(await attempts(4), [1001, 1001, 1001, 1401]);
	});

	it('never becomes less strict, whichever rate comes later', async () => {
		const rates = [
			{requests: 1, perMs: 1000},
			{requests: 3, perMs: 60_000},
			{requests: 100, perMs: 1000},
		];
		for (const order of [rates, rates.toReversed()]) {
			clock = new VirtualClock();
			limiter = new Limiter(clock);
			for (const rate of order) limiter.limit('api', rate);
			assert.deepEqual(await attempts(4), [0, 1001, 2002, 60_060]);
		}
	});

	it('keeps the rates of two APIs apart, and pauses both', async () => {
		limiter.limit('api', {requests: 1, perMs: 1000});
		limiter.limit('other', {requests: 1, perMs: 1000});
		assert.deepEqual([await attempt('api'), await attempt('other')], [0, 0]);
		limiter.pause(5000);
		assert.deepEqual([await attempt('api'), await attempt('other')], [5000, 5000]);
	});

	it('does not shorten a pause', async () => {
		limiter.pause(5000);
		limiter.pause(100);
		assert.equal(await attempt(), 5000);
	});

	it('extends the wait of those who wait already', async () => {
		limiter.pause(1000);
		const waiting = limiter.acquire('api', meter).then(() => clock.monotonic());
		limiter.pause(5000);
		clock.advance(1000);
		await new Promise(setImmediate);
		clock.advance(4000);
		assert.equal(await waiting, 5000);
	});

	it('counts waits and says until when they last', async () => {
		const own = new Meter();
		limiter.pause(5000);
		const waiting = limiter.acquire('api', own);
		assert.equal(own.waitingUntilMs, clock.now() + 5000);
		clock.advance(5000);
		await waiting;
		assert.equal(own.waits, 1);
		assert.equal(own.waitingUntilMs, undefined);
	});

	it('rejects at once when stopped, in every kind of wait, and gives nothing away', async () => {
		limiter.limit('api', {requests: 1, perMs: 1000});
		const waits: (() => void)[] = [() => limiter.pause(50), () => {}];
		const ended = await limiter.acquire('api', meter);
		for (const begin of waits) {
			begin();
			const stop = new AbortController();
			const waiting = [1, 2, 3].map(() => limiter.acquire('api', meter, stop.signal));
			stop.abort(new Error('stop'));
			for (const wait of waiting) assert.equal((await rejection(wait)).message, 'stop');
			await assert.rejects(limiter.acquire('api', meter, stop.signal), /stop/);
			clock.advance(50);
		}
		ended();
		assert.equal(clock.asleep, 0);
		assert.equal(await attempt(), 1101);
	});

	it('keeps every window of the server, whatever the latency', async () => {
		const plan = fc.record({
			requests: fc.integer({min: 4, max: 9}),
			legs: fc.array(fc.nat(900), {minLength: 40, maxLength: 80}),
		});
		await fc.assert(
			fc.asyncProperty(plan, async ({requests, legs}) => {
				clock = new VirtualClock();
				limiter = new Limiter(clock);
				limiter.limit('api', {requests, perMs: 1000});
				const wait = clock.sleep.bind(clock);
				const seen: number[] = [];
				const worker = () =>
					clock.run(async () => {
						for (let leg = legs.pop(); leg !== undefined; leg = legs.pop()) {
							const ended = await limiter.acquire('api', meter);
							await wait(leg);
							seen.push(clock.monotonic());
							await wait(900 - leg);
							ended();
						}
					});
				await Promise.all([worker(), worker(), worker()]);
				for (const [n, at] of seen.entries()) assert.ok(!(seen[n - requests]! > at - 1000), `${seen.join(' ')}`);
			}),
			{numRuns: 50},
		);
	});
});

describe('Limiter with a shared quota', () => {
	const rate = {requests: 2, perMs: 1000};
	let asked: {credential: string; rates: readonly Rate[]; timeoutMs: number}[];
	let ended: number;
	let answer: () => Promise<number | void>;
	let paused: string[];
	const quota: SharedQuota = {
		async take(credential, rates, timeoutMs) {
			asked.push({credential, rates, timeoutMs});
			return (await answer()) ?? (() => void ended++);
		},
		pause: async (credential, ms) => void paused.push(`${credential} ${ms}`),
	};

	beforeEach(() => {
		[asked, ended, paused] = [[], 0, []];
		answer = async () => {};
		limiter.identify(async () => 'credential', 500);
		shareQuota(quota);
	});
	afterEach(() => shareQuota(undefined));

	it('asks it before each attempt, behind its own window, and says what has ended', async () => {
		limiter.limit('api', rate);
		assert.deepEqual(await attempts(3), [0, 0, 1001]);
		assert.deepEqual([asked.length, ended], [3, 3]);
		assert.deepEqual(asked[0], {credential: 'credential', rates: [rate], timeoutMs: 500});
		shareQuota(undefined);
		assert.equal(await attempt(), 1001);
		assert.equal(asked.length, 3);
	});

	it('waits as long as it is told, visibly, and those behind do not ask meanwhile', async () => {
		const own = new Meter();
		answer = async () => (clock.monotonic() < 700 ? 700 : undefined);
		const tasks = Array.from({length: 5}, () => async () => (await limiter.acquire('api', own))());
		const waiting = Array.from({length: 5}, () => limiter.acquire('api', own));
		await new Promise(setImmediate);
		assert.equal(own.waitingUntilMs, clock.now() + 700);
		assert.equal(asked.length, 1);
		await clock.runAll(tasks);
		for (const one of waiting) (await one)();
		assert.deepEqual([asked.length, ended, clock.monotonic()], [11, 10, 700]);
	});

	it('lets one begin where its first answer says how many may follow', async () => {
		limiter.learn('api');
		let begun = 0;
		const stop = new AbortController();
		const waiting = Array.from({length: 4}, () => limiter.acquire('api', meter, stop.signal).then(() => begun++));
		await new Promise(setImmediate);
		stop.abort(new Error('stop'));
		await Promise.allSettled(waiting);
		assert.equal(begun, 1);
	});

	it('sends nothing while it cannot be asked, and says so once', async () => {
		const own = new Meter();
		let failures = 5;
		answer = async () => {
			if (failures-- > 0) throw new Error('connection lost');
		};
		await clock.run(async () => (await limiter.acquire('api', own))());
		assert.deepEqual(own.warnings, ['nothing is sent until the shared quota can be asked: connection lost']);
		assert.equal(clock.monotonic(), 250 + 500 + 1000 + 2000 + 4000);
	});

	it('ends with the signal where no answer comes, and gives back what comes too late', async () => {
		let late = (_taken?: undefined) => {};
		answer = async () => new Promise<void>(resolve => (late = resolve));
		const stop = new AbortController();
		const waiting = [1, 2].map(async () => rejection(limiter.acquire('api', meter, stop.signal)));
		await new Promise(setImmediate);
		stop.abort(new Error('stop'));
		for (const one of waiting) assert.equal((await one).message, 'stop');
		late();
		await new Promise(setImmediate);
		late();
		await new Promise(setImmediate);
		assert.equal(ended, asked.length);
	});

	it('tells it of pauses', async () => {
		limiter.pause(3000);
		await new Promise(setImmediate);
		assert.deepEqual(paused, ['credential 3000']);
	});

	it('sends nothing without knowing for whom, and says why', async () => {
		const server = await serve(response => response.end('{}'));
		const own = new Limiter();
		own.identify(async () => Promise.reject(new AuthError('UNAUTHORIZED', 'no token yet')), 500);
		const {client} = openClient(server.origin, {limiter: own});
		assert.equal((await rejection(client({method: 'GET', path: '/'}))).message, 'no token yet');
		assert.equal(asked.length, 0);
	});
});

describe('Limiter against a quota of 60 a minute', () => {
	for (const faulty of [false, true]) {
		it(`keeps it and uses it${faulty ? ', retries included' : ''}`, async () => {
			const faults = faulty ? [{kind: 'status', status: 500, every: 7} as const] : [];
			const rateLimit = {requests: 60, perMs: 60_000};
			const emulator = await startEmulator({events: 1, now: clock.now, rateLimit, faults, keepRequests: 5000});
			try {
				let seed = 1;
				const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
				const server = await serve(latency(emulator.url, clock, () => random() * 1000));
				limiter.limit('test-api', rateLimit);
				const clients = [1, 2].map(() => openClient(server.origin, {clock, limiter, random}));
				const worker = async ({get}: (typeof clients)[0]) => {
					for (let n = 0; n < 60; n++) await get({path: orgEvents});
				};
				await Promise.all([...clients, ...clients].map(worker));

				const times = emulator.requests.map(({atMs}) => atMs);
				const turns = times.slice(60).map((at, n) => at - times[n]!);
				const meanMs = turns.reduce((sum, turn) => sum + turn, 0) / turns.length;
				assert.ok(emulator.requestCount >= (faulty ? 270 : 240), `${emulator.requestCount} requests`);
				assert.ok(emulator.maxInWindow(60_000) <= 60, `${emulator.maxInWindow(60_000)} in a minute`);
				assert.equal(emulator.requests.filter(({status}) => status === 429).length, 0);
				assert.ok(60_000 / meanMs >= 0.97, `${60_000 / meanMs} of the quota used`);
			} finally {
				await emulator.close();
			}
		});
	}
});

describe('limiterFor', () => {
	it('is one for a credential at an origin', () => {
		assert.equal(limiterFor('https://a', 'k'), limiterFor('https://a', 'k'));
		assert.notEqual(limiterFor('https://a', 'k'), limiterFor('https://b', 'k'));
		assert.notEqual(limiterFor('https://a', 'k'), limiterFor('https://a', 'l'));
	});
});
