/** Collects bytes in one buffer that is used again and again: the hot path of rendering pages. */
export interface ByteWriter {
	write(bytes: Uint8Array): void;
	/** A copy of what was written since the last call. */
	take(): Buffer;
}

export function createByteWriter(): ByteWriter {
	let buffer = new Uint8Array(1 << 16);
	let length = 0;
	return {
		write(bytes) {
			if (length + bytes.length > buffer.length) {
				const larger = new Uint8Array(2 * (length + bytes.length));
				larger.set(buffer);
				buffer = larger;
			}
			buffer.set(bytes, length);
			length += bytes.length;
		},
		take() {
			const taken = Buffer.allocUnsafe(length);
			taken.set(buffer.subarray(0, length));
			length = 0;
			return taken;
		},
	};
}
