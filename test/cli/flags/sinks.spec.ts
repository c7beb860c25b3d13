import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {list, load} from '../../../lib/registry.ts';
import {runCli} from '../../support/cli.ts';
import {assertRefused, commandLine, idsIn} from '../../support/command-line.ts';
import {type KafkaBroker, startKafka} from '../../support/kafka-broker.ts';
import {type NatsServer, startNats} from '../../support/nats-server.ts';
import {localServers, pair, pem} from '../../support/tls-server.ts';
import {type HttpReceiver, startWebhook} from '../../support/http-receivers.ts';
import {testWorld} from '../../support/world.ts';
import {sinkFlags, sinkOptions, checkSinkFlags, makeTarget, readTarget} from '../../../lib/cli/flags/sinks.ts';

const http = await load('sink', 'http');
const token = 'T0ken-s3cret';

describe('sinkFlags', () => {
	const {folder} = commandLine();

	it('gives every option but the target of every sink that takes its target whole, and of no other', async () => {
		const flags = await sinkFlags();
		for (const name of list('sink')) {
			const {wholeTarget, options} = await load('sink', name);
			const own = Object.keys(flags[name] ?? {});
			assert.equal(own.length, wholeTarget ? Object.keys(options.shape).length - 1 : 0, name);
			for (const flag of own) assert.ok(flag.startsWith(`${name}-`));
		}
		assert.match(flags['http']!['http-token-file']!.help, /\(else: RXAUDIT_HTTP_TOKEN\)$/);
		assert.equal(Object.hasOwn(flags['http']!, 'http-token'), false);
	});

	it('loads only what the arguments may mean', async () => {
		assert.deepEqual(await sinkFlags(['--to', 'http:https://host', '--httpx-a', '-http-a']), {});
		assert.deepEqual(Object.keys(await sinkFlags(['--http-gzip=false'])), ['http']);
	});

	it('gives options from flags, and secrets from files before the environment', async () => {
		const world = testWorld({env: {RXAUDIT_HTTP_TOKEN: ` ${token}\n`, RXAUDIT_TOKEN: 'of the source'}});
		const values = {'http-max-bytes': '5', 'http-gzip': 'false', 'max-attempts': '9'};
		assert.deepEqual(sinkOptions(http, values, world), {maxBytes: '5', gzip: 'false', token});
		assert.deepEqual(sinkOptions(http, {}, testWorld({env: {RXAUDIT_TOKEN: 'of the source'}})), {});
		assert.deepEqual(sinkOptions(await load('sink', 'ndjson'), values, world), {});
		const file = path.join(folder(), 'token');
		fs.writeFileSync(file, 'from a file\n');
		const read = sinkOptions(http, {'http-token-file': file}, world)['token'] as () => string;
		assert.equal(read(), 'from a file');
		const missing = {'http-token-file': `${file}.not`};
		assert.throws(
			() => sinkOptions(http, missing, world),
			/^ConfigError: --http-token-file: expected a file that holds/,
		);
	});

	it('gives headers with values from files or the environment, and shows none that was given by mistake', () => {
		const file = path.join(folder(), 'key');
		fs.writeFileSync(file, 'from a file\n');
		const given = (...header: string[]) =>
			sinkOptions(http, {'http-header': header}, testWorld({env: {KEY: ' s3cret '}}));
		const {header} = given(`X-Api-Key=${file}`, 'x-other=env:KEY') as {header: Record<string, string & (() => string)>};
		assert.deepEqual([header['X-Api-Key']!(), header['x-other']], ['from a file', 's3cret']);
		for (const wrong of ['x-key=s3cret', 'x-key=env:s3cret', 'x-key: s3cret', 's3cret', 'x-key=']) {
			assert.throws(
				() => given(wrong),
				({name, message}: Error) => {
					return name === 'ConfigError' && /^--http-header.*=env:VARIABLE/.test(message) && !message.includes('s3cret');
				},
			);
		}
		assert.throws(() => given(`a=${file}`, 'a=env:KEY'), /^ConfigError: --http-header: expected a once, got it again$/);
	});

	it('refuses flags without their sink, and a sink that is there twice', async () => {
		const sink = http({endpoint: 'https://host/a'});
		await checkSinkFlags({http: {}}, [sink]);
		const ndjson = await makeTarget('ndjson:x', testWorld());
		await checkSinkFlags({}, [ndjson, ndjson]);
		await assert.rejects(checkSinkFlags({http: {}}, [ndjson]), /--http-…: expected --to http:TARGET beside it/);
		await assert.rejects(checkSinkFlags({}, [sink, ndjson, sink]), /--to http: expected it once, since its options/);
	});

	it('leaves the whole target to such a sink', async () => {
		const url = 'https://host/a?mode=append&x=%zz#?';
		assert.deepEqual((await readTarget(`http:${url}`, testWorld())).options, {endpoint: url});
		for (const text of ['http', 'http:', 'http?endpoint=https://host']) {
			await assert.rejects(makeTarget(text, testWorld()), {
				message: '--to http: expected a target, got none: write http:ENDPOINT',
			});
		}
		const flagged = () => ({maxBytes: '0', endpoint: 'https://other'});
		const message = /^--http-max-bytes: expected a whole number from 1 to \d+, got 0$/;
		await assert.rejects(makeTarget('http:https://host', testWorld(), undefined, flagged), {message});
	});
});

describe('--to http:URL', () => {
	const {pull, held, folder} = commandLine();
	let receiver: HttpReceiver;
	beforeEach(async () => {
		receiver = await startWebhook();
	});
	afterEach(() => receiver.close());

	it('takes all behind the colon for the URL, and its options and token as its own', async () => {
		const to = [
			'--to',
			`http:${receiver.origin}/hook?k=s3cret&body=json`,
			'--http-body',
			'json',
			'--http-max-events=7',
		];
		const env = {RXAUDIT_HTTP_TOKEN: token};
		const {code, stdout, stderr} = await pull([...to, '--state', 'state'], {env});
		assert.equal(code, 0, stderr);
		assert.deepEqual(idsIn(receiver.held.join('\n')), held());
		for (const {url, headers, body} of receiver.posts) {
			assert.equal(url, '/hook?k=s3cret&body=json');
			assert.equal(headers.authorization, `Bearer ${token}`);
			assert.ok((JSON.parse(body) as []).length <= 7);
		}
		const state = fs.readdirSync(folder()).map(file => fs.readFileSync(path.join(folder(), file), 'latin1'));
		assert.doesNotMatch([stdout, stderr, ...state].join(), /s3cret/);
	});

	it('gets no token of the source', async () => {
		assert.equal((await pull(['--to', `http:${receiver.origin}`])).code, 0);
		for (const {headers} of receiver.posts) assert.equal(headers.authorization, undefined);
	});

	it('refuses a token on the command line, and flags that there are not', async () => {
		const to = ['--to', `http:${receiver.origin}`];
		assertRefused(
			await pull([...to, '--http-token', token]),
			2,
			/a secret on the command line can be read(?!.*s3cret)/,
		);
		assertRefused(
			await pull([...to, '--http-gzi', 'false']),
			2,
			/unknown option --http-gzi \(did you mean --http-gzip\?\)|unknown option --http-gzi/,
		);
		assertRefused(await pull(['--http-gzip', 'false']), 2, /--http-…: expected --to http:TARGET beside it/);
		assert.equal(receiver.posts.length, 0);
	});

	it('ends with 4 where the receiver refuses the token, and with 3 where it refuses an event', async () => {
		receiver.fault = () => 401;
		assertRefused(await pull(['--to', `http:${receiver.origin}`]), 4, /^rxaudit: http: POST .* answered 401/);
		const [bad] = held();
		receiver.fault = (_n, {body}) => (body.includes(bad!) ? 400 : undefined);
		const {code} = await pull(['--to', `http:${receiver.origin}`]);
		assert.equal(code, 3);
		assert.deepEqual(idsIn(receiver.held.join('\n')), held().slice(1));
	});

	it('is shown with its flags by describe and by the help of pull', async () => {
		for (const args of [
			['describe', 'http'],
			['pull', '--help'],
			['pull', 'jira-cloud', '--help'],
		]) {
			const {stdout} = await runCli(args);
			for (const flag of Object.keys((await sinkFlags())['http']!))
				assert.match(stdout, new RegExp(`^ +--${flag} `, 'm'));
		}
		assert.match((await runCli(['describe', 'http'])).stdout, /^Spelled --to 'http:ENDPOINT'$/m);
	});
});

describe('--to nats:SUBJECT and kafka:TOPIC', () => {
	const {folder, emulator, pull, held} = commandLine();
	const {api} = localServers();
	const secret = 's3cret-of-the-broker';
	const certificate = `tls: {cert_file: "${pem('server')}", key_file: "${pem('server.key')}"}`;
	let byUser: NatsServer;
	let byToken: NatsServer;
	let kafka: KafkaBroker;
	before(async () => {
		const users = `authorization: {users: [{user: all, password: ${secret}}]}`;
		const tls = {caFile: pem('authority')};
		byUser = await startNats(`${users}\n${certificate}`, {user: 'all', pass: secret, tls});
		byToken = await startNats(`authorization: {token: ${secret}}`, {token: secret});
		kafka = await startKafka(1);
	});
	after(() => Promise.all([byUser, byToken, kafka].map(async server => server.close())));

	const secretFile = (text: string) => {
		const file = path.join(folder(), 'broker.secret');
		fs.writeFileSync(file, `${text}\n`);
		return file;
	};
	const check = async (to: string, env: Record<string, string> = {}) => {
		const source = ['check', 'atlassian-org-events', '--endpoint', emulator().url, '--org-id', 'ORG', '--to', to];
		const result = await runCli(source, {cwd: folder(), env: {RXAUDIT_TOKEN: emulator().token, ...env}});
		assert.ok(!(result.stdout + result.stderr).includes('s3cret'));
		return {
			code: result.code,
			target: /^(.*) target +(.*)$/m.exec(result.stdout)?.slice(1).join(' '),
			stderr: result.stderr,
		};
	};
	const overTls = (ca = 'authority') => `servers=${byUser.address}&tls=true&ca-file=${pem(ca)}&username=all`;

	it('reach NATS over TLS as a user, with a password from a file', async () => {
		const subject = await byUser.addStream('pulled');
		const to = `nats:${subject}?${overTls()}&password-file=${secretFile(secret)}`;
		const checked = await check(to);
		assert.deepEqual(checked, {
			code: 0,
			target: `ok      nats:${subject} is there, and nothing was written to it`,
			stderr: '',
		});
		assert.deepEqual(await byUser.read('pulled'), []);
		const {code, stdout, stderr} = await pull(['--to', to, '--state', 'state']);
		assert.equal(code, 0, stderr);
		const ids = (await byUser.read('pulled')).map(({text}) => idsIn(text)[0]);
		assert.deepEqual(ids, held());
		const state = fs.readFileSync(path.join(folder(), 'state'), 'latin1');
		assert.ok(![stdout, stderr, state].join().includes(secret));
	});

	it('reach NATS with a token from a file or the environment', async () => {
		const subject = await byToken.addStream('token', {storage: 'memory'});
		const to = `nats:${subject}?servers=${byToken.address}`;
		const {code, target} = await check(to, {RXAUDIT_NATS_TOKEN: secret});
		assert.equal(code, 0);
		assert.match(target!, /^ok .* is there, and nothing was written to it; .* is in memory: a restart /);
		assert.equal((await check(`${to}&token-file=${secretFile(secret)}`)).code, 0);
		const none = await check(to);
		assert.equal(none.code, 4);
		assert.match(none.target!, /^FAILED .* check username and password, token or credsFile$/);
	});

	it('say in a check what is wrong, with what to do and without a secret', async () => {
		const user = `&password-file=${secretFile(secret)}`;
		const again = 'max-attempts=2&retry-base-ms=1';
		const nats = async (more: string) =>
			check(`nats:no.stream?${again}&${more}`, {RXAUDIT_NATS_PASSWORD: 's3cret-wrong'});
		const kafkaAt = async (more: string) => check(`kafka:absent?${again}&brokers=${more}`);
		const tlsPort = await api(pair('server'));
		await kafka.spoil('absent', 3);
		const checks = [
			[
				await nats(overTls() + user),
				2,
				/no stream takes this subject, .* nats stream add audit --subjects 'no\.stream'/,
			],
			[await nats(overTls()), 4, /Authorization Violation; check username and password/],
			[await nats(overTls('self-signed') + user), 2, /certificate; check ca-file, with its authority/],
			[await kafkaAt('127.0.0.1:1'), 2, /ECONNREFUSED 127\.0\.0\.1:1; check brokers, that they run/],
			[await kafkaAt(kafka.brokers), 2, /make the topic first: kafka-topics\.sh --create --topic absent/],
			[await kafkaAt(`127.0.0.1:${tlsPort}&tls=true`), 2, /certificate; check ca-file, with its authority/],
		] as const;
		for (const [{code, target}, expected, message] of checks) {
			assert.match(target!, message);
			assert.equal(code, expected);
		}
		await kafka.spoil('absent', 0);
		const topic = await kafka.createTopic('there');
		const there = await check(`kafka:${topic}?brokers=${kafka.brokers}`);
		assert.equal(there.target, 'ok      kafka:there is there, and nothing was written to it');
		assert.deepEqual(await kafka.read(topic), []);
	});

	it('take no secret on the command line, and none from a file that is not there', async () => {
		for (const to of [
			'kafka:audit?username=me&password=s3cret',
			'nats:a.b?username=me&password=s3cret',
			'nats:a.b?token=s3cret',
		]) {
			const {code, stderr} = await check(to);
			assert.equal(code, 2);
			assert.match(
				stderr,
				/a secret on the command line can be read by everybody .* give (password|token)-file=FILE\n$/,
			);
		}
		const {code, stderr} = await check('kafka:audit?username=me&password-file=gone');
		assert.equal(code, 2);
		assert.match(stderr, /--to kafka: password-file: expected a file that holds the secret, but ENOENT/);
	});

	it('send no secret of Kafka in the clear to another machine', async () => {
		const env = {RXAUDIT_KAFKA_PASSWORD: secret};
		const {code, stderr} = await check('kafka:audit?brokers=kafka.example&tls=false&username=me', env);
		assert.equal(code, 2);
		assert.match(stderr, /tls: expected true, as secrets would travel in the clear/);
	});
});
