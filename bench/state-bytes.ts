/**
 * How many bytes of state a host's store takes for each commit, with 200,000 events within the overlap: a plain store,
 * whose checkpoint holds the identities, and `transactionalState()`, which takes those of the commit alone.
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
const pages = () => pagedSource(records, {pageSize: 500, facts: {overlapMs: count * 1000}});
const commits: Record<string, number[]> = {'a plain store': [], 'transactionalState()': []};

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

await run(pages(), memorySink(), {state: plainStore(commits['a plain store']!), commitSize: {pages: 10}});
const {sink, state} = transactional(commits['transactionalState()']!);
await run(pages(), sink, {state, commitSize: {pages: 10}});
for (const [name, bytes] of Object.entries(commits)) {
	const sum = bytes.reduce((total, some) => total + some, 0);
	console.log(
		`${name}: ${bytes.length} commits, the last ${bytes.at(-1)}, the largest ${Math.max(...bytes)}, all ${sum} bytes`,
	);
}
