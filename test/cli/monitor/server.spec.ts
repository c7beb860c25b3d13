import assert from 'node:assert/strict';
import {once} from 'node:events';
import net, {type AddressInfo} from 'node:net';
import {type Monitor, serveMonitor} from '../../../lib/cli/monitor/server.ts';
import {Meter} from '../../../lib/model/meter.ts';

const servers = () => process.getActiveResourcesInfo().filter(name => name === 'TCPServerWrap').length;

describe('serveMonitor', () => {
	const open: Monitor[] = [];
	afterEach(async () => {
		for (const monitor of open.splice(0)) await monitor.close();
	});

	async function serve(troubles: readonly (string | undefined)[] = [], host = '127.0.0.1') {
		const pipelines = troubles.map((trouble, at) => ({
			pipeline: `p${at}`,
			now: () => Object.assign(new Meter(), {sources: [{name: 's', tenant: 't'}]}).snapshot(),
			trouble: () => trouble,
		}));
		const monitor = await serveMonitor({host, port: 0}, pipelines, () => 0);
		open.push(monitor);
		return monitor;
	}
	const at = ({url}: Monitor, path: string) => new URL(path, url);

	it('gives the metrics as Prometheus reads them, with or without a query', async () => {
		const monitor = await serve();
		for (const path of ['/metrics', '/metrics?name%5B%5D=x']) {
			const answer = await fetch(at(monitor, path));
			assert.equal(answer.status, 200);
			assert.match(answer.headers.get('content-type')!, /^text\/plain; version=0\.0\.4; charset=utf-8$/);
			assert.match(await answer.text(), /^# HELP rxaudit_events_total /);
		}
	});

	it('is well while all pipelines are, else it says which is not and why', async () => {
		const well = await fetch(at(await serve([undefined, undefined]), '/healthz'));
		assert.deepEqual([well.status, await well.text()], [200, 'ok\n']);
		const ill = await fetch(at(await serve([undefined, 'it failed']), '/healthz'));
		assert.deepEqual([ill.status, await ill.text()], [503, 'p1: it failed\n']);
	});

	it('answers GET only, and nothing but its two paths', async () => {
		const monitor = await serve();
		for (const method of ['POST', 'HEAD', 'DELETE', 'OPTIONS']) {
			const answer = await fetch(at(monitor, '/metrics'), {method});
			assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'GET'], method);
		}
		for (const path of ['/', '/metrics/', '/metricsx', '//metrics', '/x?/metrics']) {
			const answer = await fetch(at(monitor, '/').origin + path);
			assert.equal(answer.status, 404, path);
			assert.equal(await answer.text(), 'expected /metrics or /healthz\n');
		}
	});

	it('listens where it is told to, and nowhere when it is closed', async () => {
		const monitor = await serve([], '::1');
		assert.match(monitor.url, /^http:\/\/\[::1\]:\d+\/metrics$/);
		assert.equal((await fetch(monitor.url)).status, 200);
		await monitor.close();
		await assert.rejects(fetch(monitor.url));
	});

	it('waits for nobody when it is closed', async () => {
		const monitor = await serve();
		const client = net.connect(Number(new URL(monitor.url).port), '127.0.0.1');
		await once(client, 'connect');
		client.write('GET /metrics HTTP/1.1\r\n'); // and no more
		await fetch(monitor.url); // by then it has arrived
		const closed = once(client, 'close');
		client.resume();
		await monitor.close();
		await closed;
	});

	it('keeps no process alive, whoever is connected', async () => {
		const before = servers();
		const {url} = await serve();
		assert.equal(servers(), before);
		const sockets = () => process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length;
		const own = sockets();
		const client = net.connect(Number(new URL(url).port), '127.0.0.1');
		await once(client, 'connect');
		client.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n');
		await once(client, 'data');
		assert.equal(sockets(), own + 1, 'the one of the client alone');
		client.destroy();
	});

	it('refuses a port that is in use, an address that is not here, and a host that there is not', async () => {
		const taken = net.createServer().listen(0, '127.0.0.1');
		await once(taken, 'listening');
		const {port} = taken.address() as AddressInfo;
		try {
			for (const [address, message] of [
				[
					{host: '127.0.0.1', port},
					`--metrics: expected a free port, got 127.0.0.1:${port}: somebody listens there already (EADDRINUSE); give another one`,
				],
				[
					{host: '192.0.2.1', port: 0},
					'--metrics: expected a free port, got 192.0.2.1:0: this machine has no such address (EADDRNOTAVAIL); give another one',
				],
			] as const) {
				await assert.rejects(
					serveMonitor(address, [], () => 0),
					{name: 'ConfigError', message},
				);
			}
			await assert.rejects(
				serveMonitor({host: 'no-host.invalid', port: 0}, [], () => 0),
				/--metrics: .*no-host\.invalid:0: /,
			);
		} finally {
			taken.close();
		}
	});
});
