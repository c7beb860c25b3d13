import {randomUUID} from 'node:crypto';
import type {Bucket, HeldObject, ObjectFacts, Preconditions} from './gcs-bucket.ts';
import {Refusal} from './store-bucket.ts';

const chunkUnit = 256 * 1024;

interface Session {
	readonly name: string;
	readonly facts: ObjectFacts;
	readonly conditions: Preconditions;
	readonly parts: Buffer[];
	received: number;
	done?: HeldObject;
}

/** What a PUT to a session says of its bytes. */
export interface ContentRange {
	/** Undefined: it only asks. */
	readonly from: number | undefined;
	/** Undefined: not known yet. */
	readonly total: number | undefined;
	/** With this body it ends, however long that is. */
	readonly toEnd: boolean;
}

export type Received = {readonly done: HeldObject} | {readonly received: number};

/** Resumable uploads that are under way: an object appears with the last byte, if its conditions hold then. */
export class Sessions {
	readonly #sessions = new Map<string, Session>();
	readonly #bucket: Bucket;

	constructor(bucket: Bucket) {
		this.#bucket = bucket;
	}

	start(name: string, facts: ObjectFacts, conditions: Preconditions): string {
		const id = randomUUID();
		this.#sessions.set(id, {name, facts, conditions, parts: [], received: 0});
		return id;
	}

	/** True where these bytes would complete the object. */
	isLast(id: string, {from, total, toEnd}: ContentRange, length: number): boolean {
		if (from === undefined || !this.#sessions.has(id)) return false;
		return toEnd || (total !== undefined && from + length >= total);
	}

	take(id: string, {from, total: given, toEnd}: ContentRange, bytes: Buffer, crc32c?: string): Received {
		const session = this.#sessions.get(id);
		if (!session) throw new Refusal(404, 'notFound', 'There is no such upload session.');
		if (session.done) return {done: session.done};
		const total = toEnd ? session.received + bytes.length : given;
		if (from !== undefined) {
			if (from !== session.received) {
				throw new Refusal(503, 'backendError', `Expected bytes from ${session.received}, got ${from}.`);
			}
			const isLast = total !== undefined && from + bytes.length >= total;
			if (!isLast && bytes.length % chunkUnit !== 0) {
				throw new Refusal(400, 'badRequest', `A chunk that is not the last must be a multiple of ${chunkUnit} bytes.`);
			}
			session.parts.push(bytes);
			session.received += bytes.length;
		}
		if (total === undefined || session.received < total) return {received: session.received};
		if (session.received > total) throw new Refusal(400, 'badRequest', `Expected ${total} bytes, got more.`);
		const facts = crc32c === undefined ? session.facts : {...session.facts, crc32c};
		session.done = this.#bucket.put(session.name, {...facts, bytes: Buffer.concat(session.parts)}, session.conditions);
		session.parts.length = 0;
		return {done: session.done};
	}

	/** As Google does after a week, or when it likes. */
	lose(id: string): void {
		this.#sessions.delete(id);
	}
}

/** For example `bytes 0-9/*`; an asterisk in place of the first range asks how far the session is. */
export function parseContentRange(header: string): ContentRange {
	const [, from, to, total] = /^bytes (?:(\d+)-(\d+|\*)|\*)\/(\d+|\*)$/.exec(header) ?? [];
	if (total === undefined) throw new Refusal(400, 'badRequest', `Invalid Content-Range: ${header}`);
	return {
		from: from === undefined ? undefined : Number(from),
		total: total === '*' ? undefined : Number(total),
		toEnd: to === '*',
	};
}

/** The two parts of a `multipart/related` upload: what is said of the object as JSON, then its bytes. */
export function parseMultipart(body: Buffer, contentType: string): {facts: ObjectFacts; bytes: Buffer} {
	const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1];
	const parts = boundary === undefined ? [] : split(body, boundary);
	const [told, content] = parts;
	if (!told || !content || parts.length !== 2) {
		throw new Refusal(400, 'badRequest', 'Expected two parts, got another number, or a cut one.');
	}
	const facts = JSON.parse(told.bytes.toString()) as ObjectFacts;
	const type = /^content-type: *(.+)$/im.exec(content.headers)?.[1];
	return {facts: type === undefined ? facts : {contentType: type.trim(), ...facts}, bytes: content.bytes};
}

function split(body: Buffer, boundary: string): {headers: string; bytes: Buffer}[] {
	const parts = [];
	const delimiter = Buffer.from(`--${boundary}`);
	for (let at = body.indexOf(delimiter); at !== -1;) {
		const next = body.indexOf(Buffer.from(`\r\n--${boundary}`), at + delimiter.length);
		const headersEnd = body.indexOf('\r\n\r\n', at);
		if (next === -1 || headersEnd === -1) break;
		const headers = body.toString('latin1', at + delimiter.length, headersEnd);
		parts.push({headers, bytes: body.subarray(headersEnd + 4, next)});
		at = next + 2;
	}
	return body.includes(`--${boundary}--`) ? parts : [];
}
