import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';
import {runCli, spawnCli} from '../../support/cli.ts';
import {startRedis, type TestRedis} from '../../support/redis.ts';
import {pem} from '../../support/tls-server.ts';

describe('the flags of Redis', () => {
	const folder = temporaryFolder();
	const secret = 'pass-word-of-the-test';
	let server: TestRedis;
	before(async () => {
		server = await startRedis(
			['--user', 'auditor', 'on', `>${secret}`, '~*', '&*', '+@all', '--user', 'default', 'off'],
			'server',
		);
	});
	after(async () => server.close());

	const flags = (password: string, ca: string | undefined, user = 'auditor@') => {
		writeFileSync(path.join(folder(), 'redis.secret'), `${password}\n`);
		const url = server.url.replace('//', `//${user}`);
		const authority = ca === undefined ? [] : ['--redis-ca-file', pem(ca)];
		return ['--redis', url, '--redis-password-file', 'redis.secret', ...authority];
	};

	it('reach one over TLS, as a user, with an authority of its own', async () => {
		const {code, stdout, stderr} = await spawnCli(['jobs', ...flags(secret, 'authority')], {cwd: folder()}).ended;
		assert.equal(stderr, '');
		assert.equal(stdout, '0 waiting, 0 active, 0 delayed, 0 failed\n');
		assert.equal(code, 0);
	});

	for (const [what, password, ca, user, expected, exit] of [
		[
			'an authority that is not known',
			secret,
			undefined,
			'auditor@',
			/is of an authority that .*\(--redis-ca-file FILE\)/,
			1,
		],
		['another authority', secret, 'self-signed', 'auditor@', /is of an authority that .*\(--redis-ca-file FILE\)/, 1],
		[
			'a wrong password',
			'not-this',
			'authority',
			'auditor@',
			/refuses the user: WRONGPASS .*--redis-password-file\n$/,
			4,
		],
		['no user', secret, 'authority', '', /refuses the user: WRONGPASS .*; name the user in --redis/, 4],
	] as const) {
		it(`say what is wrong with ${what}`, async () => {
			const {code, stdout, stderr} = await runCli(['jobs', ...flags(password, ca, user)], {cwd: folder()});
			assert.match(stderr, expected);
			assert.equal(code, exit);
			assert.ok(!(stdout + stderr).includes(password));
		});
	}

	it('refuse the certificate of another host', async () => {
		const other = await startRedis([], 'other-host');
		try {
			const given = ['jobs', '--redis', other.url, '--redis-ca-file', pem('authority')];
			const {code, stderr} = await runCli(given, {cwd: folder()});
			assert.match(stderr, /certificate is of another host .*; check the host in the address/);
			assert.equal(code, 1);
		} finally {
			await other.close();
		}
	});
});
