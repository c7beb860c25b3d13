import type {Rejected, SourceRecord} from '../../lib/model/page.ts';
import type {Batch} from '../../lib/sink/sink.ts';

/** One event as a message of a broker. */
export interface Message {
	/** The same for the same event in every run, another one for every other event. */
	readonly key: string;
	/** Its line without the line break: a view of the batch. */
	readonly value: Buffer;
	readonly headers: Readonly<Record<'rxaudit-source' | 'rxaudit-tenant' | 'rxaudit-time', string>>;
	readonly record: SourceRecord;
}

/** The events of a batch as messages, in order. */
export function messagesOf({records, lines, ends, source}: Batch): Message[] {
	const {name, tenant, ids} = source;
	const scope = ids === 'global' ? '' : `${name}:${tenant}:`;
	return records.map((record, index) => {
		const start = index === 0 ? 0 : ends[index - 1]!;
		return {
			key: scope + (record.identity ?? record.id),
			value: Buffer.from(lines.buffer, lines.byteOffset + start, ends[index]! - 1 - start),
			headers: {
				'rxaudit-source': name,
				'rxaudit-tenant': tenant,
				'rxaudit-time': new Date(record.timeMs).toISOString(),
			},
			record,
		};
	});
}

/** The dead letter of a message that a broker does not take. */
export function rejectedOf({record: {id, identity, text}}: Message, reason: string): Rejected {
	return {id, ...(identity === undefined ? {} : {identity}), text, reason};
}
