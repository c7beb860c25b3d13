import assert from 'node:assert/strict';
import {rename} from '../../lib/emulator/data/rename.ts';

describe('emulator/rename', () => {
	it('follows a name through several changes', () => {
		const renamed = new Map<string, string>();
		rename(renamed, 'a', 'b');
		rename(renamed, 'b', 'c');
		assert.deepEqual([renamed.get('a'), renamed.get('b')], ['c', 'c']);
	});
});
