import fs from 'node:fs';
import {emptyChain, openEntry} from '../../lib/sink/manifest.ts';
import {changed, missingOrChanged} from './file-errors.ts';
import {tailBefore} from './open-target.ts';

/** Far more than an entry has. */
const maxLineBytes = 16 * 1024 * 1024;
const maxChecked = 1_000;
const lineBreak = 0x0a;

export interface LastCommit {
	readonly sink: string;
	readonly dir: string;
	readonly manifest: string;
	/** Where the last entry ends that the state knows. */
	readonly end: number;
}

/** Throws where files of the last entry are missing or have another size: the last 1,000 of it, since each costs a stat. */
export function checkLastCommit({sink, dir, manifest, end}: LastCommit): void {
	const files = filesOfEntry(manifest, end).slice(-maxChecked);
	const wrong = files.filter(({path, bytes}) => {
		const found = fs.lstatSync(`${dir}/${path}`, {throwIfNoEntry: false});
		return !found?.isFile() || found.size !== bytes;
	});
	if (wrong.length === 0) return;
	const problem = missingOrChanged(
		`${files.length} last files that this state wrote`,
		wrong.map(({path}) => path),
	);
	throw changed(
		sink,
		`${dir}: ${problem}, or remove what was changed and begin a new state, which writes again what is not there`,
	);
}

/** Of the line that ends there; none where it cannot be read, which is for others to say. */
function filesOfEntry(manifest: string, end: number): readonly {readonly path: string; readonly bytes: number}[] {
	if (end === 0) return [];
	const descriptor = fs.openSync(manifest, 'r');
	try {
		const text = Buffer.from(tailBefore(descriptor, end, maxLineBytes));
		const line = text.subarray(text.lastIndexOf(lineBreak, -2) + 1, -1).toString();
		const opened = openEntry(line, emptyChain); // its place in the chain was checked
		return 'entry' in opened ? (opened.entry.files ?? []) : [];
	} finally {
		fs.closeSync(descriptor);
	}
}
