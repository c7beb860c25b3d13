import type {Answer} from '../server/answer.ts';
import {createByteWriter} from '../data/byte-writer.ts';
import type {RecordLog, Row} from '../data/record-log.ts';

/** Rows as the plugin's export writes them; the columns are few, the vendor documents none. */
export function auditCsv<Facts>(log: RecordLog<Facts>, rows: readonly Row<Facts>[], nowMs: number): Answer {
	const writer = createByteWriter();
	const lines = rows.map(row => {
		log.write(writer, row);
		const {timestamp, author, type} = JSON.parse(writer.take().toString()) as {
			timestamp: string;
			author: {name: string};
			type: {category: string; action: string};
		};
		return [timestamp, author.name, type.category, type.action]
			.map(cell => `"${cell.replaceAll('"', '""')}"`)
			.join(',');
	});
	const minute = new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '_');
	return {
		status: 200,
		headers: {
			'content-type': 'text/csv;charset=UTF-8',
			'content-disposition': `attachment; filename="Auditing Export ${minute}Z.csv"`,
		},
		body: Buffer.from(['Timestamp,Author,Category,Action', ...lines, ''].join('\r\n')),
	};
}
