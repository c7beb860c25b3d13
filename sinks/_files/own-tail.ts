import {randomBytes} from 'node:crypto';
import fs from 'node:fs';
import {emptyChain, openEntry} from '../../lib/sink/manifest.ts';
import {changed} from './file-errors.ts';
import {manifestLines} from './manifest-lines.ts';
import type {Target, TargetOptions} from './open-target.ts';
import {findLeftover, uncommittedPath} from './uncommitted.ts';

/** What tells the writes of this state from those of another. */
export function writerOf({context}: Pick<TargetOptions, 'context'>): string {
	const {writer} = (context.resume ?? {}) as {readonly writer?: unknown};
	return typeof writer === 'string' ? writer : randomBytes(8).toString('hex');
}

/**
 * Rejects with `TARGET_CHANGED` when bytes lie behind the end that are not provably this state's own, which never
 * committed them. Where a file is begun anew, nobody may be in the middle of a commit.
 */
export async function checkTail(options: TargetOptions, writer: string, target: Target, manifest: string) {
	const {sink, path, mode, context} = options;
	if (target.descriptor === undefined) return;
	const {size} = fs.fstatSync(target.descriptor);
	const leftover = findLeftover(sink, path);
	const isUnfinished = leftover !== undefined && leftover.from < size && leftover.isIn(target.descriptor);
	const isOwn = leftover?.writer === writer;
	if (isUnfinished && !isOwn && !(context.resume === undefined && mode === 'replace')) {
		throw changed(
			sink,
			`${path}: its bytes from ${leftover.from} on are a commit of another pipeline that was not finished: run that ` +
				`one again first, or, if it never will, remove ${uncommittedPath(path)}`,
		);
	}
	if (context.resume === undefined || size === target.end) return;
	if (isUnfinished && isOwn && leftover.from === target.end) return;
	const listed = await listedUpTo(manifest);
	const known = listed > target.end ? `, of which ${manifest} lists those up to ${listed} as committed` : '';
	throw changed(
		sink,
		`${path}: ${size - target.end} bytes lie behind byte ${target.end}, where this state ends${known}; nothing proves ` +
			'that they are its own, so nothing is cut. If the state is an older copy, put the newest back. If others write ' +
			'here, give each pipeline a file of its own, or ndjson:DIR/, which several may share. A new state with ' +
			'?mode=append goes on behind what is there; the pipeline that wrote it is refused from then on',
	);
}

/** Where the last range ends that the manifest lists, if it can be read. */
async function listedUpTo(manifest: string): Promise<number> {
	let end = 0;
	try {
		for await (const {text} of manifestLines(manifest)) {
			const opened = openEntry(text, emptyChain); // its place in the chain is not asked for
			if ('entry' in opened) end = Math.max(end, opened.entry.range?.to ?? 0);
		}
	} catch {
		// It only says more.
	}
	return end;
}
