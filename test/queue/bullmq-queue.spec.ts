import {bullQueue} from '../../lib/queue/bullmq-queue.ts';
import {describeQueue} from '../support/queue-under-test.ts';
import {startRedis, type TestRedis} from '../support/redis.ts';

describe('bullQueue', () => {
	let redis: TestRedis;
	let database = 0;

	before(async () => {
		redis = await startRedis(['--databases', '64']);
	});
	after(async () => redis.close());

	describeQueue('is a queue', async () => bullQueue({url: `${redis.url}/${database++}`}));
});
