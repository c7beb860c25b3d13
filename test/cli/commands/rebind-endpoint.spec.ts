import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {rebindEndpoint} from '../../../lib/cli/commands/rebind-endpoint.ts';
import {readState} from '../../../lib/state/state-files.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';
import {runCli} from '../../support/cli.ts';
import {assertRefused} from '../../support/command-line.ts';
import {type Emulator, startEmulator} from '../../support/emulator.ts';

describe('rxaudit state rebind --endpoint', () => {
	const folder = temporaryFolder();
	const at = (name = 'pull.state') => path.join(folder(), name);
	let emulators: Emulator[] = [];
	// the same log at another address
	beforeEach(async () => {
		emulators = await Promise.all([0, 1].map(() => startEmulator({events: 40, spacingMs: 60_000})));
	});
	afterEach(() => Promise.all(emulators.map(emulator => emulator.close())));

	function pull(name: string, {endpoints, token, username, password}: Emulator, ...more: string[]) {
		const org = name.startsWith('atlassian-org') ? ['--org-id', 'ORG'] : [];
		const args = ['pull', name, ...org, '--endpoint', endpoints[name]!, '--state', 'pull.state', ...more];
		const env = {RXAUDIT_TOKEN: token, RXAUDIT_USERNAME: username, RXAUDIT_PASSWORD: password};
		return runCli(args, {cwd: folder(), env});
	}
	const lines = (file: string) => fs.readFileSync(at(file), 'utf8').split('\n').slice(0, -1);

	for (const name of ['atlassian-org-events', 'confluence-cloud', 'crowd-data-center']) {
		it(`goes on with ${name} where it is read now, with nothing twice and nothing left out`, async () => {
			const [before, after] = emulators as [Emulator, Emulator];
			const to = ['--to', 'ndjson:out.ndjson', '--overlap', '10h'];
			const first = await pull(name, before, ...to);
			assert.equal(first.code, 0, first.stderr);
			const count = lines('out.ndjson').length;
			const other = await pull(name, after, ...to);
			assert.equal(other.code, 5, other.stderr);
			assert.match(
				other.stderr,
				new RegExp(
					`another pipeline: .* endpoint: expected ${before.url}\\S*, got ${after.url}\\S*; .*; where the server was moved, ` +
						'rxaudit state rebind STATE --endpoint URL',
				),
			);
			const args = ['state', 'rebind', 'pull.state', '--endpoint', after.endpoints[name]!];
			const old = fs.readFileSync(at());
			const shown = await runCli(args, {cwd: folder()});
			assert.equal(shown.code, 1);
			assert.ok(shown.stderr.includes(before.url) && shown.stderr.includes(after.url), shown.stderr);
			assert.deepEqual(fs.readFileSync(at()), old);
			assert.equal((await runCli([...args, '--yes'], {cwd: folder()})).code, 0);
			assert.deepEqual(fs.readFileSync(at('pull.state.previous')), old);
			const second = await pull(name, after, ...to);
			assert.equal(second.code, 0, second.stderr);
			assert.match(second.stderr, /done: 0 events, .* [1-9]\d* duplicates dropped/);
			// what comes there is new, also night after night
			const sizes: number[] = [];
			for (const timeMs of [Date.UTC(2026, 1, 1), Date.UTC(2026, 1, 2)]) {
				after.api(name).insert([{timeMs}]);
				const more = await pull(name, after, ...to);
				assert.equal(more.code, 0, more.stderr);
				sizes.push(lines('out.ndjson').length);
			}
			assert.deepEqual(sizes, [count + 1, count + 2]);
			assert.match((await runCli([...args, '--yes'], {cwd: folder()})).stdout, /nothing was changed/);
		});
	}

	it('says which server is meant, and refuses what is none', async () => {
		const [before] = emulators as [Emulator];
		const name = 'confluence-cloud';
		assert.equal((await pull(name, before, '--to', 'ndjson:out.ndjson')).code, 0);
		const rebind = (...args: string[]) => runCli(['state', 'rebind', 'pull.state', ...args], {cwd: folder()});
		assertRefused(await rebind(), 2, /state rebind: expected --to SINK or --endpoint URL, got none/);
		assertRefused(await rebind('--endpoint', 'http://x.example'), 2, /--endpoint: expected https:\/\//);
		const {checkpoint} = readState(at(), false).stored!;
		const {said} = await rebindEndpoint(checkpoint, 'https://new.example');
		const host = before.url.replace('http://', '');
		assert.deepEqual(said, [
			`${name}:${host} endpoint: ${before.url}/wiki is https://new.example/wiki now`,
			`${name}:${host} is ${name}:new.example now: new events have that tenant, and layouts by tenant a folder of that name`,
		]);
		const pending = {...checkpoint, pending: {pages: 1, checkpoint}};
		await assert.rejects(rebindEndpoint(pending, 'https://new.example'), {code: 'STATE_CONFLICT'});
	});
});
