import {randomBytes} from 'node:crypto';
import fs from 'node:fs';
import {ConfigError, reasonOf} from '../../model/errors.ts';
import {createDurably, discard, errnoOf} from '../../state/durable-file.ts';
import {mark} from './document.ts';

/** Where its mark is. */
const most = 200;

/** A file that is no page of ours is not what anybody wants to have written over: throws a ConfigError. */
export function checkPage(command: string, output: string): void {
	try {
		if (!fs.statSync(output).isFile()) throw new Error('it is no regular file');
		const descriptor = fs.openSync(output, 'r');
		const found = Buffer.alloc(most);
		try {
			fs.readSync(descriptor, found, 0, most, 0);
		} finally {
			fs.closeSync(descriptor);
		}
		if (found.includes(mark)) return;
	} catch (error) {
		if (errnoOf(error) === 'ENOENT') return;
		throw new ConfigError(`${command}: ${output}: expected a file that can be written: ${reasonOf(error)}`, {
			cause: error,
		});
	}
	throw new ConfigError(
		`${command}: ${output}: expected a new file, or a page that rxaudit wrote, got another file: remove it, or name another`,
	);
}

/** Readers find the old page or the new one. */
export function replacePage(command: string, file: string, text: string): void {
	const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
	try {
		createDurably(temporary, Buffer.from(text));
		fs.renameSync(temporary, file);
	} catch (error) {
		discard(temporary);
		throw new ConfigError(`${command}: ${file} cannot be written: ${reasonOf(error)}`, {cause: error});
	}
}
