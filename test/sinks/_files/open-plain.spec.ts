import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {checkPlain, openPlain, readPlain} from '../../../sinks/_files/plain-file.ts';
import {sinkError} from '../../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

describe('openPlain', () => {
	const folder = temporaryFolder();
	const at = (name: string) => path.join(folder(), name);

	it('opens a regular file, and finds nothing where nothing is', () => {
		fs.writeFileSync(at('file'), 'x');
		const descriptor = openPlain(at('file'))!;
		assert.equal(fs.readFileSync(descriptor, 'utf8'), 'x');
		fs.closeSync(descriptor);
		assert.equal(openPlain(at('nothing')), undefined);
		assert.throws(() => readPlain(at('nothing')), /is missing/);
	});

	it('opens nothing that leads elsewhere, or whose reading may never end', () => {
		fs.writeFileSync(at('file'), 'x');
		fs.symlinkSync(at('file'), at('link'));
		fs.symlinkSync(at('nothing'), at('dangling'));
		fs.mkdirSync(at('folder'));
		execFileSync('mkfifo', [at('fifo')]);
		for (const [name, kind] of [
			['link', 'a symbolic link'],
			['dangling', 'a symbolic link'],
			['folder', 'a folder'],
			['fifo', 'no regular file'],
		] as const) {
			assert.throws(() => openPlain(at(name)), new RegExp(`${name} is ${kind}`));
			assert.throws(() => checkPlain('some-sink', at(name)), sinkError('TARGET_REFUSED', new RegExp(kind)));
		}
	});
});
