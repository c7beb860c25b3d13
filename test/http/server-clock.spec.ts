import assert from 'node:assert/strict';
import {checkServerClock} from '../../lib/http/server-clock.ts';
import {Meter} from '../../lib/model/meter.ts';
import {scriptedServers} from '../support/scripted-server.ts';
import {VirtualClock} from '../support/virtual-clock.ts';
import {openClient, rejection} from './open-client.ts';

const clock = new VirtualClock();

function warningsOf(...headers: Record<string, string>[]): string[] {
	const meter = new Meter();
	for (const some of headers) checkServerClock(some, {name: 'test-api', meter, clock});
	return meter.warnings;
}

function dated(offsetMs: number): {date: string} {
	return {date: new Date(clock.now() + offsetMs).toUTCString()};
}

describe('checkServerClock', () => {
	it('says how far apart two clocks are, and once', () => {
		assert.match(warningsOf(dated(6 * 60_000 + 1000)).join(), /^test-api: the server's clock is 6 min ahead of ours; /);
		const [warning, ...more] = warningsOf(dated(0), dated(-3 * 3_600_000), dated(-4 * 3_600_000));
		assert.match(warning!, /3 h behind ours/);
		assert.deepEqual(more, []);
	});

	it('says nothing of clocks that agree, of answers from a cache, or without a date', () => {
		const cached = {...dated(-86_400_000), age: '86400'};
		assert.deepEqual(warningsOf(dated(299_000), dated(-299_000), {}, {date: 'soon'}, cached), []);
	});

	const serve = scriptedServers();

	for (const status of [200, 401]) {
		it(`is asked at every answer: ${status}`, async () => {
			const server = await serve(response => response.writeHead(status, dated(3_600_000)).end('{}'));
			const {get, meter} = openClient(server.origin, {clock: new VirtualClock()});
			if (status === 200) await get();
			else await rejection(get());
			assert.match(meter.warnings.join('\n'), /60 min ahead/);
		});
	}
});
