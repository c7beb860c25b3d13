import type {ByteWriter} from '../data/byte-writer.ts';
import {prettyPrint} from '../data/pretty-print.ts';

/** How deep a record lies in the answer, for those that indent it. */
export const RECORD_DEPTH = 2;

/**
 * The text of an answer with `count` records in place of the empty array that `envelope` holds as `member`. The
 * records write themselves, so that their bytes are what they are.
 */
export function pageBody(
	writer: ByteWriter,
	envelope: object,
	member: string,
	count: number,
	writeRecord: (index: number) => void,
	pretty: boolean,
): Buffer {
	const compact = JSON.stringify(envelope);
	const text = pretty ? prettyPrint(compact) : compact;
	const name = `${JSON.stringify(member)}:${pretty ? ' ' : ''}[`;
	const cut = text.indexOf(`${name}]`) + name.length;
	const [open, between, close] = pretty && count > 0 ? ['\n    ', ',\n    ', '\n  '] : ['', ',', ''];
	const separator = Buffer.from(between);
	writer.write(Buffer.from(text.slice(0, cut) + open));
	for (let index = 0; index < count; index++) {
		if (index > 0) writer.write(separator);
		writeRecord(index);
	}
	writer.write(Buffer.from(close + text.slice(cut)));
	return writer.take();
}
