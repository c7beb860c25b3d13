import {randomBytes} from 'node:crypto';
import {createFolder} from '../../lib/state/durable-file.ts';
import {AuditError} from '../../lib/model/errors.ts';
import {emptyChain} from '../../lib/sink/manifest.ts';
import type {Batch, SinkContext} from '../../lib/sink/sink.ts';
import {type ArchiveMark, checkLastObjects, leftoversOf, markOf, nextEntry} from './archive-mark.ts';
import {entryName, entryOf, objectOf} from './archive-names.ts';
import {notOpened, refused} from '../_files/file-errors.ts';
import {checkChain, sourcesOfOthers} from './manifest-objects.ts';
import type {ObjectStore} from './object-store.ts';
import {sweepTempFiles} from '../_files/temp-files.ts';

export interface ArchiveTarget {
	readonly sink: string;
	readonly store: ObjectStore;
	/** `append`: take it as it is, whatever is there, when there is nothing to resume. */
	readonly mode: 'append' | undefined;
	readonly context: SinkContext;
}

/** Finds where the archive goes on, checks that it is as the state says, and changes nothing where it is not. */
export async function beginArchive({sink, store, mode, context}: ArchiveTarget): Promise<ArchiveMark> {
	try {
		const {resume, prepared} = context;
		const mark = resume === undefined ? await begin() : markOf(sink, store, resume);
		const pending = resume === undefined || prepared === undefined ? undefined : markOf(sink, store, prepared);
		if (resume !== undefined) {
			await checkChain(sink, store, mark, pending?.line);
			await checkLastObjects(sink, store, mark);
		}
		if (pending) await takeBack(mark);
		createFolder(store.spoolFolder);
		sweepTempFiles(store.spoolFolder);
		return pending ? {...mark, leftovers: [...mark.leftovers, ...leftoversOf(mark, pending)]} : mark;
	} catch (error) {
		await store.close?.();
		throw error instanceof AuditError ? error : notOpened(sink, 'use', store.title, error);
	}

	/** Another sink has not got what this one has an entry of: the same pages come again, and may hold other events. */
	async function takeBack(mark: ArchiveMark): Promise<void> {
		const name = entryName(nextEntry(mark));
		const entry = await store.stat(name);
		if (!entry || (await store.remove(entry)) === 'removed') return;
		context.warn(
			`${sink}: ${store.title}: ${name} is locked, of a commit that another sink has not got: ` +
				'the same events are to come again, or the run ends',
		);
	}

	/** A state that is new begins a part of its own, whoever else writes there. */
	async function begin(): Promise<ArchiveMark> {
		const run = randomBytes(4).toString('hex');
		if (mode === undefined) await refuseForeign();
		return {run, part: run, chain: emptyChain, line: '', leftovers: []};
	}

	/** What is there by the names of an archive may be of others who share it. */
	async function refuseForeign(): Promise<void> {
		for await (const {name} of store.list('')) {
			if (entryOf(name) || objectOf(name)) continue;
			throw refused(
				sink,
				`${store.title} holds ${name}, which is no part of an archive: expected an empty place, or an archive; ` +
					'give another one, or add ?mode=append',
			);
		}
	}
}

/** Whether a new part may take events of a source: where others hold events of the same, all would be there twice. */
export interface SourceGuard {
	/** Asked for each batch; rejects with `TARGET_REFUSED` where another part held events of the source already. */
	check(source: Batch['source']): Promise<void>;
	/** Asked around the first commit: the same of all sources so far, since other states may have begun meanwhile. */
	checkAgain(): Promise<void>;
}

export function guardSources({sink, store, mode}: ArchiveTarget, {part, chain}: ArchiveMark): SourceGuard {
	const isNew = mode !== 'append' && chain.entries === 0;
	const checked = new Set<string>();
	let held: ReadonlySet<string> | undefined;

	function refuseHeld(sources: Iterable<string>, since: string): void {
		for (const source of sources) {
			if (!held!.has(source)) continue;
			throw refused(
				sink,
				`${store.title} ${since} of ${source} already, and no state says that they are ours; ` +
					'give the --state they were written with, or add ?mode=append',
			);
		}
	}

	return {
		async check({name, tenant}) {
			const source = `${name}:${tenant}`;
			if (!isNew || checked.has(source)) return;
			held ??= await sourcesOfOthers(store, part);
			refuseHeld([source], 'is not empty: it holds events');
			checked.add(source);
		},
		async checkAgain() {
			if (!isNew) return;
			held = await sourcesOfOthers(store, part);
			refuseHeld(checked, 'was written to by another run meanwhile: it holds events');
		},
	};
}
