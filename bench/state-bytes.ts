/**
 * How many bytes of state a host's store takes for each commit of 200,000 events, with all of them within the overlap or
 * few: a plain store, whose checkpoint holds the identities, and `transactionalState()`, which takes those of the commit.
 *
 *   node --import=tsx bench/state-bytes.ts
 */
import {run} from '../lib/run/run.ts';
import {transactionalState} from '../lib/sink/transactional-state.ts';
import type {Checkpoint, StateStore} from '../lib/state/state.ts';
import {memorySink} from '../lib/testing/memory-sink.ts';
import {pagedSource, someRecords} from '../test/support/paged-source.ts';

const count = 200_000;
const records = someRecords(count);
function plainStore(bytes: number[]): StateStore {
	return {
		load: async () => undefined,
		async commit(checkpoint: Checkpoint, version) {
			bytes.push(Buffer.byteLength(JSON.stringify(checkpoint)));
			return version + 1;
		},
	};
}

function transactional(bytes: number[]) {
	return transactionalState({
		name: 'bench',
		target: 'rows',
		load: async () => undefined,
		async commit({checkpoint, identities}) {
			bytes.push(Buffer.byteLength(JSON.stringify(checkpoint)) + identities.bytes.length);
		},
	});
}

for (const overlap of [count, 3600]) {
	const pages = () => pagedSource(records, {pageSize: 500, facts: {overlapMs: overlap * 1000}});
	const commits: Record<string, number[]> = {'a plain store': [], 'transactionalState()': []};
	await run(pages(), memorySink(), {state: plainStore(commits['a plain store']!), commitSize: {pages: 10}});
	const {sink, state} = transactional(commits['transactionalState()']!);
	await run(pages(), sink, {state, commitSize: {pages: 10}});
	for (const [name, bytes] of Object.entries(commits)) {
		const sum = bytes.reduce((total, some) => total + some, 0);
		console.log(
			`${overlap} in the overlap, ${name}: ${bytes.length} commits, largest ${Math.max(...bytes)}, all ${sum} bytes`,
		);
	}
}
