import assert from 'node:assert/strict';
import {openRedis} from '../../lib/redis/open-redis.ts';
import {startRedis, type TestRedis} from '../support/redis.ts';

describe('openRedis', () => {
	let server: TestRedis;
	const secret = 'pass-word-of-the-test';

	before(async () => {
		server = await startRedis(['--user', 'auditor', 'on', `>${secret}`, '~*', '&*', '+@all', '--requirepass', 'other']);
	});

	after(async () => server.close());

	const address = (user = '') => `redis://${user}127.0.0.1:${server.port}`;
	const refusal = async (given: Parameters<typeof openRedis>[0]) =>
		openRedis(given).then(
			redis => {
				redis.disconnect();
				return assert.fail('it was opened');
			},
			(error: Error & {code?: string}) => {
				assert.ok(!error.message.includes(secret), error.message);
				return `${error.code}: ${error.message}`;
			},
		);

	it('opens one as a user with a password', async () => {
		const redis = await openRedis({url: `${address('auditor@')}/1`, password: secret});
		assert.match(await redis.set('key', 'value'), /OK/);
		redis.disconnect();
	});

	it('refuses what is no address of one, and passwords that others see', async () => {
		assert.match(await refusal({url: 'localhost:6379'}), /^CONFIG: option redis: expected an address like redis:/);
		assert.match(await refusal({url: 'redis://127.0.0.1/one'}), /got more than that/);
		assert.match(
			await refusal({url: `redis://u:${secret}@127.0.0.1`}),
			/got one with a password, .*RXAUDIT_REDIS_PASSWORD/,
		);
	});

	it('sends no password in the clear to another machine', async () => {
		assert.match(
			await refusal({url: 'redis://u@redis.example', password: secret}),
			/expected rediss:\/\/, .*redisInsecure/,
		);
		const allowed = {url: 'redis://u@127.0.0.2:1', password: secret, insecure: true};
		assert.match(await refusal(allowed), /^STATE_FAILED/);
	});

	it('says what is wrong with a user, or that nobody is there', async () => {
		assert.match(await refusal({url: address()}), /^UNAUTHORIZED: redis:.* NOAUTH .*set RXAUDIT_REDIS_PASSWORD/);
		assert.match(await refusal({url: address('auditor@'), password: 'wrong'}), /^UNAUTHORIZED: .*WRONGPASS/);
		assert.match(await refusal({url: 'redis://127.0.0.1:1'}), /^STATE_FAILED: redis:\/\/127.0.0.1:1: expected a Redis/);
	});

	it('refuses one that forgets what it has no room for', async () => {
		const forgetful = await startRedis(['--maxmemory', '10mb', '--maxmemory-policy', 'allkeys-lru']);
		try {
			assert.match(await refusal({url: forgetful.url}), /expected maxmemory-policy noeviction, got allkeys-lru/);
		} finally {
			await forgetful.close();
		}
	});
});
