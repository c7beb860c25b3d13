import {brotliCompressSync, deflateRawSync, deflateSync, gzipSync} from 'node:zlib';
import type {Answer} from './answer.ts';
import type {AnswerFault, RecordFlaw} from './faults.ts';

type BodyFault = Extract<AnswerFault, {kind: 'coding' | 'charset' | 'bad-record' | 'many-records'}>;

const packers: Readonly<Record<string, (body: Buffer) => Buffer>> = {
	none: body => body,
	identity: body => body,
	gzip: body => gzipSync(body),
	'x-gzip': body => gzipSync(body),
	deflate: body => deflateSync(body),
	'raw-deflate': body => deflateRawSync(body),
	br: body => brotliCompressSync(body),
};
const junk = Buffer.from('\r\njunk');
const MANY = 10_000_000;
const flaws: Readonly<Record<RecordFlaw, Buffer>> = {
	control: Buffer.from('"flaw":"\v",'),
	nan: Buffer.from('"flaw":NaN,'),
	escape: Buffer.from(String.raw`"flaw":"\x41",`),
	byte: Buffer.from('"flaw":"\xe4",', 'latin1'),
};

/** The answer with the same page written in another way, or with a flaw in it. */
export function spoilBody(right: Answer, fault: BodyFault): Answer {
	switch (fault.kind) {
		case 'coding': {
			const names = fault.coding.split(',').map(name => name.trim().toLowerCase());
			const packed = names.reduce((body, name) => packers[name]!(body), right.body);
			const body = fault.junk ? Buffer.concat([packed, junk]) : packed;
			const coding = fault.coding.replace('raw-deflate', 'deflate');
			return {...right, headers: {...right.headers, 'content-encoding': coding}, body};
		}
		case 'charset': {
			const text = right.body.toString();
			const isWide = fault.charset === 'utf-16';
			const body = isWide ? Buffer.from(`\ufeff${text}`, 'utf16le') : Buffer.from(text, 'latin1');
			const type = `application/json${fault.silent ? '' : `;charset=${fault.charset}`}`;
			return {...right, headers: {...right.headers, 'content-type': type}, body};
		}
		case 'bad-record': {
			const at = firstRecord(right.body);
			if (at < 0) return right;
			const [before, behind] = [right.body.subarray(0, at + 1), right.body.subarray(at + 1)];
			return {...right, body: Buffer.concat([before, flaws[fault.flaw], behind])};
		}
		case 'many-records': {
			const at = firstRecord(right.body);
			if (at < 0) return right;
			const more = Buffer.alloc(3 * (fault.records ?? MANY), '{},');
			const body = Buffer.concat([right.body.subarray(0, at), more, right.body.subarray(at)]);
			return {...right, headers: {...right.headers, 'content-encoding': 'gzip'}, body: gzipSync(body)};
		}
	}
}

/** Where the first record's opening brace is, or -1 where there is no record. */
function firstRecord(body: Buffer): number {
	const match = /\[\s*\{/.exec(body.toString('latin1'));
	return match ? match.index + match[0].length - 1 : -1;
}
