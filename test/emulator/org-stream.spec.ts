import assert from 'node:assert/strict';
import {createOrgEvents} from '../../lib/emulator/apis/org-events.ts';
import {compare, createOrgStream} from '../../lib/emulator/apis/org-stream.ts';

function newStream(events = 2000) {
	const held = createOrgEvents({
		timeline: {events, seed: 1, newestMs: 1e12, spacingMs: 1000, bursts: {}},
		records: {seed: 1, orgId: 'org', prettyPrint: false, missing: 'mixed', odd: false},
		hiddenFractions: false,
		hostileIds: false,
	});
	return {held, stream: createOrgStream(held, 1)};
}

describe('emulator/org-stream', () => {
	it('holds all events in the order of processing, some of them out of the order of time', () => {
		const all = newStream().stream.all();
		assert.equal(new Set(all.map(({row}) => row)).size, 2000);
		const pairs = all.slice(1).map((event, index) => [all[index]!, event] as const);
		assert.ok(pairs.every(([one, other]) => compare(one, other) < 0));
		const turned = pairs.filter(([one, other]) => one.timeMs > other.timeMs).length;
		assert.ok(turned > 20 && turned < 1500, String(turned));
		assert.ok(all.every(({timeMs, processedMs}) => processedMs >= timeMs && processedMs < timeMs + 3_000_000));
	});

	it('puts what comes late at the end, unless it is told when it was processed', () => {
		const {stream} = newStream();
		const last = stream.all().at(-1)!.processedMs;
		const [late, early] = stream.add([{timeMs: 5}, {timeMs: 6, processedMs: 7}]);
		assert.deepEqual([late?.processedMs, early?.processedMs], [last + 1, 7]);
		assert.equal(stream.all().at(-1), late);
		assert.equal(stream.all()[0], early);
	});

	it('removes from both orders', () => {
		const {held, stream} = newStream(3);
		stream.remove(stream.all()[0]!);
		assert.equal(stream.all().length, 2);
		assert.equal(Array.from(held.list()).length, 2);
	});
});
