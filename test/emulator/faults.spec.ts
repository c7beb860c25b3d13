import assert from 'node:assert/strict';
import {
	faultAt,
	faultKinds,
	isAnswerFault,
	isPageFault,
	isWireFault,
	type Fault,
	type FaultedRequests,
	type FaultKind,
} from '../../lib/emulator/server/faults.ts';

function requestsOf(requests: FaultedRequests, seed = 1): number[] {
	const faults: Fault[] = [{kind: 'html', ...requests}];
	return Array.from({length: 10}, (_, index) => index + 1).filter(request => faultAt(faults, request, seed));
}

describe('emulator/faults', () => {
	it('applies to the requests that it names', () => {
		assert.deepEqual(requestsOf({at: 3}), [3]);
		assert.deepEqual(requestsOf({at: [3, 4]}), [3, 4]);
		assert.deepEqual(requestsOf({at: {from: 8}}), [8, 9, 10]);
		assert.deepEqual(requestsOf({at: {from: 2, to: 3}}), [2, 3]);
		assert.deepEqual(requestsOf({every: 4}), [4, 8]);
		assert.equal(requestsOf({at: 'all'}).length, 10);
		assert.deepEqual(requestsOf({}), []);
	});

	it('is drawn from the seed', () => {
		const faults: Fault[] = [{kind: 'html', probability: 0.05}];
		const hits = (seed: number) =>
			Array.from({length: 10_000}, (_, index) => index).filter(request => faultAt(faults, request, seed));
		assert.deepEqual(hits(1), hits(1));
		assert.notDeepEqual(hits(1), hits(2));
		assert.ok(hits(1).length > 400 && hits(1).length < 600, String(hits(1).length));
		assert.deepEqual(requestsOf({probability: 0}), []);
		assert.equal(requestsOf({probability: 1}).length, 10);
	});

	it('takes the first that applies', () => {
		const faults: Fault[] = [
			{kind: 'html', at: 2},
			{kind: 'truncate', at: 'all'},
		];
		assert.equal(faultAt(faults, 2, 1)?.kind, 'html');
		assert.equal(faultAt(faults, 1, 1)?.kind, 'truncate');
	});

	it('knows of each kind where it acts', () => {
		for (const kind of faultKinds) {
			const fault = {kind} as FaultKind;
			assert.equal([isAnswerFault, isWireFault, isPageFault].filter(is => is(fault)).length, 1, kind);
		}
	});
});
