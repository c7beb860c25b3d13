import fs from 'node:fs';

// Not the synchronous calls: a disk may take seconds, and signals and sockets must live meanwhile.

/** Resolves when the file's bytes and size are on the disk itself. After an error its pages may be lost: rewrite it. */
export function syncFile(descriptor: number): Promise<void> {
	return new Promise((resolve, reject) => {
		fs.fdatasync(descriptor, error => (error ? reject(error) : resolve()));
	});
}

/** What a file system answers that knows no fsync of a folder: its names are as durable as it makes them. */
const unknown = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP']);

/** Resolves when the names in the folder are on the disk itself. */
export async function syncFolder(path: string): Promise<void> {
	if (process.platform === 'win32') return; // a folder cannot be opened there
	const descriptor = fs.openSync(path, 'r');
	try {
		await new Promise<void>((resolve, reject) => {
			fs.fsync(descriptor, error => (error && !unknown.has(error.code ?? '') ? reject(error) : resolve()));
		});
	} finally {
		fs.closeSync(descriptor);
	}
}
