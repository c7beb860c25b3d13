import {type Chain, openEntry, type OpenedEntry} from '../../lib/sink/manifest.ts';
import {refused} from './file-errors.ts';
import {readPlain} from './plain-file.ts';

const lineBreak = 0x0a;
const chunkBytes = 1024 * 1024;

/** What is longer was not written by us; it is read as its beginning, which no entry is. */
const maxLineBytes = 64 * 1024 * 1024;

interface ManifestLine {
	readonly text: string;
	/** The offset behind its line break. */
	readonly end: number;
}

/** The whole lines of a manifest from an offset on. What has no line break yet is none: its write was cut short. */
export async function* manifestLines(path: string, from = 0): AsyncGenerator<ManifestLine> {
	let pieces: Uint8Array[] = [];
	let length = 0;
	let end = from;
	const add = (piece: Uint8Array) => {
		if (length < maxLineBytes) pieces.push(piece);
		length += piece.length;
	};
	for await (const chunk of readPlain(path, {start: from, highWaterMark: chunkBytes})) {
		let bytes = chunk as Uint8Array;
		for (let at = bytes.indexOf(lineBreak); at >= 0; at = bytes.indexOf(lineBreak)) {
			add(bytes.subarray(0, at));
			end += length + 1;
			yield {text: Buffer.concat(pieces).toString(), end};
			pieces = [];
			length = 0;
			bytes = bytes.subarray(at + 1);
		}
		add(bytes);
	}
}

/** The entries of a manifest from an offset on, each behind the one before it. Throws what `refuse` makes of a problem. */
export async function* manifestEntries(
	path: string,
	from: {readonly bytes: number; readonly chain: Chain},
	refuse: (problem: string) => Error,
): AsyncGenerator<OpenedEntry & Pick<ManifestLine, 'end'>> {
	let {chain} = from;
	for await (const {text, end} of manifestLines(path, from.bytes)) {
		const opened = openEntry(text, chain);
		if (!('entry' in opened) || opened.problem !== undefined) {
			throw refuse(`entry ${chain.entries}: ${opened.problem}`);
		}
		({chain} = opened);
		yield {...opened, end};
	}
}

/** The error of a target that cannot be verified. */
export function missingManifest(sink: string, path: string): Error {
	return refused(sink, `${path} is missing: nothing says what was written there`);
}
