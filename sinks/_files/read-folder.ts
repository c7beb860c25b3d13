import fs from 'node:fs';
import {resolve} from 'node:path';
import {setImmediate as turn} from 'node:timers/promises';
import {emptyChain, openEntry} from '../../lib/sink/manifest.ts';
import type {ReadOptions, Records} from '../../lib/sink/reading.ts';
import {manifestsIn} from './folder-manifest.ts';
import {manifestLines} from './manifest-lines.ts';
import {openPlain} from './plain-file.ts';
import {parsed, sayUnreadable} from './read-records.ts';
import {leadsOut} from './verify-folder.ts';

const filesAtOnce = 64;

/** The records of a folder of events, one a file, that its manifest lists. */
export async function* readFolder(given: string, options: ReadOptions): Records {
	const dir = resolve(given);
	if (!fs.existsSync(dir)) return;
	for (const name of manifestsIn(dir).parts.values()) {
		for await (const {text} of manifestLines(`${dir}/${name}`)) {
			const opened = openEntry(text, emptyChain); // whether it is in its place is for verify to say
			const files = 'entry' in opened ? (opened.entry.files ?? []) : [];
			for (let at = 0; at < files.length; at += filesAtOnce) {
				options.signal?.throwIfAborted();
				yield files.slice(at, at + filesAtOnce).flatMap(({path}) => recordIn(dir, path, options));
				await turn();
			}
		}
	}
}

function recordIn(dir: string, path: string, options: ReadOptions): unknown[] {
	try {
		const descriptor = leadsOut(path) ? undefined : openPlain(`${dir}/${path}`);
		if (descriptor === undefined) throw new Error('expected a file, got none');
		try {
			return [parsed(fs.readFileSync(descriptor, 'utf8'))];
		} finally {
			fs.closeSync(descriptor);
		}
	} catch (error) {
		sayUnreadable(path, error, options);
		return [];
	}
}
