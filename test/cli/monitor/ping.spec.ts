import assert from 'node:assert/strict';
import {type Beat, type Ending, type PingSetting, withPing} from '../../../lib/cli/monitor/ping.ts';
import {ConfigError} from '../../../lib/model/errors.ts';
import {VirtualClock} from '../../support/virtual-clock.ts';
import {deferred} from '../../support/deferred.ts';
import {type Script, scriptedServers, type SeenRequest} from '../../support/scripted-server.ts';
import {localServers} from '../../support/tls-server.ts';

const ok: Script = response => response.end('OK');
const never: Script = () => {};
const shown = ({method, url, body}: SeenRequest) => [method, url, ...(body === '' ? [] : [body])].join(' ');

describe('withPing', () => {
	const serve = scriptedServers();
	const {proxy} = localServers();
	const work = (ending: Ending) => async () => ending;

	/** What was warned of, and the code. */
	async function pinged(url: string, done: (beat: Beat) => Promise<Ending>, setting: Partial<PingSetting> = {}) {
		const warnings: string[] = [];
		const given = {env: {}, warn: (message: string) => void warnings.push(message), ...setting};
		const code = await withPing(new URL(url), given, done);
		assert.doesNotMatch(warnings.join(), /S3CR3T|127\.0\.0\.1|hc\.test/);
		return {code, warnings};
	}

	it('says that it begins, then that it is done, below any address', async () => {
		for (const [address, start, end] of [
			['/S3CR3T', '/S3CR3T/start', '/S3CR3T'],
			['/S3CR3T/', '/S3CR3T/start', '/S3CR3T/'],
			['', '/start', '/'],
			['/a/b?rid=1&x', '/a/b/start?rid=1&x', '/a/b?rid=1&x'],
		] as const) {
			const server = await serve(ok);
			assert.deepEqual(await pinged(server.origin + address, work({code: 0})), {code: 0, warnings: []});
			assert.deepEqual(server.requests.map(shown), [`GET ${start}`, `GET ${end}`]);
		}
	});

	it('says why it was no success', async () => {
		const server = await serve(ok);
		assert.equal((await pinged(`${server.origin}/x?y`, work({code: 3, reason: '2 dead\x1b letters'}))).code, 3);
		assert.equal((await pinged(`${server.origin}/x?y`, work({code: 7}))).code, 7);
		assert.deepEqual(server.requests.map(shown), [
			'GET /x/start?y',
			'POST /x/fail?y 2 dead\\u001b letters',
			'GET /x/start?y',
			'POST /x/fail?y exit code 7',
		]);
		assert.equal(server.requests[1]!.headers['content-type'], 'text/plain; charset=utf-8');
	});

	it('says what was thrown, in the words of the command line and not at any length, and throws it', async () => {
		const server = await serve(ok);
		for (const [error, said] of [
			[new ConfigError(spell => `${spell('maxWait')}: no`), /^POST \/x\/fail --max-wait: no$/],
			[new Error('x'.repeat(9999)), /^POST \/x\/fail unexpected error: x{1900,1990}…$/],
		] as const) {
			const thrown = async () => {
				throw error;
			};
			await assert.rejects(pinged(`${server.origin}/x`, thrown), error);
			assert.match(shown(server.requests.at(-1)!), said);
		}
	});

	it('leaves and throws when all is said, in this order', async () => {
		const log: string[] = [];
		const server = await serve((response, _n, {url}) => {
			log.push(url);
			response.end();
		});
		const error = new Error('over');
		const ending = {code: 1, error, leave: () => void log.push('left')};
		await assert.rejects(pinged(`${server.origin}/x`, work(ending)), error);
		assert.deepEqual(log, ['/x/start', '/x/fail', 'left']);
	});

	it('does not wait for the answer at the start, but says nothing more before it', async () => {
		const [begun, answered] = [deferred(), deferred()];
		const server = await serve(async (response, n) => {
			if (n === 1) {
				begun.resolve();
				await answered.promise;
			}
			response.end();
		});
		let isWorking = false;
		const {code} = await pinged(`${server.origin}/x`, async () => {
			isWorking = true;
			await begun.promise;
			void Promise.resolve().then(() => {
				assert.equal(server.requests.length, 1);
				answered.resolve();
			});
			return {code: 0};
		});
		assert.deepEqual([code, isWorking], [0, true]);
		assert.deepEqual(server.requests.map(shown), ['GET /x/start', 'GET /x']);
	});

	for (const [what, script, warning] of [
		['is refused', response => response.writeHead(404).end(), 'was answered with 404; check --ping'],
		[
			'leads elsewhere',
			response => response.writeHead(302, {location: '/y'}).end(),
			'was answered with 302; check --ping',
		],
		['is cut', response => response.socket!.destroy(), 'did not arrive (ECONNRESET); check --ping'],
		['hangs', never, 'took too long'],
		['ends nowhere', response => response.write('x'), 'took too long'],
	] satisfies [string, Script, string][]) {
		it(`is a warning and changes nothing where it ${what}`, async () => {
			for (const ending of [{code: 0}, {code: 3, reason: 'some'}]) {
				const server = await serve(script);
				const {code, warnings} = await pinged(`${server.origin}/S3CR3T`, work(ending), {limitMs: 50});
				assert.equal(code, ending.code);
				const end = ending.code === 0 ? 'at the end' : 'of the failure';
				assert.deepEqual(warnings, [`the ping at the start ${warning}`, `the ping ${end} ${warning}`]);
			}
		});
	}

	it('is a warning where nobody listens or no such host is, and names neither', async () => {
		const login = 'http://user:S3CR3T@127.0.0.1:1/x';
		const {code, warnings} = await pinged(login, work({code: 0}));
		assert.deepEqual([code, warnings.length], [0, 2]);
		assert.match(warnings[0]!, /^the ping at the start did not arrive \(ECONNREFUSED\); check --ping$/);
	});

	it('hangs only a moment where somebody waits for the end', async () => {
		const server = await serve(never);
		const setting = {limitMs: 500, isUrgent: () => true};
		const began = performance.now();
		const {code, warnings} = await pinged(`${server.origin}/x`, work({code: 143, reason: 'stopped'}), setting);
		assert.deepEqual([code, warnings.length], [143, 2]);
		assert.ok(performance.now() - began < 450, 'a tenth for each');
	});

	it('says between them how it is: at most once a minute that it is well, at once that it is not, in this order', async () => {
		const server = await serve(ok);
		const clock = new VirtualClock();
		const {warnings} = await pinged(
			`${server.origin}/x`,
			async beat => {
				beat();
				clock.advance(59_999);
				beat();
				clock.advance(1);
				beat();
				beat('refused');
				beat('no answer');
				beat();
				return {code: 143, reason: 'stopped'};
			},
			{clock},
		);
		assert.deepEqual(warnings, []);
		assert.deepEqual(server.requests.map(shown), [
			'GET /x/start',
			'GET /x',
			'GET /x',
			'POST /x/fail refused',
			'POST /x/fail no answer',
			'GET /x',
			'POST /x/fail stopped',
		]);
	});

	it('warns once of pings that fail for the same reason', async () => {
		const server = await serve(response => response.writeHead(404).end());
		const clock = new VirtualClock();
		const {warnings} = await pinged(
			`${server.origin}/x`,
			async beat => {
				for (let minute = 0; minute < 5; minute++) {
					beat();
					clock.advance(60_000);
				}
				return {code: 0};
			},
			{clock},
		);
		assert.deepEqual(warnings, [
			'the ping at the start was answered with 404; check --ping',
			'the ping of a round was answered with 404; check --ping',
			'the ping at the end was answered with 404; check --ping',
		]);
	});

	it('sends the credentials of the address as such', async () => {
		const server = await serve(ok);
		await pinged(server.origin.replace('//', '//us%40er:S3CR3T@'), work({code: 0}));
		const login = Buffer.from('us@er:S3CR3T').toString('base64');
		assert.deepEqual(
			server.requests.map(({headers}) => headers.authorization),
			[`Basic ${login}`, `Basic ${login}`],
		);
	});

	it('goes through the proxy that the environment names', async () => {
		const server = await serve(ok);
		const tunnels = await proxy(Number(new URL(server.origin).port));
		const {warnings} = await pinged('http://hc.test/S3CR3T', work({code: 0}), {env: {HTTP_PROXY: tunnels.origin}});
		assert.deepEqual(warnings, []);
		assert.deepEqual(server.requests.map(shown), ['GET /S3CR3T/start', 'GET /S3CR3T']);
		assert.match(tunnels.asked[0]!, /^hc\.test:80 -$/);
	});

	it('is a warning where the proxy refuses it, or there can be none', async () => {
		const closed = await proxy(1, 403);
		const {code, warnings} = await pinged('http://hc.test/x', work({code: 0}), {env: {HTTP_PROXY: closed.origin}});
		assert.deepEqual(
			[code, warnings[0]],
			[0, 'the ping at the start did not arrive (ERR_PROXY_REFUSED); check --ping'],
		);
		const env = {HTTPS_PROXY: 'socks5://u:S3CR3T@p:1'};
		const other = await pinged('https://hc.test/x', work({code: 0}), {env});
		assert.equal(other.code, 0);
		assert.match(other.warnings.join('\n'), /^no ping is sent: HTTPS_PROXY: expected [^\n]+$/);
	});

	it('is none where there is no address', async () => {
		const warn = () => assert.fail();
		assert.equal(await withPing(undefined, {env: {}, warn}, work({code: 3})), 3);
	});
});
