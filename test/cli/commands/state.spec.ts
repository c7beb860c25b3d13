import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {rebindTargets} from '../../../lib/cli/commands/rebind-targets.ts';
import {changeState} from '../../../lib/cli/commands/state.ts';
import {fileState} from '../../../lib/state/file-state.ts';
import {dedupe} from '../../../lib/operators/dedupe.ts';
import {run} from '../../../lib/run/run.ts';
import {keyOf} from '../../../lib/run/open-sinks.ts';
import type {Sink} from '../../../lib/sink/sink.ts';
import type {Checkpoint} from '../../../lib/state/state.ts';
import {runCli} from '../../support/cli.ts';
import {assertRefused} from '../../support/command-line.ts';
import {pagedSource, someRecords} from '../../support/paged-source.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';
import {testWorld} from '../../support/world.ts';
import {readTarget} from '../../../lib/cli/flags/sinks.ts';

describe('rxaudit state rebind', () => {
	const folder = temporaryFolder();
	const at = (name: string) => path.join(folder(), name);
	const named = async (kind: string, name: string): Promise<Sink> => {
		const {factory, options} = await readTarget(`${kind}:${at(name)}`, testWorld());
		return factory(options);
	};

	async function pull(count: number, ...sinks: Sink[]): Promise<void> {
		const binding = {'--to': sinks.map(keyOf).sort().join(' ')};
		await run(start => pagedSource(someRecords(4).slice(4 - count), {start}).pipe(dedupe(start)), sinks, {
			state: fileState(at('state')),
			binding,
		});
	}

	async function rebind(targets: string[]): Promise<readonly string[]> {
		const world = testWorld();
		const change = (checkpoint: Checkpoint) => rebindTargets(checkpoint, targets, world);
		return (await changeState('rebind', at('state'), change, world))!;
	}

	function move(from: string, to: string): void {
		fs.mkdirSync(path.dirname(at(to)), {recursive: true});
		for (const end of ['', '.manifest']) if (fs.existsSync(at(from + end))) fs.renameSync(at(from + end), at(to + end));
	}

	async function refused(targets: string[], message: RegExp): Promise<void> {
		const before = fs.readFileSync(at('state'));
		await assert.rejects(rebind(targets), {code: 'STATE_FOREIGN', message});
		assert.deepEqual(fs.readFileSync(at('state')), before);
		assert.ok(!fs.existsSync(at('state.lock')));
	}

	for (const [kind, name, moved] of [
		['ndjson', 'out.ndjson', 'else/where.ndjson'],
		['ndjson', 'out.ndjson.gz', 'else/where.ndjson.gz'],
		['ndjson', 'out/', 'else/where/'],
		['filesystem', 'out', 'else/where'],
	] as const) {
		it(`goes on with ${kind}:${name} where it was moved to`, async () => {
			const stays = await named('ndjson', 'stays.ndjson');
			await pull(3, await named(kind, name), stays);
			move(name.replace(/\/$/, ''), moved.replace(/\/$/, ''));
			const target = await named(kind, moved);
			await assert.rejects(pull(4, target, stays), {code: 'STATE_FOREIGN', message: /rxaudit state rebind/});
			const said = await rebind([`${kind}:${at(moved)}`, `ndjson:${at('stays.ndjson')}`]);
			assert.deepEqual(said, [`${keyOf(await named(kind, name))} is ${keyOf(target)} now\n`]);
			await pull(4, target, stays);
			const {factory, options} = await readTarget(`${kind}:${at(moved)}`, testWorld());
			const {damage, sources} = await factory.verify!(options);
			assert.deepEqual([damage, Object.values(sources).map(({events}) => events)], [[], [4]]);
			assert.ok(!fs.existsSync(at(name)));
		});
	}

	it('takes no other log for it, nor one that was changed', async () => {
		await pull(3, await named('ndjson', 'out.ndjson'));
		const target = `ndjson:${at('moved.ndjson')}`;
		await refused([target], /out\.ndjson: ENOENT|no such file/);
		move('out.ndjson', 'moved.ndjson');
		const whole = fs.readFileSync(at('moved.ndjson'));
		fs.writeFileSync(at('moved.ndjson'), whole.subarray(1));
		await refused([target], /expected at least \d+ bytes, got/);
		const edited = Buffer.from(whole);
		edited[2]! ^= 1;
		fs.writeFileSync(at('moved.ndjson'), edited);
		await refused([target], /bytes before byte \d+ are not those/);
		fs.writeFileSync(at('moved.ndjson'), whole);
		fs.renameSync(at('moved.ndjson.manifest'), at('kept'));
		await refused([target], /manifest/);
		await refused([`filesystem:${folder()}`], /knows ndjson:.*out\.ndjson/);
		fs.renameSync(at('kept'), at('moved.ndjson.manifest'));
		assert.equal((await rebind([target])).length, 1);
		assert.deepEqual(await rebind([target]), []);
		fs.rmSync(at('moved.ndjson'));
		await refused([target], /not what the state wrote: .*ENOENT/);
	});

	it('takes no folder of another state for it', async () => {
		await pull(3, await named('filesystem', 'other'));
		fs.renameSync(at('state'), at('state-of-other'));
		await pull(3, await named('filesystem', 'out'));
		await refused([`filesystem:${at('other')}`], /expected part [0-9a-f]{8} with the head [0-9a-f]{64}/);
	});

	it('does not guess which of two that are alike was moved', async () => {
		const [one, two] = [await named('ndjson', 'a.ndjson'), await named('ndjson', 'b.ndjson')];
		await pull(3, one, two);
		move('a.ndjson', 'c.ndjson');
		const target = `ndjson:${at('c.ndjson')}`;
		fs.copyFileSync(at('b.ndjson.manifest'), at('c.ndjson.manifest'));
		await refused([target], /are alike: name those that stayed/);
		await rebind([target, `ndjson:${at('b.ndjson')}`]);
		await pull(4, await named('ndjson', 'c.ndjson'), two);
	});

	it('is a command, which changes nothing without --yes', async () => {
		assert.match((await runCli(['state', '--help'])).stdout, /^Usage: rxaudit state show\|gaps\|reset\|rebind STATE/);
		assertRefused(await runCli(['state', 'move']), 2, /state: expected one of its verbs, got another name/);
		assertRefused(await runCli(['state', 'rebind', at('none'), '--to', 'ndjson:x']), 2, /none does not exist/);
		await pull(3, await named('ndjson', 'out.ndjson'));
		assertRefused(await runCli(['state', 'rebind', at('state'), '--to', 'ndjson:x'], {cwd: folder()}), 5, /not proven/);
		move('out.ndjson', 'moved.ndjson');
		const args = ['state', 'rebind', at('state'), '--to', `ndjson:${at('moved.ndjson')}`];
		const before = fs.readFileSync(at('state'));
		const shown = await runCli(args);
		assert.deepEqual([shown.code, shown.stdout], [1, '']);
		assert.match(
			shown.stderr,
			/would change: ndjson:\S+out\.ndjson is ndjson:\S+moved\.ndjson now\n.*nothing was changed; --yes/,
		);
		assert.deepEqual(fs.readFileSync(at('state')), before);
		const done = await runCli([...args, '--yes']);
		assert.deepEqual([done.code, done.stderr], [0, '']);
		assert.match(done.stdout, /is ndjson:\S+moved\.ndjson now\n$/);
		assert.deepEqual(fs.readFileSync(at('state.previous')), before);
		assert.match((await runCli([...args, '--yes'])).stdout, /nothing was changed/);
	});
});
