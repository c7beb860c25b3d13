import type {StateStore} from '../../lib/state/state.ts';

/** The journal as of a version: each adds an entry, every third starts the journal anew with the last two. */
export function journalAt(version: number): string {
	if (version === 0) return '';
	return version % 3 === 0 ? entry(version - 1) + entry(version) : journalAt(version - 1) + entry(version);
}

/** Goes on from the stored version to a version, one commit each. */
export async function commitUpTo(last: number, store: StateStore, onCommit: (version: number) => void): Promise<void> {
	const stored = await store.load();
	const journal = store.journal!;
	if (stored?.checkpoint.journal !== undefined) await journal.read(stored.checkpoint.journal);
	for (let version = (stored?.version ?? 0) + 1; version <= last; version++) {
		const rewritten = version % 3 === 0;
		const bytes = Buffer.from(rewritten ? journalAt(version) : entry(version));
		const mark = await (rewritten ? journal.rewrite(bytes) : journal.append(bytes));
		const checkpoint = {binding: {}, sources: {api: {page: version}}, snapshots: {}, sinks: {}, journal: mark};
		await store.commit(checkpoint, version - 1);
		onCommit(version);
	}
	await store.close?.();
}

function entry(version: number): string {
	return `entry ${String(version).padStart(13, '0')}\n`;
}
