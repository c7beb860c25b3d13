import assert from 'node:assert/strict';
import path from 'node:path';
import {startEmulator} from '../support/emulator.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {linesOf} from './holdings.ts';
import {type KillAt, pull, token} from './pull.ts';

const name = 'atlassian-org-users';

describe('a listing', () => {
	const folder = temporaryFolder();

	it('that is killed in the middle is finished by the next run, and then begun anew', async () => {
		// fifty a page, whatever is asked for; a commit comes every 64 pages
		const emulator = await startEmulator({events: 6000, token});
		const file = path.join(folder(), 'users.ndjson');
		const args = ['--to', `ndjson:${file}`, '--state', path.join(folder(), 'pull.state')];
		const options = {source: [name, '--org-id', 'e2e']};
		const killAt = (at: number): KillAt => ({call: 'writeSync', path: 'users', at, when: 'partial'});
		const ids = () => linesOf(file).map(line => (JSON.parse(line) as {account_id: string}).account_id);
		const held = Array.from(emulator.api(name).records(), ({id}) => id!);
		try {
			for (const at of [3, 90, 20]) {
				const {code, stderr} = await pull(emulator, args, {...options, kill: killAt(at)});
				assert.equal(code, 'SIGKILL', `page ${at}: ${stderr}`);
			}
			const finished = await pull(emulator, args, options);
			assert.equal(finished.code, 0, finished.stderr);
			assert.deepEqual(ids(), held);
			assert.match(finished.stderr, /warning: atlassian-org-users: this run finished the listing that was begun at/);
			const anew = await pull(emulator, args, options);
			assert.equal(anew.code, 0, anew.stderr);
			assert.deepEqual(ids(), [...held, ...held]);
			assert.doesNotMatch(anew.stderr, /warning/);
		} finally {
			await emulator.close();
		}
	});
});
