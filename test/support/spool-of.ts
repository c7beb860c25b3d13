import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type {Spooled} from '../../sinks/_objects/object-store.ts';

/** A file that is to become an object of some metadata, and what it holds. */
export function spoolOf(folder: string, content: Buffer): Spooled & {readonly content: Buffer} {
	const sha256 = createHash('sha256').update(content).digest('hex');
	const file = path.join(folder, sha256);
	fs.writeFileSync(file, content);
	const metadata = {events: '7', 'first-id': 'ä€😀 %'};
	return {file, bytes: content.length, sha256, contentType: 'application/gzip', metadata, content};
}
