import assert from 'node:assert/strict';
import {readQuota} from '../../lib/http/said-quota.ts';

const nowMs = Date.parse('2026-11-21T20:40:30Z');

describe('readQuota', () => {
	const answers: readonly (readonly [headers: Record<string, string>, said: Partial<ReturnType<typeof readQuota>>])[] =
		[
			[
				{'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': '2026-11-21T20:41Z'},
				{limit: 60, left: 7, backInMs: 30_000, isRounded: true},
			],
			[
				{'X-Rate-Limit-Limit': '60', 'X-Rate-Limit-Remaining': '0', 'X-Rate-Limit-Reset': String(nowMs / 1000 + 7)},
				{limit: 60, left: 0, backInMs: 7000, isRounded: false},
			],
			[
				{'x-ratelimiting-limit': '5', 'x-ratelimiting-remaining': '4'},
				{limit: 5, left: 4, backInMs: undefined},
			],
			[
				{'ratelimit-limit': '100, 100;w=60', 'ratelimit-remaining': '50', 'ratelimit-reset': '12'},
				{limit: 100, left: 50, backInMs: 12_000, rate: {requests: 100, perMs: 60_000}},
			],
			[
				{'ratelimit-policy': '"burst";q=10;w=1, "hour";q=360;w=3600', ratelimit: '"burst";r=9;t=1,"hour";r=5;t=1800'},
				{limit: 360, left: 5, backInMs: 1_800_000, rate: {requests: 360, perMs: 3_600_000}},
			],
			[
				{
					'x-ratelimit-limit': '300',
					'x-ratelimit-remaining': '0',
					'x-ratelimit-interval-seconds': '60',
					'x-ratelimit-fillrate': '100',
					'retry-after': '2',
				},
				{limit: 300, left: 0, backInMs: 2000, rate: {requests: 100, perMs: 60_000}},
			],
			[
				{'x-ratelimit-limit': '0', 'x-ratelimit-remaining': '-1', 'x-ratelimit-reset': 'soon', 'retry-after': '0'},
				{limit: undefined, left: undefined, backInMs: undefined},
			],
			[
				{'x-ratelimit-fillrate': '0', 'x-ratelimit-interval-seconds': 'x', 'ratelimit-policy': '"x";q=0;w=0, y'},
				{limit: undefined, rate: undefined},
			],
			[{}, {limit: undefined, left: undefined, backInMs: undefined, rate: undefined}],
		];
	for (const [headers, expected] of answers) {
		it(`reads ${JSON.stringify(headers)}`, () => {
			const said = readQuota(headers, nowMs);
			const seen = Object.fromEntries(Object.keys(expected).map(key => [key, said[key as keyof typeof said]]));
			assert.deepEqual(seen, expected);
		});
	}

	it('measures the reset by the clock of the server', () => {
		const date = 'Sat, 21 Nov 2026 20:35:30 GMT'; // five minutes behind ours
		assert.equal(readQuota({date, 'x-ratelimit-reset': '2026-11-21T20:36Z'}, nowMs).backInMs, 30_000);
	});
});
