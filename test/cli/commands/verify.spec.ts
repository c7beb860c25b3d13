import assert from 'node:assert/strict';
import {generateKeyPairSync} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {fileState} from '../../../lib/state/file-state.ts';
import {runCli} from '../../support/cli.ts';
import {assertRefused, commandLine} from '../../support/command-line.ts';

const targets = ['ndjson:out.ndjson', 'ndjson:out.ndjson.gz', 'csv:out.csv', 'filesystem:out'];

describe('verify', () => {
	const {folder, emulator, pull, held} = commandLine();
	const file = (name: string) => path.join(folder(), name);
	const verify = (...args: string[]) =>
		runCli(['verify', ...args], {cwd: folder(), env: {RXAUDIT_TOKEN: emulator().token}});
	const headIn = (stdout: string) => /head ([0-9a-f]{64})/.exec(stdout)![1]!;

	for (const target of targets) {
		it(`says that ${target} is intact, and by which head`, async () => {
			const args = ['--to', target, '--state', 'state', '--page-size', '20'];
			assert.equal((await pull(args)).code, 0);
			const first = await verify(target, '--state', 'state', '--quiet');
			assert.deepEqual([first.code, first.stderr], [0, '']);
			const [kind, name] = target.split(':') as [string, string];
			assert.match(first.stdout, new RegExp(`^intact: ${kind}:${file(name)}\n`));
			assert.match(first.stdout, new RegExp(`${held().length} events of atlassian-org-events:ORG, from `));
			const [newest] = emulator().events();
			emulator().insert([{timeMs: newest!.timeMs + 1}]);
			assert.equal((await pull(args)).code, 0);
			const second = await verify(target, '--expect-head', headIn(first.stdout));
			assert.deepEqual([second.code, second.stderr], [0, '']);
			assert.match(second.stdout, /the head of --expect-head is on it, 1 entry before its end/);
			assert.match(second.stdout, new RegExp(`${held().length} events of `));
		});

		it(`names what is damaged in ${target}, exit code 1`, async () => {
			await pull(['--to', target]);
			const damaged = target.startsWith('filesystem')
				? fs.readdirSync(file('out'), {recursive: true, encoding: 'utf8'}).find(name => name.endsWith('.json'))!
				: '';
			const at = path.join(file(target.split(':')[1]!), damaged);
			const bytes = fs.readFileSync(at);
			bytes[bytes.length >> 1]! ^= 1;
			fs.writeFileSync(at, bytes);
			const {code, stdout, stderr} = await verify(target);
			assert.deepEqual([code, stderr], [1, '']);
			assert.match(stdout, /^damaged: .*: 1 finding\n {2}changed +/);
			assert.ok(stdout.includes(damaged || `${at}: bytes 0 to ${bytes.length} (entry 0)`), stdout);
			const json = await verify(target, '--log-format', 'json');
			assert.equal(json.code, 1);
			const answer = JSON.parse(json.stdout) as {intact: boolean; head: string; damage: {kind: string}[]};
			assert.deepEqual([answer.intact, answer.head, answer.damage[0]!.kind], [false, headIn(stdout), 'changed']);
		});
	}

	it('finds by the state, or by a head that was noted, what was cut off at the end', async () => {
		const args = ['--to', 'ndjson:out.ndjson', '--state', 'state'];
		const middle = [...emulator().events()][30]!;
		await pull([...args, '--until', new Date(middle.timeMs).toISOString()]);
		const size = fs.statSync(file('out.ndjson')).size;
		const {stdout} = await verify('ndjson:out.ndjson');
		await pull(args);
		const head = headIn((await verify('ndjson:out.ndjson')).stdout);
		fs.truncateSync(file('out.ndjson'), size);
		const lines = fs.readFileSync(file('out.ndjson.manifest'), 'utf8').split('\n');
		fs.writeFileSync(file('out.ndjson.manifest'), `${lines.slice(0, -2).join('\n')}\n`);
		assert.equal((await verify('ndjson:out.ndjson')).code, 0, 'the manifest alone cannot tell');
		assert.equal((await verify('ndjson:out.ndjson', '--expect-head', headIn(stdout))).code, 0);
		for (const how of [
			['--state', 'state'],
			['--expect-head', head],
		]) {
			const cut = await verify('ndjson:out.ndjson', ...how);
			assert.equal(cut.code, 1);
			assert.match(cut.stdout, /entry +head: expected [0-9a-f]{64} of --(state|expect-head) on the chain/);
		}
	});

	it('calls a tail that was never committed uncommitted, exit code 0', async () => {
		await pull(['--to', 'ndjson:out.ndjson']);
		const {size} = fs.statSync(file('out.ndjson'));
		fs.appendFileSync(file('out.ndjson'), '{"half');
		const {code, stdout} = await verify('ndjson:out.ndjson');
		assert.equal(code, 0);
		assert.match(stdout, new RegExp(`^intact: [^]*uncommitted .*: bytes ${size} to ${size + 6}\n`));
	});

	it('goes by the state of an archive that was copied elsewhere', async () => {
		await pull(['--to', 'filesystem:out', '--to', 'ndjson:out.ndjson', '--state', 'state']);
		fs.cpSync(file('out'), file('copy'), {recursive: true});
		fs.cpSync(file('state'), file('state-copy'));
		const {code, stdout} = await verify('filesystem:copy', '--state', 'state-copy');
		assert.equal(code, 0);
		assert.ok(stdout.includes(`the head of --state, which is of filesystem:${file('out')}, is on it`), stdout);
	});

	it('says what the state knows that the target never got', async () => {
		await pull(['--to', 'csv:out.csv', '--state', 'state']);
		const store = fileState(file('state'));
		const {checkpoint, version} = (await store.load())!;
		const lack = {from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z', events: 7, reason: 'ENOSPC'};
		const [[source, position]] = Object.entries(checkpoint.sources) as [[string, object]];
		const gap = {sinceMs: Date.UTC(2026, 0, 3), untilMs: Date.UTC(2026, 0, 4), coversToMs: 0, reason: 'answered 500'};
		const never = `ndjson:${file('never.ndjson')}`;
		await store.commit(
			{
				...checkpoint,
				sources: {[source]: {...position, gaps: [gap]}},
				lacks: {[`csv:${file('out.csv')}`]: [lack], [never]: [lack]},
			},
			version,
		);
		await store.close?.();
		const {code, stdout} = await verify('csv:out.csv', '--state', 'state');
		assert.equal(code, 0);
		assert.match(stdout, /\n {2}lacks +7 events from 2026-01-01T\S+ to 2026-01-02T\S+: ENOSPC\n/);
		const day = (n: number) => `2026-01-0${n}T00:00:00.000Z`;
		assert.ok(stdout.includes(`\n  open gap: ${source} from ${day(3)} to ${day(4)}: answered 500\n`), stdout);
		const json = JSON.parse((await verify('csv:out.csv', '--state', 'state', '--log-format', 'json')).stdout) as object;
		const openGaps = [{source, from: day(3), to: day(4), reason: 'answered 500'}];
		assert.deepEqual({...json, lacks: [lack], openGaps}, json);
		// One that never got anything has no chain in the state.
		for (const name of ['never.ndjson', 'never.ndjson.manifest']) fs.writeFileSync(file(name), '');
		const empty = await verify('ndjson:never.ndjson', '--state', 'state');
		assert.deepEqual([empty.code, /lacks +7 events/.test(empty.stdout)], [0, true]);
	});

	it('names a file that is cut or gone once, with all the entries that it held', async () => {
		const args = ['--to', 'ndjson:out.ndjson', '--state', 'state'];
		for (const index of [40, 20, 0]) {
			const until = new Date([...emulator().events()][index]!.timeMs).toISOString();
			assert.equal((await pull([...args, '--until', until])).code, 0);
		}
		const lines = fs.readFileSync(file('out.ndjson.manifest'), 'utf8').trimEnd().split('\n');
		const ranges = lines.map(line => (JSON.parse(line) as {entry: {range: {to: number}}}).entry.range.to);
		const [cut, end] = [ranges.at(-3)! + 1, ranges.at(-1)!];
		fs.truncateSync(file('out.ndjson'), cut);
		const last = lines.length - 1;
		const behind = `bytes ${ranges.at(-3)!} to ${end} (entries ${last - 1} to ${last}): the file ends at byte ${cut}`;
		const shorter = (await verify('ndjson:out.ndjson')).stdout;
		assert.ok(shorter.includes(`1 finding\n  missing  ${file('out.ndjson')}: ${behind}\n`), shorter);
		fs.rmSync(file('out.ndjson'));
		const gone = (await verify('ndjson:out.ndjson')).stdout;
		const all = `bytes 0 to ${end} (entries 0 to ${last}): the file is missing`;
		assert.ok(gone.includes(`1 finding\n  missing  ${file('out.ndjson')}: ${all}\n`), gone);
	});

	it('checks signatures, and never shows the key that makes them', async () => {
		const {privateKey, publicKey} = generateKeyPairSync('ed25519');
		const pem = privateKey.export({type: 'pkcs8', format: 'pem'}).toString();
		const secret = pem.split('\n')[1]!;
		fs.writeFileSync(file('sign.pem'), pem, {mode: 0o600});
		fs.writeFileSync(file('public.pem'), publicKey.export({type: 'spki', format: 'pem'}), {mode: 0o600});
		const args = ['--to', 'filesystem:out', '--to', 'ndjson:out.ndjson', '--state', 'state'];
		const signed = await pull([...args, '--sign-key-file', 'sign.pem']);
		assert.equal(signed.code, 0);
		for (const target of ['filesystem:out', 'ndjson:out.ndjson']) {
			assert.match((await verify(target)).stdout, /signed +1 of 1, not checked: give --public-key-file\n/);
			const checked = await verify(target, '--public-key-file', 'public.pem');
			assert.equal(checked.code, 0);
			assert.match(checked.stdout, /signed +1 of 1, checked with the key\n/);
		}
		const part = fs.readdirSync(file('out')).find(name => name.startsWith('_rxaudit.manifest'))!;
		const kept = ['state', 'out.ndjson.manifest', `out/${part}`].map(name => fs.readFileSync(file(name), 'utf8'));
		for (const text of [signed.stdout, signed.stderr, ...kept]) assert.ok(!text.includes(secret));

		const [newest] = emulator().events();
		emulator().insert([{timeMs: newest!.timeMs + 1}]);
		assertRefused(await pull(args), 5, /signed: expected SHA256:[\w-]+, got nothing; sign with that key/);
		const another = generateKeyPairSync('ed25519').privateKey.export({type: 'pkcs8', format: 'pem'});
		fs.writeFileSync(file('another.pem'), another, {mode: 0o600});
		const forged = await pull([...args, '--sign-key-file', 'another.pem']);
		assertRefused(forged, 5, /signed: expected SHA256:[\w-]+, got SHA256:/);
		await pull(['--to', 'ndjson:out.ndjson?mode=append']);
		const {code, stdout} = await verify('ndjson:out.ndjson', '--public-key-file', 'public.pem');
		assert.equal(code, 1);
		assert.match(stdout, /entry +entry 1: the entry is not signed\n/);
		assertRefused(await pull(['--sign-key-file', 'public.pem']), 2, /^rxaudit: --sign-key-file: expected an Ed25519/);
	});

	it('compares with what the API still has', async () => {
		await pull(['--to', 'filesystem:out']);
		const against = ['--against', 'atlassian-org-events', '--org-id', 'ORG', '--endpoint', emulator().url];
		const same = await verify('filesystem:out', ...against);
		assert.deepEqual([same.code, same.stderr], [0, '']);
		assert.match(same.stdout, new RegExp(`against +the API, which has ${held().length} events of `));
		const [, second] = emulator().events();
		emulator().insert([{timeMs: second!.timeMs}]);
		const {code, stdout} = await verify('filesystem:out', ...against);
		assert.equal(code, 1);
		const day = new Date(second!.timeMs).toISOString().slice(0, 10);
		assert.match(
			stdout,
			new RegExp(`missing +atlassian-org-events:ORG on ${day}: the API has \\d+ events, the archive`),
		);
	});

	it('says when there is nothing to verify, exit code 2', async () => {
		await pull(['--to', 'ndjson:other', '--state', 'state']);
		await pull(['--to', 'ndjson:objects/']);
		fs.writeFileSync(file('plain'), '{}\n');
		fs.writeFileSync(file('damaged'), 'x');
		for (const [args, message] of [
			[[], /expected a target as in --to, got none/],
			[['nothing:x'], /unknown sink/],
			[['ndjson:plain'], /plain\.manifest is missing: nothing says what was written there/],
			[['filesystem:none'], /none\/_rxaudit\.manifest is missing/],
			[['ndjson:objects'], /objects is a folder, expected a file; write ndjson:.*objects\//],
			[['filesystem:objects'], /objects is an archive of ndjson:DIR\/: write ndjson:DIR\/ to verify it/],
			[['ndjson:-'], /expected a file to verify, got standard output/],
			[['crowd-changeset:http://localhost:1'], /crowd-changeset keeps no manifest/],
			[['ndjson:other', '--expect-head', 'abc'], /--expect-head: expected 64 hex digits/],
			[['ndjson:other', '--state', 'none'], /--state: .*none does not exist/],
			[['ndjson:other', '--state', 'damaged'], /--state: .*expected a state of rxaudit/],
			[['filesystem:out', '--state', 'state'], /--state: .*knows no chain of filesystem:.*but ndjson:/],
			[['ndjson:other', '--public-key-file', 'plain'], /--public-key-file: expected an Ed25519 public key/],
			[['ndjson:other', '--against', 'jira'], /--against: expected a source, got another name/],
			[['ndjson:other', '--against', 'atlassian-org-events'], /--org-id: expected/],
			[['ndjson:other', '--log-format', 'xml'], /--log-format: expected text or json/],
			[['ndjson:other', 'more'], /1 argument too many/],
		] as const) {
			assertRefused(await verify(...args), 2, message);
		}
	});

	for (const target of ['ndjson:out.ndjson', 'filesystem:out', 'ndjson:out/']) {
		it(`takes a manifest that was removed from ${target} for damage where anything says that there was one`, async () => {
			await pull(['--to', target, '--state', 'state']);
			const head = headIn((await verify(target)).stdout);
			for (const name of fs.readdirSync(folder(), {recursive: true, encoding: 'utf8'}))
				if (/manifest(\.[0-9a-f]{8})?$|\.entry$/.test(name) && fs.statSync(file(name)).isFile()) fs.rmSync(file(name));
			for (const how of [
				['--state', 'state'],
				['--expect-head', head],
			]) {
				const {code, stdout} = await verify(target, ...how);
				assert.equal(code, 1, stdout);
				assert.match(stdout, /missing +entry 0: expected an entry, got none at all\n/);
			}
			assert.equal((await verify(target)).code, target === 'ndjson:out.ndjson' ? 2 : 1, 'a file may be of anybody');
		});
	}

	it('needs no lock, so that a pull may go on, and changes nothing', async () => {
		await pull(['--to', 'ndjson:out.ndjson', '--state', 'state']);
		fs.writeFileSync(file('state.lock'), 'held');
		const before = fs.readdirSync(folder()).map(name => [name, fs.statSync(file(name)).mtimeMs]);
		assert.equal((await verify('ndjson:out.ndjson', '--state', 'state')).code, 0);
		assert.deepEqual(
			fs.readdirSync(folder()).map(name => [name, fs.statSync(file(name)).mtimeMs]),
			before,
		);
	});

	it('leaves dead letters alone: they come and go', async () => {
		emulator().insert([{timeMs: Date.UTC(2026, 0, 31), text: '{"id":"","type":"events","attributes":{}}'} as never]);
		const {code} = await pull(['--to', 'ndjson:out.ndjson', '--dead-letter', 'dead.ndjson']);
		assert.equal(code, 3);
		assert.deepEqual(fs.readdirSync(folder()).sort(), ['dead.ndjson', 'out.ndjson', 'out.ndjson.manifest']);
	});

	it('shows how it is used', async () => {
		const {code, stdout} = await verify('--help');
		assert.equal(code, 0);
		assert.match(stdout, /^Usage: rxaudit verify TARGET [^]*--expect-head HASH[^]*Examples:\n/);
	});
});
