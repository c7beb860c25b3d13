import assert from 'node:assert/strict';
import {follow} from '../../lib/run/follow.ts';
import {AuditError, AuthError, ConfigError, RateLimitError, SourceError, StateError} from '../../lib/model/errors.ts';
import {Meter} from '../../lib/model/meter.ts';
import {VirtualClock} from '../support/virtual-clock.ts';

const unreachable = new SourceError('UNREACHABLE', 'nobody answers');

/** What a round does; `undefined` is one that comes to its end at once. */
type Script = (() => void) | Error | undefined;

/** Follows rounds of a script, the last of which stops it, and says when each began. */
async function followed(
	given: readonly Script[] | ((meter: Meter, clock: VirtualClock) => readonly Script[]),
	{everyMs = 60_000}: {everyMs?: number} = {},
) {
	const clock = new VirtualClock();
	const stop = new AbortController();
	const meter = new Meter();
	const scripts = typeof given === 'function' ? given(meter, clock) : given;
	const began: number[] = [];
	const ended: boolean[] = [];
	const next = () => {
		const script = scripts[began.push(clock.monotonic()) - 1];
		return {
			async make() {
				if (began.length === scripts.length) stop.abort();
				if (script instanceof Error) throw script;
				script?.();
			},
		};
	};
	const noted = async (failed: boolean) => void ended.push(failed);
	await clock.run(() => follow({everyMs, meter, stop: stop.signal, next, ended: noted, clock}));
	return {began: began.map(ms => ms / 1000), ended, meter};
}

describe('follow', () => {
	it('begins a round at each interval, whatever the one before took', async () => {
		const takes = [0, 20_000, 59_999, 60_000, 200_000, 0];
		const {began} = await followed((_, clock) => takes.map(ms => () => clock.advance(ms)));
		assert.deepEqual(began, [0, 60, 120, 180, 240, 440]);
	});

	it('tries again what failed, later and later up to five minutes, and as often as ever when it is well', async () => {
		const failing = Array<Error>(6).fill(unreachable);
		const {began, ended} = await followed([undefined, ...failing, undefined, unreachable, undefined, undefined]);
		assert.deepEqual(began, [0, 60, 120, 240, 480, 780, 1080, 1380, 1440, 1500, 1560]);
		assert.deepEqual(ended, [false, ...Array<boolean>(6).fill(true), false, true, false, false]);
	});

	it('waits no longer than ever between rounds that are far apart', async () => {
		const {began} = await followed([unreachable, unreachable, unreachable, undefined], {everyMs: 3_600_000});
		assert.deepEqual(began, [0, 3600, 7200, 10_800]);
	});

	it('waits as long as the API asks to', async () => {
		const {began} = await followed([new RateLimitError('later', 7_200_000), undefined]);
		assert.deepEqual(began, [0, 7200]);
	});

	it('goes on at its pace where it reads what is new, whatever gap is left', async () => {
		const gap = new SourceError('HTTP_STATUS', 'a page answers 500');
		const {began, ended, meter} = await followed(meter => {
			const leaving = () => {
				meter.readUpToMs = (meter.readUpToMs ?? 0) + 60_000;
				throw gap;
			};
			return [leaving, leaving, leaving, leaving, undefined];
		});
		assert.deepEqual(began, [0, 60, 120, 180, 240]);
		assert.deepEqual(ended, [true, true, true, true, false]);
		assert.equal(meter.trouble, undefined);
	});

	it('says why the last round failed, until one comes to its end', async () => {
		const seen: (string | undefined)[] = [];
		const look = (meter: Meter, error?: Error) => () => {
			seen.push(meter.trouble);
			if (error) throw error;
		};
		const slow = new SourceError('TIMEOUT', 'too slow');
		const {meter} = await followed(meter => [look(meter, unreachable), look(meter, slow), look(meter), look(meter)]);
		assert.deepEqual(seen, [undefined, unreachable.message, slow.message, undefined]);
		assert.equal(meter.trouble, undefined);
	});

	for (const error of [
		new ConfigError('no such option'),
		new AuthError('UNAUTHORIZED', 'refused'),
		new AuthError('FORBIDDEN', 'refused'),
		new AuditError('TARGET_REFUSED', 'not empty'),
		new StateError('STATE_LOCKED', 'in use'),
	]) {
		it(`ends with ${error.code} as long as nothing was read, and goes on with it later`, async () => {
			await assert.rejects(followed([error, undefined]), error);
			await assert.rejects(followed([unreachable, error, undefined]), error);
			const {began} = await followed([undefined, error, undefined]);
			assert.deepEqual(began, [0, 60, 120]);
		});
	}

	for (const code of [
		'STATE_CONFLICT',
		'STATE_DAMAGED',
		'STATE_FOREIGN',
		'TARGET_CHANGED',
		'SOURCE_CHANGED',
	] as const) {
		it(`ends with ${code} at any time`, async () => {
			const error = new AuditError(code, 'somebody else did it');
			await assert.rejects(followed([undefined, error, undefined]), error);
		});
	}

	for (const code of ['POISON_EVENT', 'READER_GONE', 'ABORTED', 'E_UNSETTLED_PAGES'] as const) {
		it(`ends with ${code} at any time`, async () => {
			const error = new AuditError(code, 'no way on');
			await assert.rejects(followed([undefined, error, undefined]), error);
		});
	}

	it('ends with what nobody threw on purpose', async () => {
		const defect = new TypeError('undefined is not a function');
		await assert.rejects(followed([undefined, defect, undefined]), defect);
	});

	it('ends with the error of the round that was to stop', async () => {
		await assert.rejects(followed([undefined, unreachable]), unreachable);
	});

	it('stops between two rounds at once', async () => {
		const clock = new VirtualClock();
		const stop = new AbortController();
		let rounds = 0;
		const following = follow({
			everyMs: 60_000,
			meter: new Meter(),
			stop: stop.signal,
			next: () => ({make: async () => void rounds++}),
			ended: async () => {},
			clock,
		});
		while (clock.asleep === 0) await Promise.resolve();
		stop.abort();
		await following;
		assert.deepEqual([rounds, clock.monotonic()], [1, 0]);
	});

	it('forgets the warnings of the round before', async () => {
		const warned: number[] = [];
		const clock = new VirtualClock();
		const stop = new AbortController();
		const meter = new Meter();
		await clock.run(() =>
			follow({
				everyMs: 1000,
				meter,
				stop: stop.signal,
				next: () => ({
					async make() {
						meter.warn('as ever');
						if (warned.push(meter.warnings.length) === 3) stop.abort();
					},
				}),
				ended: async () => {},
				clock,
			}),
		);
		assert.deepEqual(warned, [1, 1, 1]);
	});
});
