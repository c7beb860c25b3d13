import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {type Emulator, startEmulator} from '../support/emulator.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {filesBelow, leftovers} from './holdings.ts';
import {type KillAt, pull, token} from './pull.ts';

const name = 'crowd-data-center';

/** The ids of what a folder holds, in order. */
function idsBelow(folder: string): string[] {
	return filesBelow(folder)
		.map(text => String((JSON.parse(text) as {id: string | number}).id))
		.sort();
}

function heldIds(emulator: Emulator): string[] {
	return Array.from(emulator.api(name).records(), ({id}) => id!).sort();
}

describe('a server that gives its sets in any order, into a folder', () => {
	const folder = temporaryFolder();
	const target = (file: string) => path.join(folder(), file);
	let emulator: Emulator;
	before(async () => (emulator = await startEmulator({events: 450, token})));
	after(() => emulator.close());

	const crowd = (args: readonly string[], kill?: KillAt) =>
		pull(emulator, ['--page-size', '5', '--to', `filesystem:${target('events')}`, ...args], {
			source: [name],
			env: {RXAUDIT_USERNAME: emulator.username, RXAUDIT_PASSWORD: emulator.password},
			...(kill ? {kill} : {}),
		});

	for (const format of ['audit', 'raw']) {
		it(`is copied twice to the same files: ${format}`, async () => {
			const args = ['--format', format, '--dead-letter', target('dead')];
			const first = await crowd(args);
			assert.equal(first.code, 0, first.stderr);
			assert.deepEqual(idsBelow(target('events')), heldIds(emulator));
			const texts = filesBelow(target('events'));
			const second = await crowd(args);
			assert.equal(second.code, 0, second.stderr);
			assert.deepEqual(filesBelow(target('events')), texts, 'the first stay, byte for byte');
			assert.ok(!fs.existsSync(target('dead')));
		});

		it(`goes on after each kill: ${format}`, async () => {
			const args = ['--format', format, '--state', target('pull.state')];
			// a commit comes every 64 pages; what was written since then comes again, with its sets in another order
			for (const at of [400, 20]) {
				const named: KillAt = {call: 'linkSync', path: '.rxaudit-', at, when: 'after'};
				const {code, stderr} = await crowd(args, named);
				assert.equal(code, 'SIGKILL', `file ${at}: ${stderr}`);
			}
			const {code, stderr} = await crowd(args);
			assert.equal(code, 0, stderr);
			assert.deepEqual(idsBelow(target('events')), heldIds(emulator));
			assert.deepEqual(leftovers(folder()), []);
			assert.ok(!fs.existsSync(target('pull.state.dead-letter.ndjson')));
		});
	}
});
