import fs from 'node:fs';
import {fileState, movedEnding} from '../../state/file-state.ts';
import type {Checkpoint, StateStore} from '../../state/state.ts';

/**
 * Moves the state of a pipeline from its file to where machines share it, so that it goes on there, and renames the file,
 * so that nobody goes on from it. True where there was one; false where the shared state is there already, or no file is.
 */
export async function takeOver(file: string | undefined, shared: StateStore): Promise<boolean> {
	if (file === undefined || !fs.existsSync(file)) return false;
	const own = fileState(file);
	try {
		const stored = await own.load();
		if (!stored || (await shared.load())) return false;
		await shared.commit(await withJournal(stored.checkpoint, own, shared), 0);
		fs.renameSync(file, file + movedEnding);
		return true;
	} finally {
		await shared.close?.();
		await own.close?.();
	}
}

/** The checkpoint with its journals in the other store; that of a run that died, too. */
async function withJournal(checkpoint: Checkpoint, from: StateStore, to: StateStore): Promise<Checkpoint> {
	const {journal, pending} = checkpoint;
	return {
		...checkpoint,
		...(journal === undefined ? {} : {journal: await to.journal!.rewrite(await from.journal!.read(journal))}),
		...(pending === undefined
			? {}
			: {pending: {...pending, checkpoint: await withJournal(pending.checkpoint, from, to)}}),
	};
}
