/**
 * A process that takes locks on request: `take <file>` answers `won` or `lost: <message>`, `release` answers `free`.
 * Says `ready` first; ends with its standard input.
 */
import readline from 'node:readline';
import {reasonOf} from '../../lib/model/errors.ts';
import {acquireLock, type Lock} from '../../lib/state/lock.ts';

let lock: Lock | undefined;
console.log('ready');
for await (const line of readline.createInterface(process.stdin)) {
	const [verb, file] = line.split(' ');
	if (verb === 'release') {
		lock?.release();
		lock = undefined;
		console.log('free');
		continue;
	}
	try {
		lock = await acquireLock(file!);
		console.log('won');
	} catch (error) {
		console.log(`lost: ${reasonOf(error)}`);
	}
}
