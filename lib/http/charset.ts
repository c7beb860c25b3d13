import {isUtf8} from 'node:buffer';
import {UnreadableBody} from './unreadable.ts';

const marks = [
	[Buffer.from([0xef, 0xbb, 0xbf]), 'utf-8'],
	[Buffer.from([0xfe, 0xff]), 'utf-16be'],
	[Buffer.from([0xff, 0xfe]), 'utf-16le'],
] as const;
/** ASCII is UTF-8 too; the standard of the web would take it for Windows' own set. */
const likeUtf8 = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii']);

/** A body in UTF-8, and whether its answer announces a charset. */
interface Decoded {
	readonly body: Buffer;
	readonly isAnnounced: boolean;
}

/**
 * The body in UTF-8, from the charset that its byte order mark or its content type names. Throws where it is not written
 * in that one. What is announced as UTF-8, and what is not announced at all, is handed on as it is.
 */
export function decodeBody(body: Buffer, contentType: string | undefined): Decoded {
	const charset = markedAs(body) ?? charsetOf(contentType);
	if (charset === undefined) return {body, isAnnounced: false};
	if (likeUtf8.has(charset)) return {body, isAnnounced: true};
	const decoder = decoderOf(charset === 'utf-16' ? byteOrder(body) : charset);
	// an unknown name announces nothing
	if (!decoder) return {body, isAnnounced: false};
	try {
		return {body: Buffer.from(decoder.decode(body)), isAnnounced: true};
	} catch {
		throw new UnreadableBody(`it is announced as ${charset} and is not written in it`);
	}
}

/** Throws where the bytes are not UTF-8, and says where. */
export function assertUtf8(body: Uint8Array): void {
	if (isUtf8(body)) return;
	const at = firstWrongByte(body);
	const byte = body[at]!.toString(16).padStart(2, '0');
	throw new UnreadableBody(`it is not UTF-8 at byte ${at} (0x${byte}), and its content type names no other charset`);
}

function firstWrongByte(body: Uint8Array): number {
	/** How many of the first bytes are right: of a character that is cut, none. */
	const right = (length: number) => {
		for (let end = length; end >= Math.max(0, length - 3); end--) if (isUtf8(body.subarray(0, end))) return end;
		return undefined;
	};
	let low = 0;
	let high = body.length;
	while (high - low > 1) {
		const middle = (low + high) >>> 1;
		if (right(middle) === undefined) high = middle;
		else low = middle;
	}
	return right(low) ?? 0;
}

function markedAs(body: Buffer): string | undefined {
	return marks.find(([mark]) => body.subarray(0, mark.length).equals(mark))?.[1];
}

function charsetOf(contentType: string | undefined): string | undefined {
	return /;\s*charset\s*=\s*["']?([^\s"';,]+)/i.exec(contentType ?? '')?.[1]?.toLowerCase();
}

/** JSON begins with an ASCII character, so that its zero byte shows the order. */
function byteOrder(body: Buffer): string {
	return body[0] === 0 ? 'utf-16be' : 'utf-16le';
}

function decoderOf(label: string): InstanceType<typeof TextDecoder> | undefined {
	try {
		return new TextDecoder(label, {fatal: true});
	} catch {
		return undefined;
	}
}
