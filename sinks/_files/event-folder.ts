import fs from 'node:fs';
import {setImmediate as turn} from 'node:timers/promises';
import type {Json} from '../../lib/model/event.ts';
import type {Rejected, SourceRecord} from '../../lib/model/page.ts';
import type {Asked} from '../../lib/sink/asked.ts';
import type {OpenSink} from '../../lib/sink/sink.ts';
import {defaultLayout, eventPath} from './event-path.ts';
import {changed, failed, notOpened, refused, type Retry, untilBroken} from './file-errors.ts';
import {createFolders, makeFolder} from './folders.ts';
import {syncFolder} from './plain-file.ts';
import {openFolderManifest} from './folder-manifest.ts';
import {differInOrderOnly} from './list-order.ts';
import type {ManifestMark} from './manifest-file.ts';
import {createPlacer} from './place-file.ts';
import {sweepTempFiles} from './temp-files.ts';

/** The event loop gets a turn this often, so that signals and sockets live. */
const turnMs = 8;

interface EventFolderOptions extends Retry {
	readonly dir: string;
	/** Undefined: the default for the source. */
	readonly layout: string | undefined;
	readonly durability: 'process' | 'power';
}

/** Opens a folder that holds one file per event. After an error every later call but `close()` rejects with it. */
export async function openEventFolder(options: EventFolderOptions): Promise<OpenSink> {
	const {sink, dir, durability, context} = options;
	let events = eventsOf(context.resume);
	const folders = createFolders(sink, dir);
	for (const parent of openRoot(options, events)) folders.touch(parent);
	const manifest = await openFolderManifest(options).catch((error: unknown) => {
		throw notOpened(sink, 'use', dir, error);
	});
	const placer = createPlacer({...options, folders});
	const pathOf = {
		global: eventPath(options.layout ?? defaultLayout('global')),
		tenant: eventPath(options.layout ?? defaultLayout('tenant')),
	};
	let closed = false;

	let isWhole = true;
	const unlessBroken = untilBroken(error => {
		isWhole = false;
		placer.abandon();
		return context.signal.aborted ? error : failed(sink, 'write to', dir, error);
	});

	/** Files before the entry that lists them: one that lists what is not there would look like tampering. */
	async function commit(asked?: Asked): Promise<ManifestMark> {
		await placer.settle();
		const touched = folders.takeTouched();
		if (durability === 'power') for (const folder of touched) await syncFolder(folder);
		return manifest.commit(asked);
	}

	return {
		write: ({records, lines, ends, source}) =>
			unlessBroken(async () => {
				const rejected: Rejected[] = [];
				const added: SourceRecord[] = [];
				let turnAt = performance.now() + turnMs;
				for (const [index, record] of records.entries()) {
					const place = {id: record.id, timeMs: record.timeMs, source: source.name, tenant: source.tenant};
					const path = `${dir}/${pathOf[source.ids](place)}`; // join() would normalize each one again
					const text = lines.subarray(index === 0 ? 0 : ends[index - 1]!, ends[index]! - 1);
					const isSame = source.unorderedLists
						? (held: Uint8Array) => differInOrderOnly(held, text, record.text)
						: undefined;
					const placed = await placer.place(path, text, isSame);
					if (!placed) {
						const reason = `${sink}: ${path} exists with other content`;
						rejected.push({id: record.id, text: record.text, reason});
					} else {
						events++;
						if (manifest.add(path, placed)) added.push(record);
					}
					if (performance.now() > turnAt) {
						await turn();
						turnAt = performance.now() + turnMs;
					}
				}
				manifest.count({records: added, source});
				if (manifest.isFull) await commit();
				return rejected;
			}),
		flush: asked => unlessBroken(async () => ({events, ...(await commit(asked))})),
		async close() {
			if (closed) return;
			closed = true;
			placer.abandon();
			manifest.close(isWhole);
		},
	};
}

/** Returns the folders that got a new entry. */
function openRoot({sink, dir}: EventFolderOptions, events: number): readonly string[] {
	try {
		const existing = fs.statSync(dir, {throwIfNoEntry: false});
		if (existing === undefined) {
			if (events === 0) return makeFolder(dir);
			throw changed(
				sink,
				`${dir} is missing, but the state says that ${events} events were written to it: put it back, ` +
					'or, if it was moved, rxaudit state rebind STATE --to SINK',
			);
		}
		if (!existing.isDirectory()) throw refused(sink, `${dir} is not a folder`);
		fs.accessSync(dir, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
		sweepTempFiles(dir);
		return [];
	} catch (error) {
		throw notOpened(sink, 'use', dir, error);
	}
}

function eventsOf(resume: Json | undefined): number {
	const {events} = (resume ?? {}) as {readonly events?: Json};
	return typeof events === 'number' ? events : 0;
}
