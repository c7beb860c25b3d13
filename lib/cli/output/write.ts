import {printable} from '../../http/secrets.ts';

/**
 * Writes and waits until it is out, since a pipe may be slower than the end of the process. A gone reader is no error.
 * What servers and files put into the text drives no terminal.
 */
export function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
	return new Promise(resolve => {
		stream.once('error', () => resolve());
		stream.write(printable(text), () => resolve());
	});
}
