import assert from 'node:assert/strict';
import {emulatorFlags, emulatorOptions} from '../../../lib/cli/flags/emulator.ts';
import {parseFlags} from '../../../lib/cli/flags/flags.ts';
import {testWorld} from '../../support/world.ts';

function optionsOf(...args: string[]) {
	return emulatorOptions(parseFlags(args, emulatorFlags, 0, testWorld()).values);
}

describe('emulator flags', () => {
	it('give the options of an emulator', () => {
		const args = ['--port=8080', '--events=5', '--seed=2', '--newest=2026-02-01T00:00:00Z', '--latency=30'];
		assert.deepEqual(optionsOf(...args, '--fault', 'html@1', '--fault', 'short@2', '--switch=gzip=true'), {
			port: 8080,
			events: 5,
			seed: 2,
			newestMs: Date.UTC(2026, 1, 1),
			latencyMs: 30,
			faults: [
				{kind: 'html', at: [1]},
				{kind: 'short', at: [2]},
			],
			switches: {gzip: true},
		});
	});

	it('may all be left out', () => {
		assert.deepEqual(optionsOf(), {port: 0, events: 1000, seed: 1, latencyMs: 0, faults: [], switches: {}});
	});

	it('limit the rate, and say so in the headers that are asked for', () => {
		const limitOf = (text: string) => optionsOf('--rate-limit', text).rateLimit;
		assert.deepEqual(limitOf('60/min'), {requests: 60, perMs: 60_000});
		assert.deepEqual(limitOf('2/s,retry-after=0'), {requests: 2, perMs: 1000, retryAfter: '0'});
		assert.deepEqual(limitOf('9/h,reset=epoch+5,retry-after=date'), {
			requests: 9,
			perMs: 3_600_000,
			reset: 'epoch+5',
			retryAfter: 'date',
		});
	});

	for (const [args, message] of [
		[['--port', 'x'], /^--port: expected a whole number from 0 to 65535, got "x"$/],
		[['--port', '65536'], /^--port: expected a whole number from 0 to 65535, got 65536$/],
		[['--events=-1'], /^--events: expected a whole number from 0 to 1000000000, got "-1"$/],
		[['--rate-limit', 'x'], /^--rate-limit: expected N\/min, N\/s or N\/h, got "x"$/],
		[['--rate-limit', '0/s'], /^--rate-limit: expected N\/min, N\/s or N\/h, got "0\/s"$/],
		[['--rate-limit', '1/s,x=1'], /^--rate-limit: expected retry-after=VALUE or reset=VALUE .*, got "x=1"$/],
		[['--rate-limit', '1/s,reset='], /^--rate-limit: expected retry-after=VALUE or reset=VALUE .*, got "reset="$/],
		[['--newest', 'x'], /^--newest: expected a time such as .*, got "x"/],
		[['--fault', 'x'], /^--fault: fault 'x': expected kind\[:arguments\]@requests, got 'x'$/],
		[['--fault', 'status:999@1'], /^--fault: .*expected status:N\S*, got '999'$/],
		[['--switch', 'x=1'], /^--switch: unknown switch "x"/],
	] as const) {
		it(`refuse ${args.join(' ')}`, () => assert.throws(() => optionsOf(...args), {name: 'ConfigError', message}));
	}
});
