/** `state-child.ts <file> <version>`: commits up to that version; tells each version as soon as it is committed. */
import fs from 'node:fs';
import {fileState} from '../../lib/state/file-state.ts';
import {commitUpTo} from './state-scenario.ts';

const [file, last] = process.argv.slice(2);
await commitUpTo(Number(last), fileState(file!), version => fs.writeSync(1, `${version}\n`));
