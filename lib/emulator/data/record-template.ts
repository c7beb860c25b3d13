import type {ByteWriter} from './byte-writer.ts';
import {RECORD_DEPTH} from '../server/page-body.ts';
import {prettyPrint} from './pretty-print.ts';

/** Values of a record that differ from row to row. */
export const hole = {id: '\ue000', time: '\ue001'} as const;

/** The JSON text of a record but for its holes. */
export interface RecordTemplate {
	/** Writes the record with these JSON values in its holes. */
	write(writer: ByteWriter, id: Uint8Array, time: Uint8Array): void;
}

export function createTemplate(record: object, pretty: boolean): RecordTemplate {
	const compact = JSON.stringify(record);
	const text = pretty ? prettyPrint(compact, RECORD_DEPTH) : compact;
	const pieces = text
		.split(/"([\ue000\ue001])"/)
		.map(piece => (piece === hole.id || piece === hole.time ? piece : Buffer.from(piece)));
	return {
		write(writer, id, time) {
			for (const piece of pieces) writer.write(typeof piece !== 'string' ? piece : piece === hole.id ? id : time);
		},
	};
}

/** All strings that a JSON value holds as values, in lower case, one a line: what a full-text search looks through. */
export function wordsOf(value: unknown): string {
	const words: string[] = [];
	const collect = (part: unknown) => {
		if (typeof part === 'string') words.push(part.toLowerCase());
		else if (typeof part === 'object' && part !== null) Object.values(part).forEach(collect);
	};
	collect(value);
	return words.join('\n');
}
