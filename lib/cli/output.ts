/** Writes and waits until it is out, since a pipe may be slower than the end of the process. A gone reader is no error. */
export function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
	return new Promise(resolve => {
		stream.once('error', () => resolve());
		stream.write(text, () => resolve());
	});
}
