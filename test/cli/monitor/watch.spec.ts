import assert from 'node:assert/strict';
import {serveMonitor} from '../../../lib/cli/monitor/server.ts';
import {watchRun} from '../../../lib/cli/monitor/watch.ts';
import {Meter} from '../../../lib/model/meter.ts';

describe('watchRun', () => {
	it('is well until the last request fails, or it is told to stop', async () => {
		const stop = new AbortController();
		const notes: string[] = [];
		const watch = watchRun({
			pipeline: 'some',
			maxDurationMs: undefined,
			stop: stop.signal,
			clock: () => 0,
			note: message => notes.push(message),
		});
		const server = await serveMonitor({host: '127.0.0.1', port: 0}, [watch], () => 0);
		try {
			const health = async () => {
				const answer = await fetch(server.url.replace('/metrics', '/healthz'));
				return `${answer.status} ${await answer.text()}`;
			};
			assert.equal(await health(), '200 ok\n');
			const meter = new Meter();
			watch.show({now: () => meter.snapshot()});
			assert.equal(await health(), '200 ok\n');
			meter.answered(503, 'status 503');
			assert.equal(await health(), '503 some: the last request failed: status 503\n');
			meter.answered(200);
			assert.equal(await health(), '200 ok\n');
			stop.abort();
			assert.equal(await health(), '503 some: it was told to stop\n');
			assert.equal(watch.signal.aborted, true);
			watch.ended();
			assert.equal(await health(), '200 ok\n');
			watch.ended('no disk');
			assert.equal(await health(), '503 some: it ended: no disk\n');
			assert.deepEqual(notes, []);
		} finally {
			await server.close();
		}
	});
});
