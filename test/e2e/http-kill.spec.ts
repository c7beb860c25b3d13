import assert from 'node:assert/strict';
import path from 'node:path';
import {startEmulator} from '../support/emulator.ts';
import {type HttpReceiver, startElastic, startWebhook} from '../support/http-receivers.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {compare, exact, recordsOf} from './holdings.ts';
import {killAgainAndAgain} from './killing.ts';
import {startPull, token} from './pull.ts';
import {createRandom, seed} from './random.ts';

const pages = 120;
const pageSize = 5;
const wanted = Number(process.env['RXAUDIT_E2E_KILLS'] ?? 4);
/** A secret of its own, and yet one that a leak of is seen. */
const ownToken = `${token}-of-the-receiver`;

const receivers: readonly (readonly [what: string, start: () => Promise<HttpReceiver>, to: string, body: string])[] = [
	['a receiver that knows the key', startWebhook, '/hook', 'ndjson'],
	['Elasticsearch', async () => startElastic(ownToken), '/audit/_bulk', 'elastic'],
];

describe(`http: and kill -9 at random instants (RXAUDIT_E2E_SEED=${seed})`, () => {
	const folder = temporaryFolder();

	for (const [what, start, to, body] of receivers) {
		it(`leaves ${what} with every event once`, async () => {
			const random = createRandom(what);
			const emulator = await startEmulator({events: pages * pageSize, latencyMs: 2, token});
			const receiver = await start();
			// now and then an answer is lost, and some time is in every one
			receiver.fault = () => (random() < 0.05 ? 'lost' : undefined);
			const args = ['--format', 'raw', '--page-size', `${pageSize}`, '--state', path.join(folder(), 'pull.state')];
			args.push('--to', `http:${receiver.origin}${to}`, '--http-body', body, '--http-max-events', '3');
			args.push('--http-retry-base-ms', '5');
			const env = {RXAUDIT_HTTP_TOKEN: ownToken};
			try {
				const kills = await killAgainAndAgain({
					start: () => startPull(emulator, args, {env}),
					kills: wanted,
					seen: () => receiver.posts.length,
					lifeMs: 150,
					random,
				});
				assert.ok(kills > 1, `${kills} kills`);
				assert.deepEqual(compare(receiver.held, emulator), exact);
				assert.deepEqual(receiver.held, recordsOf(emulator));
				const needed = pages * 2;
				console.log(`      ${kills} kills, ${receiver.posts.length - needed} of ${needed} requests came again`);
				assert.ok(receiver.posts.length - needed <= kills * 2 + needed * 0.2, 'one page a kill, beside lost answers');
			} finally {
				await Promise.all([emulator.close(), receiver.close()]);
			}
		});
	}
});
