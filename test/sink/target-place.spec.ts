import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {placeOf, placeOfOpen} from '../../lib/sink/target-place.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

describe('the place of a target', () => {
	const folder = temporaryFolder();
	const file = (name: string) => path.join(folder(), name);

	it('is one for all names of a file, and for a descriptor of it', () => {
		fs.writeFileSync(file('a'), '');
		fs.writeFileSync(file('other'), '');
		fs.symlinkSync('a', file('symbolic'));
		fs.mkdirSync(file('below'));
		fs.linkSync(file('a'), file('below/hard'));
		for (const name of ['symbolic', 'below/hard', 'below/../a']) assert.equal(placeOf(file(name)), placeOf(file('a')));
		assert.notEqual(placeOf(file('other')), placeOf(file('a')));
		const descriptor = fs.openSync(file('a'), 'r');
		assert.equal(placeOfOpen(descriptor), placeOf(file('a')));
		fs.closeSync(descriptor);
	});

	it('is where a file that is not there yet is going to be', () => {
		fs.mkdirSync(file('real'));
		fs.symlinkSync('real', file('linked'));
		assert.equal(placeOf(file('linked/new/a')), file('real/new/a'));
		assert.notEqual(placeOf(file('linked/new/b')), placeOf(file('real/new/a')));
	});
});
