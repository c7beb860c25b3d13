import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {deadLetterFile, sourceNamed} from '../../../lib/cli/flags/source-named.ts';
import {runCli} from '../../support/cli.ts';
import {assertRefused, commandLine, idsIn, linesOf} from '../../support/command-line.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

describe('deadLetterFile()', () => {
	it('is what follows dead-letter:', () => {
		for (const [arg, file] of [
			['dead-letter:a:b.ndjson', 'a:b.ndjson'],
			['dead-letter:', ''],
			['dead-letter', ''],
			['dead-letters:a', undefined],
			['atlassian-org-events', undefined],
			[undefined, undefined],
		]) {
			assert.equal(deadLetterFile(arg), file, arg);
		}
	});
});

describe('sourceNamed()', () => {
	const folder = temporaryFolder();
	const named = (name: string) => sourceNamed(name, {cwd: folder()});

	it('is the source of that name', async () => {
		assert.equal((await named('atlassian-org-events'))!.name, 'atlassian-org-events');
		for (const none of ['nothing', '@nobody/nothing', 'fs', 'node:fs', 'Nothing at all', '..%2fx']) {
			assert.equal(await named(none), undefined, none);
		}
	});

	it('is no path that does not begin like one, and one that leads to a source', async () => {
		const write = (name: string, text: string) => fs.writeFileSync(path.join(folder(), name), text);
		fs.mkdirSync(path.join(folder(), 'bare'));
		fs.mkdirSync(path.join(folder(), 'odd'));
		write('none.mjs', 'export const source = 1;');
		write('other.mjs', 'export default {name: "jira-cloud"};');
		write('broken.mjs', 'throw new Error("no luck");');
		write('odd/package.json', '{"name":');
		for (const [name, message] of [
			['./nowhere.mjs', /^\.\/nowhere\.mjs: expected a file or folder with a source, got nothing there$/],
			['./none.mjs', /expected a source as its default export, got none; see defineSource/],
			['./other.mjs', /got an object/],
			['./broken.mjs', /could not be loaded: no luck/],
			['./bare', /folder with a package\.json, but ENOENT/],
			['./odd', /folder with a package\.json, but /],
		] as const) {
			await assert.rejects(named(name), {code: 'CONFIG', message}, name);
		}
		assert.equal(await named('none.mjs'), undefined);
	});

	describe('of dead letters', () => {
		const {pull, folder, emulator, held} = commandLine();
		const read = (name: string) => fs.readFileSync(path.join(folder(), name), 'utf8');
		const again = (args: readonly string[]) => runCli(['pull', ...args], {cwd: folder()});

		it('gives the records that were too large, as their source would have', async () => {
			const whole = await pull(['--where', 'action=user_login']);
			const small = await pull(['--max-event-bytes', '1', '--where', 'action=user_login']);
			assert.equal(small.code, 3);
			assert.equal(small.stdout, '');
			const {code, stdout, stderr} = await again([
				'dead-letter:rxaudit.dead-letter.ndjson',
				'--where',
				'action=user_login',
			]);
			assert.equal(code, 0, stderr);
			assert.ok(linesOf(stdout).length > 0);
			assert.deepEqual(linesOf(stdout), linesOf(whole.stdout));
		});

		it('keeps those that are still no good in a file of their own', async () => {
			const poison = '{"id":"poison","attributes":{"time":"yesterday"}}';
			emulator().insert([{timeMs: Date.UTC(2026, 0, 2), id: 'poison', text: poison}]);
			await pull(['--max-event-bytes', '1']);
			const {code, stdout} = await again(['dead-letter:rxaudit.dead-letter.ndjson']);
			assert.equal(code, 3);
			assert.deepEqual(
				idsIn(stdout),
				held().filter(id => id !== 'poison'),
			);
			const [letter, ...more] = linesOf(read('rxaudit.dead-letter.ndjson.dead-letter.ndjson'));
			assert.equal((JSON.parse(letter!) as {record: string}).record, poison);
			assert.deepEqual(more, []);
			assertRefused(
				await again(['dead-letter:rxaudit.dead-letter.ndjson', '--dead-letter', 'rxaudit.dead-letter.ndjson']),
				2,
				/expected a file of its own/,
			);
		});

		it('goes on where a run with a state was ended', async () => {
			await pull(['--max-event-bytes', '1']);
			const command = ['dead-letter:rxaudit.dead-letter.ndjson', '--to', 'ndjson:out', '--state', 'state'];
			assert.equal((await again(command)).code, 0);
			assert.equal((await again(command)).code, 0);
			assert.deepEqual(idsIn(read('out')), held());
		});

		it('needs a file, and one of dead letters', async () => {
			fs.writeFileSync(path.join(folder(), 'other'), '{"id":1}\n');
			fs.writeFileSync(path.join(folder(), 'torn'), '{"source":"a","tenant":"b","record":"{}"}');
			fs.writeFileSync(path.join(folder(), 'foreign'), '{"source":"a","tenant":"b","record":"{}"}\n');
			for (const [arg, code, message] of [
				['dead-letter', 2, /expected a file, as in dead-letter:rxaudit.dead-letter.ndjson/],
				['dead-letter:none', 2, /cannot read .*none: .*ENOENT/],
				['dead-letter:other', 1, /other: expected a dead letter of rxaudit at byte 0, got a line without source/],
				['dead-letter:torn', 1, /got a line without an end/],
				['dead-letter:foreign', 2, /the source "a", which is not rxaudit's own; read them in code/],
			] as const) {
				assertRefused(await again([arg]), code, message);
			}
		});
	});
});
