import fs from 'node:fs';
import {PassThrough} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {createGunzip} from 'node:zlib';
import {ConfigError} from '../../lib/model/errors.ts';
import {isCompressed} from '../_files/file-target.ts';

const quote = 0x22;
const bom = '\ufeff';

/**
 * Resolves when rows may follow what the file holds: nothing, or this header and whole rows. Throws a ConfigError
 * otherwise: rows under other columns, or inside a cell that was never closed, would be lost to every reader.
 */
export async function checkAppendable(path: string, header: string): Promise<void> {
	const found = await survey(path, Buffer.byteLength(bom + header)).catch(() => undefined);
	if (found === undefined) return; // whoever opens the file says what is wrong with it
	const begin = found.begin.toString().replace(bom, '');
	if (begin === '') return;
	if (!begin.startsWith(header)) {
		throw new ConfigError(
			`csv: mode=append: ${path}: expected the header ${JSON.stringify(header)}, got a file that begins with ` +
				`${JSON.stringify(begin)}; ` +
				'give the columns and the delimiter that it was written with, or another file',
		);
	}
	if (found.end !== '\r\n' || found.inQuotes) {
		throw new ConfigError(`csv: mode=append: ${path} ends in the middle of a row; remove that row first`);
	}
}

/** Its first bytes, its last two, and whether a quoted cell is open behind them. */
async function survey(path: string, beginBytes: number) {
	let begin = Buffer.alloc(0);
	let end = '';
	let inQuotes = false;
	const file = fs.createReadStream(path);
	await pipeline(file, isCompressed(path) ? createGunzip() : new PassThrough(), async chunks => {
		for await (const chunk of chunks as AsyncIterable<Buffer>) {
			if (begin.length < beginBytes) begin = Buffer.concat([begin, chunk]).subarray(0, beginBytes);
			end = (end + chunk.toString('latin1', Math.max(0, chunk.length - 2))).slice(-2);
			for (const byte of chunk) if (byte === quote) inQuotes = !inQuotes;
		}
	});
	return {begin, end, inQuotes};
}
