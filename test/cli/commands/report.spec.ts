import assert from 'node:assert/strict';
import {generateKeyPairSync} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {runCli} from '../../support/cli.ts';
import {assertRefused, commandLine} from '../../support/command-line.ts';

describe('report', () => {
	const {folder, emulator, pull, held} = commandLine();
	const file = (name: string) => path.join(folder(), name);
	const report = (...args: string[]) => runCli(['report', ...args], {cwd: folder()});
	const pageOf = (name = 'report.html') => fs.readFileSync(file(name), 'utf8');
	/** What a page says, without markup. */
	const textOf = (page: string) => page.replace(/^.*<body>/s, '').replaceAll(/<[^>]*>/g, ' ');

	for (const target of ['ndjson:out.ndjson', 'ndjson:out.ndjson.gz', 'ndjson:out/', 'parquet:out/', 'filesystem:out']) {
		it(`says of ${target} that it is intact, and how much there is of what; the same bytes each time`, async () => {
			assert.equal((await pull(['--format', 'audit', '--to', target, '--state', 'state'])).code, 0);
			const {code, stdout, stderr} = await report(target, '--state', 'state', '-o', 'report.html');
			assert.deepEqual([code, stdout, stderr], [0, '', '']);
			const page = pageOf();
			assert.match(page, /^<!doctype html>\n<html lang="en">/);
			assert.match(textOf(page), new RegExp(`Intact\\s*: ${target}`));
			assert.match(textOf(page), /the head of --state is on it, at its end/);
			assert.match(textOf(page), new RegExp(`atlassian-org-events:ORG\\s+${held().length}\\s`));
			assert.match(textOf(page), /\buser_login\b/);
			assert.equal((await report(target, '--state', 'state', '-o', '-')).stdout, page);
			assert.equal(fs.statSync(file('report.html')).mode & 0o777, 0o600);
		});
	}

	it('names nobody without --top, and with --redact not what it takes out', async () => {
		await pull(['--format', 'audit', '--to', 'ndjson:out.ndjson']);
		const events = fs
			.readFileSync(file('out.ndjson'), 'utf8')
			.trimEnd()
			.split('\n')
			.map(line => JSON.parse(line) as {actor?: {name?: string}; origin?: {ip?: string}});
		const names = new Set(events.flatMap(({actor}) => actor?.name ?? []).filter(name => /^[\w ]{6,}$/.test(name)));
		const addresses = new Set(events.flatMap(({origin}) => origin?.ip ?? []));
		assert.ok(names.size > 0 && addresses.size > 0);
		const shown = (page: string) =>
			[...names, ...addresses]
				.filter(text => textOf(page).includes(text))
				.map(text => (names.has(text) ? 'name' : 'ip'));
		const kindsIn = async (...args: string[]) =>
			[...new Set(shown((await report('ndjson:out.ndjson', '-o', '-', ...args)).stdout))].sort();
		assert.deepEqual(await kindsIn(), []);
		assert.deepEqual(await kindsIn('--top'), ['ip', 'name']);
		const page = (await report('ndjson:out.ndjson', '-o', '-', '--top', '--redact', 'ip')).stdout;
		assert.ok(!shown(page).includes('ip') && shown(page).includes('name'));
	});

	it('writes the page all the same where verify finds damage, exit code 1', async () => {
		await pull(['--format', 'audit', '--to', 'ndjson:out.ndjson.gz']);
		const bytes = fs.readFileSync(file('out.ndjson.gz'));
		fs.writeFileSync(file('out.ndjson.gz'), bytes.subarray(0, bytes.length - 100));
		const {code, stderr} = await report('ndjson:out.ndjson.gz', '-o', 'report.html');
		assert.equal(code, 1, stderr);
		assert.match(stderr, /^rxaudit: ndjson:out\.ndjson\.gz: not read to its end: .*unexpected end of file\n$/);
		assert.match(textOf(pageOf()), /Damaged: 1 finding\s*: ndjson:out\.ndjson\.gz/);
		assert.match(textOf(pageOf()), /Not read to its end: .*out\.ndjson\.gz: unexpected end of file/);
	});

	it('checks the signatures, and shows the key', async () => {
		const {privateKey, publicKey} = generateKeyPairSync('ed25519');
		fs.writeFileSync(file('sign.pem'), privateKey.export({type: 'pkcs8', format: 'pem'}), {mode: 0o600});
		fs.writeFileSync(file('public.pem'), publicKey.export({type: 'spki', format: 'pem'}));
		await pull(['--format', 'audit', '--to', 'ndjson:out.ndjson', '--sign-key-file', 'sign.pem']);
		const {code} = await report('ndjson:out.ndjson', '-o', 'report.html', '--public-key-file', 'public.pem');
		assert.equal(code, 0);
		assert.match(textOf(pageOf()), /The key is\s+SHA256:[\w-]{43}/);
		assert.match(textOf(pageOf()), /signed {3}1 of 1, checked with the key/);
		const unsigned = await pull(['--format', 'audit', '--to', 'ndjson:other.ndjson']);
		assert.equal(unsigned.code, 0);
		const args = ['ndjson:other.ndjson', '-o', 'report.html', '--public-key-file', 'public.pem'];
		assert.equal((await report(...args)).code, 1);
		assert.match(textOf(pageOf()), /Damaged: /);
	});

	it('reads several targets into one page, each with the state that knows it', async () => {
		await pull(['--format', 'audit', '--to', 'ndjson:a.ndjson', '--state', 'a.state']);
		await pull(['--format', 'audit', '--to', 'ndjson:b.ndjson', '--state', 'b.state', '--until', '2999-01-01']);
		const states = ['--state', 'b.state', '--state', 'a.state'];
		const {code, stderr} = await report('ndjson:a.ndjson', 'ndjson:b.ndjson', ...states, '-o', 'report.html');
		assert.equal(code, 0, stderr);
		assert.match(textOf(pageOf()), new RegExp(`${2 * held().length} events, of\\s+ndjson:a.ndjson\\s*,`));
		await pull(['--format', 'audit', '--to', 'ndjson:c.ndjson', '--state', 'c.state']);
		const other = await report('ndjson:a.ndjson', 'ndjson:b.ndjson', '--state', 'c.state', '-o', '-');
		assertRefused(other, 2, /--state: expected a state that knows one of the targets, got .*c\.state/);
	});

	it('takes a file without a manifest, and says that it is not verified; one of other formats is refused', async () => {
		await pull(['--format', 'audit', '--to', 'ndjson:out.ndjson?manifest=false']);
		fs.appendFileSync(file('out.ndjson'), '{"other":"record"}\nno JSON\n');
		assert.equal((await report('ndjson:out.ndjson', '-o', 'report.html')).code, 0);
		assert.match(textOf(pageOf()), /Not verified\s*: ndjson:out\.ndjson/);
		assert.match(textOf(pageOf()), /2 records were not read: they are no common records/);
		await pull(['--format', 'ecs', '--to', 'ndjson:ecs.ndjson']);
		assertRefused(await report('ndjson:ecs.ndjson', '-o', '-'), 2, /expected common records.*--format audit/);
	});

	it('draws what the manifest says was read, and names what was not', async () => {
		const times = Array.from(emulator().events(), ({timeMs}) => timeMs).sort((a, b) => a - b);
		const time = (at: number) => new Date(times[at]!).toISOString();
		const args = ['--format', 'audit', '--to', 'ndjson:out.ndjson?mode=append'];
		for (const [since, until] of [
			[0, 20],
			[30, 50],
		] as const) {
			assert.equal((await pull([...args, '--since', time(since), '--until', time(until)])).code, 0);
		}
		await report('ndjson:out.ndjson', '-o', 'report.html');
		const shown = (at: number) => time(at).slice(0, 19).replace('T', ' ');
		assert.match(textOf(pageOf()), new RegExp(`${shown(20)}\\s+${shown(30)}\\s+never read`));
	});

	it('counts between two times', async () => {
		await pull(['--format', 'audit', '--to', 'ndjson:out.ndjson']);
		const times = Array.from(emulator().events(), ({timeMs}) => timeMs).sort((a, b) => a - b);
		const [since, until] = [times[10]!, times[20]!];
		const expected = times.filter(timeMs => timeMs >= since && timeMs < until).length;
		const {stdout} = await report('ndjson:out.ndjson', '-o', '-', '--since', String(since), '--until', String(until));
		assert.match(textOf(stdout), new RegExp(`${expected} events from ${new Date(since).toISOString()} on before `));
		assert.match(textOf(stdout), new RegExp(`${times.length - expected} events are outside`));
	});

	it('refuses what cannot be, and writes over nothing but a page', async () => {
		await pull(['--format', 'audit', '--to', 'ndjson:out.ndjson', '--to', 'csv:out.csv', '--to', 'filesystem:out']);
		assertRefused(await report('ndjson:out.ndjson'), 2, /add -o FILE\.html/);
		assertRefused(await report('-o', 'x.html'), 2, /expected targets/);
		assertRefused(await report('csv:out.csv', '-o', 'x.html'), 2, /read back, got one of csv/);
		assertRefused(await report('ndjson:none.ndjson', '-o', 'x.html'), 2, /none\.ndjson\.manifest is missing/);
		assertRefused(await report('filesystem:out', '-o', 'out/x.html'), 2, /outside of filesystem:out/);
		assertRefused(await report('ndjson:out.ndjson', '-o', 'out.csv'), 2, /got another file/);
		assertRefused(await report('ndjson:out.ndjson', '-o', 'none/x.html'), 2, /cannot be written/);
		assertRefused(await report('ndjson:out.ndjson', '-o', '.'), 2, /expected a file that can be written/);
		assert.equal(fs.existsSync(file('x.html')), false);
		assert.deepEqual(
			fs.readdirSync(folder()).filter(name => name.endsWith('.tmp')),
			[],
		);
	});
});
