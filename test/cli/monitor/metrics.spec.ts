import assert from 'node:assert/strict';
import {renderMetrics, type Watched} from '../../../lib/cli/monitor/metrics.ts';
import {Meter} from '../../../lib/model/meter.ts';

const nowMs = Date.UTC(2026, 0, 31, 12);

function watched(pipeline: string, meter: Meter | undefined): Watched {
	return {pipeline, now: () => meter?.snapshot(), trouble: () => undefined};
}

function linesOf(...pipelines: Watched[]): string[] {
	return renderMetrics(pipelines, nowMs)
		.split('\n')
		.filter(line => line !== '' && !line.startsWith('#'));
}

function meterOf(tenant: string): Meter {
	const meter = new Meter();
	meter.addSource({name: 'test-api', tenant});
	return meter;
}

describe('renderMetrics', () => {
	it('has the names and labels that are promised, and the numbers as they are', () => {
		const meter = Object.assign(meterOf('acme'), {events: 5, retries: 2, waitedMs: 1500, deadLetters: 1});
		Object.assign(meter, {
			newestMs: nowMs - 90_500,
			readUpToMs: nowMs - 61_000,
			succeededMs: nowMs - 1000,
			bytesInFlight: () => 4096,
		});
		for (const status of [200, 200, 429, 'timeout']) meter.answered(status);
		meter.setGaps({name: 'test-api', tenant: 'acme'}, [{sinceMs: 0, untilMs: 1, reason: 'x'}]);
		const labels = 'pipeline="nightly",source="test-api",tenant="acme"';
		assert.deepEqual(linesOf(watched('nightly', meter)), [
			`rxaudit_events_total{${labels}} 5`,
			`rxaudit_requests_total{${labels},status="200"} 2`,
			`rxaudit_requests_total{${labels},status="429"} 1`,
			`rxaudit_requests_total{${labels},status="timeout"} 1`,
			`rxaudit_retries_total{${labels}} 2`,
			`rxaudit_quota_wait_seconds_total{${labels}} 1.5`,
			`rxaudit_dead_letters_total{${labels}} 1`,
			`rxaudit_lag_seconds{${labels}} 61`,
			`rxaudit_newest_event_timestamp_seconds{${labels}} ${(nowMs - 90_500) / 1000}`,
			`rxaudit_last_success_timestamp_seconds{${labels}} ${(nowMs - 1000) / 1000}`,
			`rxaudit_gaps{${labels}} 1`,
			`rxaudit_in_flight_bytes{${labels}} 4096`,
		]);
	});

	it('has a lag of what a wrong clock claims, until a success is over', () => {
		const meter = Object.assign(meterOf('acme'), {readUpToMs: nowMs + 86_400_000, succeededMs: nowMs + 86_460_000});
		const lag = () => linesOf(watched('p', meter)).find(line => line.startsWith('rxaudit_lag'))!;
		assert.match(lag(), / 86400$/);
		meter.succeededMs = nowMs - 3000;
		assert.match(lag(), / 3$/);
	});

	it('counts anew whenever it is asked, for any number of pipelines', () => {
		const [one, other] = [meterOf('a'), meterOf('b')];
		for (const [events, gaps] of [
			[1, 1],
			[2, 0],
		] as const) {
			one.events = events;
			one.setGaps({name: 'test-api', tenant: 'a'}, Array(gaps).fill({sinceMs: 0, untilMs: 1, reason: 'x'}));
			const text = renderMetrics([watched('one', one), watched('other', other)], nowMs);
			assert.match(text, new RegExp(`^rxaudit_events_total.*"one".* ${events}$`, 'm'));
			assert.match(text, new RegExp(`^rxaudit_gaps.*"one".* ${gaps}$`, 'm'));
			assert.match(text, /^rxaudit_events_total.*"other".* 0$/m);
		}
	});

	it('has a type and a help for each, and no line for what is not known yet', () => {
		const text = renderMetrics([watched('early', new Meter()), watched('none', undefined)], nowMs);
		assert.doesNotMatch(text, /^rxaudit/m);
		const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
		assert.equal(types.length, 10);
		for (const type of types) assert.equal(type.endsWith('_total counter') || type.endsWith('gauge'), true, type);
		const names = linesOf(watched('p', meterOf('t'))).join('\n');
		assert.doesNotMatch(names, /lag_seconds|last_success|requests_total/);
	});

	it('escapes what a label may not hold, and names all sources of one pipeline', () => {
		const meter = meterOf('a"b\n');
		meter.addSource({name: 'other-api', tenant: 'x'});
		const [line] = linesOf(watched('p', meter));
		assert.equal(line, 'rxaudit_events_total{pipeline="p",source="test-api other-api",tenant="a\\"b\\n x"} 0');
	});
});
