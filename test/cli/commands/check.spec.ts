import assert from 'node:assert/strict';
import {once} from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type {AddressInfo} from 'node:net';
import path from 'node:path';
import {checkPipeline} from '../../../lib/cli/commands/check-pipeline.ts';
import {list, load} from '../../../lib/registry.ts';
import {assertRefused, commandLine, linesOf} from '../../support/command-line.ts';
import {runCli} from '../../support/cli.ts';
import {patchFs, restoreFs} from '../../support/patch-fs.ts';

describe('rxaudit check', () => {
	const {folder, emulator, pull} = commandLine();
	afterEach(restoreFs);
	const env = () => ({RXAUDIT_TOKEN: emulator().token});
	const flags = (name: string) => ['check', name, '--endpoint', emulator().url, '--org-id', 'ORG'];
	const check = (...args: string[]) => runCli([...flags('atlassian-org-events'), ...args], {cwd: folder(), env: env()});
	const to = ['--to', 'ndjson:out.ndjson', '--state', 'pull.state'];

	it('says line by line that a pull would work, in one request, and writes nothing', async () => {
		const {code, stdout, stderr} = await check(...to, '--to', 'filesystem:new/backup');
		assert.deepEqual([code, stderr], [0, '']);
		const [address, credentials, quota, clock, state, file, backup, ...more] = linesOf(stdout);
		assert.match(address!, /^ok {6}address {5}http:\/\/127\.0\.0\.1:\d+ answers in \d+\.\d s, without TLS$/);
		assert.equal(credentials, 'ok      credentials the log can be read');
		assert.match(quota!, /^ok {6}quota {7}none is published, and the API says none/);
		assert.match(clock!, /^ok {6}clock {7}the server's/);
		assert.match(state!, /^ok {6}state {7}\S+pull\.state is new: the first pull makes it$/);
		assert.match(file!, /^ok {6}target {6}ndjson:\S+out\.ndjson can be written, (but only )?[\d.]+ [MG]B are free/);
		assert.match(backup!, /^ok {6}target {6}filesystem:\S+new\/backup can be written/);
		assert.deepEqual(more, []);
		assert.equal(emulator().requestCount, 1);
		assert.deepEqual(fs.readdirSync(folder()), []);
	});

	it('tells the same as one JSON object, and what the API says of its quota', async () => {
		const {code, stdout} = await check('--json', '--rate', '10/min');
		assert.equal(code, 0);
		const {ok, checks} = JSON.parse(stdout) as {ok: boolean; checks: {name: string; ok: boolean; text: string}[]};
		assert.equal(ok, true);
		assert.deepEqual(
			checks.map(({name}) => name),
			['address', 'credentials', 'quota', 'clock'],
		);
		assert.equal(checks[2]!.text, '10 requests in 60 s, as --rate says');
	});

	it('says what a target needs that is not installed', async () => {
		const stateless = {source: await load('source', 'data-center-log-files'), options: {}, env: {}};
		const sink = (await load('sink', 'parquet'))({path: path.join(folder(), 'lake/')});
		const targetOf = async (needs: readonly string[]) =>
			(await checkPipeline({...stateless, sinks: [{...sink, needs}], signal: new AbortController().signal})).find(
				({name}) => name === 'target',
			)!;
		assert.deepEqual(sink.needs, ['hyparquet-writer']);
		assert.equal((await targetOf(sink.needs!)).ok, true);
		const {ok, text, code} = await targetOf(['no-such-writer']);
		assert.deepEqual(
			[ok, text, code],
			[
				false,
				`parquet:${folder()}/lake/: npm install no-such-writer, where rxaudit is (--global where it is global)`,
				2,
			],
		);
	});

	it('ends with 4 where the credentials are refused, and tries the targets all the same', async () => {
		const {code, stdout} = await runCli([...flags('atlassian-org-events'), ...to], {
			cwd: folder(),
			env: {RXAUDIT_TOKEN: 'wrong'},
		});
		assert.equal(code, 4);
		assert.match(stdout, /^ok {6}address.*\nFAILED {2}credentials .*the credentials were refused.*\n/);
		assert.match(stdout, /\nok {6}target {6}ndjson:/);
		assert.doesNotMatch(stdout, /wrong/);
	});

	it('ends with 1 where nobody answers, is wrong, or asks to wait', async () => {
		const nobody = ['check', 'atlassian-org-events', '--org-id', 'ORG', '--endpoint', 'http://127.0.0.1:1'];
		const {code, stdout} = await runCli(nobody, {env: env()});
		assert.equal(code, 1);
		assert.match(stdout, /^FAILED {2}address {5}.*ECONNREFUSED/);
		emulator().setFaults([{kind: 'status', status: 404, at: 'all'}]);
		assert.match((await check()).stdout, /^FAILED {2}address {5}.*answered 404/);
		emulator().setFaults([{kind: 'status', status: 429, headers: {'retry-after': '3000'}, at: 'all'}]);
		const busy = await check();
		assert.equal(busy.code, 1);
		assert.match(busy.stdout, /^ok {6}address.*\nFAILED {2}quota {7}.*429/);
	});

	for (const [what, status, headers, body] of [
		['fails', 500, {}, '{}'],
		['asks for patience', 503, {'retry-after': '1'}, '{}'],
		['is out of quota', 429, {}, '{}'],
		['says when its quota is back', 429, {'retry-after': '1'}, '{}'],
		['has a page to log in', 200, {'content-type': 'text/html'}, '<html>Log in'],
		['has no list', 200, {}, '[]'],
		['closes the connection', 0, {}, ''],
	] as const) {
		it(`sends one request to a server that ${what}, whatever the source`, async () => {
			let requests = 0;
			const server = http.createServer((request, response) => {
				requests++;
				if (status === 0) request.socket.destroy();
				else response.writeHead(status, {'content-type': 'application/json', ...headers}).end(body);
			});
			await once(server.listen(0, '127.0.0.1'), 'listening');
			const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
			const login = {RXAUDIT_TOKEN: 't', RXAUDIT_USERNAME: 'u', RXAUDIT_PASSWORD: 'p'};
			for (const name of list('source')) {
				const {reads, options} = await load('source', name);
				if (reads !== 'api') continue;
				requests = 0;
				const org = Object.hasOwn(options.shape, 'orgId') ? ['--org-id', 'ORG'] : [];
				const {code, stdout} = await runCli(['check', name, '--endpoint', endpoint, ...org], {env: login});
				assert.deepEqual([name, requests, code !== 0], [name, 1, true], stdout);
				assert.match(stdout, /^FAILED/m);
				assert.doesNotMatch(stdout, /smaller pages/);
			}
			server.closeAllConnections();
			server.close();
		});
	}

	it('takes an empty page that goes on for no empty log', async () => {
		const page = {data: [], links: {next: 'x'}, meta: {next: 'CURSOR'}};
		let requests = 0;
		const server = http.createServer((_, response) => {
			requests++;
			response.writeHead(200, {'content-type': 'application/json'}).end(JSON.stringify(page));
		});
		await once(server.listen(0, '127.0.0.1'), 'listening');
		const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		const args = ['check', 'atlassian-org-events', '--org-id', 'ORG', '--endpoint', endpoint];
		const {code, stdout} = await runCli(args, {env: env()});
		server.closeAllConnections();
		server.close();
		assert.deepEqual([code, requests], [0, 1], stdout);
		assert.match(stdout, /^ok {6}credentials the log can be read$/m);
	});

	it('ends with 2 where a target cannot be written', async () => {
		fs.writeFileSync(path.join(folder(), 'file'), 'x');
		const {code, stdout} = await check('--to', 'filesystem:file/backup');
		assert.equal(code, 2);
		assert.match(stdout, /\nFAILED {2}target {6}filesystem:\S+file\/backup: \S+file is no folder; give a place/);
	});

	it('ends with 2 where nothing can be made below a folder that the kernel makes up, and makes nothing to find out', async () => {
		patchFs('statfsSync', original => (place: string) => ({...original(place), type: 0x9fa0}));
		const {code, stdout} = await check('--to', 'ndjson:c/');
		assert.equal(code, 2);
		assert.match(
			stdout,
			/\nFAILED {2}target {6}ndjson:\S+\/c\/: \S+ is of proc, where nothing can be made; give a place that can /,
		);
		assert.deepEqual(fs.readdirSync(folder()), []);
	});

	for (const [free, code, expected] of [
		[
			0,
			2,
			/^FAILED {2}target .*0 bytes are free on the disk of \S+; free space there, or give a place that has some$/m,
		],
		[20, 0, /^ok {6}target .* can be written, but only 81\.9 KB are free: free space before a long pull$/m],
		[24_000, 0, /^ok {6}target .* can be written, but only 98\.3 MB are free: /m],
		[50_000, 0, /^ok {6}target .* can be written, 204\.8 MB are free$/m],
		[500_000, 0, /^ok {6}target .* can be written, 2\.0 GB are free$/m],
	] as const) {
		it(`says what is free on the disk of a target: ${free} blocks`, async () => {
			patchFs('statfsSync', original => (place: string) => ({...original(place), bavail: free, bsize: 4096}));
			const result = await check('--to', 'ndjson:new/');
			assert.equal(result.code, code, result.stdout);
			assert.match(result.stdout, expected);
		});
	}

	it('knows a full disk of a state, and takes a file system without a size for none', async () => {
		patchFs('statfsSync', original => (place: string) => ({...original(place), bavail: 0}));
		const full = await check('--state', 'pull.state');
		assert.equal(full.code, 1);
		assert.match(full.stdout, /^FAILED {2}state .*; free space there, or give --state a place that has some$/m);
		restoreFs();
		patchFs('statfsSync', original => (place: string) => ({...original(place), blocks: 0, bavail: 0}));
		const unknown = await check('--to', 'ndjson:new/');
		assert.equal(unknown.code, 0);
		assert.match(unknown.stdout, /can be written, how much is free is not known$/m);
	});

	it('says of a state whether it is that of the source', async () => {
		assert.equal((await pull(to)).code, 0);
		const mine = await check(...to);
		assert.equal(mine.code, 0, mine.stdout);
		assert.match(mine.stdout, /\nok {6}state {7}\S+pull\.state is that of atlassian-org-events\n/);
		assert.match(mine.stdout, /\nok {6}target .*; it holds \d+ bytes/);
		const stream = await runCli([...flags('atlassian-org-events-stream'), ...to], {cwd: folder(), env: env()});
		assert.equal(stream.code, 1);
		assert.match(
			stream.stdout,
			/\nFAILED {2}state {7}\S+ is the state of atlassian-org-events, not of atlassian-org-events-stream/,
		);
		fs.writeFileSync(path.join(folder(), 'pull.state'), '{"version":1');
		assert.match((await check(...to)).stdout, /\nFAILED {2}state/);
	});

	it('names what ends, and what cannot be tried', async () => {
		const args = ['check', 'jira-cloud', '--endpoint', emulator().url, '--to', 'http:http://127.0.0.1:1/hook'];
		const user = {RXAUDIT_USERNAME: 'admin', RXAUDIT_PASSWORD: emulator().password};
		const {stdout} = await runCli(args, {cwd: folder(), env: user});
		assert.match(stdout, /\nok {6}ends {8}GET \/rest\/api\/3\/auditing\/record/);
		assert.match(stdout, /\nok {6}target {6}http:\S+ is not tried: that would write to it/);
	});

	it('is refused as a pull is where names or options are wrong', async () => {
		assertRefused(await runCli(['check', 'nothing']), 2, /expected a source/);
		assertRefused(await check('--page-size', '0'), 2, /--page-size: expected/);
		assertRefused(await check('--to', 'bogus:x'), 2, /unknown sink/);
	});

	it('tries each pipeline of a file, and ends with the code of the first that fails', async () => {
		const source = `{name: atlassian-org-events, endpoint: '${emulator().url}', orgId: ORG, token: {env: TOKEN}}`;
		const lines = ['one', 'other'].map(
			name => `  ${name}: {source: ${source}, to: 'ndjson:${name}.ndjson', state: ${name}.state}`,
		);
		fs.writeFileSync(path.join(folder(), 'all.yaml'), `pipelines:\n${lines.join('\n')}\n`);
		const ofFile = (TOKEN: string) => runCli(['check', 'all.yaml'], {cwd: folder(), env: {TOKEN}});
		const {code, stdout, stderr} = await ofFile(emulator().token);
		assert.deepEqual([code, stderr], [0, '']);
		for (const name of ['one', 'other']) assert.match(stdout, new RegExp(`^ok {6}${name}: target `, 'm'));
		assert.equal((await ofFile('wrong')).code, 4);
		fs.writeFileSync(path.join(folder(), 'all.yaml'), 'pipelines: {one: {}}\n');
		assert.equal((await ofFile('wrong')).code, 2);
	});
});
