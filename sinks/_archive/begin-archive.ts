import {randomBytes} from 'node:crypto';
import {createFolder} from '../../lib/durable-file.ts';
import {AuditError} from '../../lib/errors.ts';
import type {SinkContext} from '../../lib/sink.ts';
import {type ArchiveMark, leftoversOf, markOf} from './archive-mark.ts';
import {entryName, objectOf} from './archive-names.ts';
import {notOpened, refused} from '../_files/file-errors.ts';
import {checkChain, findChain} from './manifest-objects.ts';
import type {ObjectStore} from './object-store.ts';
import {sweepTempFiles} from '../_files/temp-files.ts';

export interface ArchiveTarget {
	readonly sink: string;
	readonly store: ObjectStore;
	/** What to do with a target that has content when there is nothing to resume. */
	readonly mode: 'append' | undefined;
	readonly context: SinkContext;
}

/** Finds where the archive goes on, checks that it is as the state says, and changes nothing where it is not. */
export async function beginArchive({sink, store, mode, context}: ArchiveTarget): Promise<ArchiveMark> {
	try {
		const {resume, prepared} = context;
		const mark = resume === undefined ? await adopt() : markOf(sink, store, resume);
		const pending = resume === undefined || prepared === undefined ? undefined : markOf(sink, store, prepared);
		if (resume !== undefined) await checkChain(sink, store, mark.chain, pending?.line);
		if (pending) await takeBack(mark);
		createFolder(store.spoolFolder);
		sweepTempFiles(store.spoolFolder);
		return pending ? {...mark, leftovers: [...mark.leftovers, ...leftoversOf(mark, pending)]} : mark;
	} catch (error) {
		await store.close?.();
		throw error instanceof AuditError ? error : notOpened(sink, 'use', store.title, error);
	}

	/** Another sink has not got what this one has an entry of: the same pages come again, and may hold other events. */
	async function takeBack({chain}: ArchiveMark): Promise<void> {
		const name = entryName(chain.entries);
		const entry = await store.stat(name);
		if (!entry || (await store.remove(entry)) === 'removed') return;
		context.warn(
			`${sink}: ${store.title}: ${name} is locked, of a commit that another sink has not got: ` +
				'the same events are to come again, or the run ends',
		);
	}

	/** Where to begin without a state. */
	async function adopt(): Promise<ArchiveMark> {
		if (mode === undefined) await refuseContent();
		const chain = await findChain(sink, store);
		const leftovers: string[] = [];
		for await (const {name} of store.list('')) {
			if ((objectOf(name)?.entry ?? -1) >= chain.entries) leftovers.push(name);
		}
		if (leftovers.length > 0) {
			context.warn(
				`${sink}: ${store.title}: ${leftovers[0]} and ${leftovers.length - 1} more were left by a run that died or ` +
					'still goes on: no part of the archive, and the manifest will say so',
			);
		}
		return {run: randomBytes(4).toString('hex'), chain, line: '', leftovers};
	}

	async function refuseContent(): Promise<void> {
		for await (const {name} of store.list('')) {
			throw refused(
				sink,
				`${store.title} is not empty (${name}) and no state says that it is ours; ` +
					'give the --state it was written with, or add ?mode=append',
			);
		}
	}
}
