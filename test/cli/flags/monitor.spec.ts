import assert from 'node:assert/strict';
import {monitorFrom} from '../../../lib/cli/flags/monitor.ts';

describe('monitorFrom', () => {
	for (const [text, host, port] of [
		['9464', '127.0.0.1', 9464],
		['0', '127.0.0.1', 0],
		['0.0.0.0:65535', '0.0.0.0', 65_535],
		['localhost:1', 'localhost', 1],
		['[::1]:80', '::1', 80],
		['some-host.test:80', 'some-host.test', 80],
	] as const) {
		it(`listens at ${host}, port ${port}, for ${text}`, () => {
			assert.deepEqual(monitorFrom({metrics: text}).metrics, {host, port});
		});
	}

	for (const text of [
		'x',
		':80',
		'65536',
		'-1',
		'80x',
		'::1:80',
		'host:',
		'http://host:80',
		'a b:80',
		'1.5',
		'[x]:80',
	]) {
		it(`refuses to listen at ${text}`, () => {
			assert.throws(() => monitorFrom({metrics: text}), {
				name: 'ConfigError',
				message: `--metrics: expected PORT or HOST:PORT, such as 9464, 0.0.0.0:9464 or [::1]:9464, got "${text}"`,
			});
		});
	}

	it('pings an https or http address, and shows no other', () => {
		for (const url of ['https://hc-ping.com/uuid', 'http://u:p@localhost:8000/x?y'])
			assert.equal(monitorFrom({ping: url}).ping?.href, url);
		for (const ping of [
			'S3CR3T',
			'S3CR3T.test/uuid',
			's3cr3t:80/S3CR3T',
			'ftp://S3CR3T/',
			'https://',
			'file:///S3CR3T',
		]) {
			assert.throws(() => monitorFrom({ping}), {
				name: 'ConfigError',
				message: '--ping: expected a URL that begins with https:// or http://, got another, which is not shown',
			});
		}
	});

	it('runs for a span above 0', () => {
		assert.equal(monitorFrom({'max-duration': '90m'}).maxDurationMs, 5_400_000);
		for (const [given, message] of [
			['0', '--max-duration: expected a span above 0, got "0"'],
			['1', /^--max-duration: expected a span such as 60m, 24h or 500ms, got "1"; add the unit$/],
		] as const) {
			assert.throws(() => monitorFrom({'max-duration': given}), {name: 'ConfigError', message});
		}
	});

	it('does nothing where nothing is asked for', () => {
		assert.deepEqual(monitorFrom({}), {metrics: undefined, ping: undefined, maxDurationMs: undefined});
	});
});
