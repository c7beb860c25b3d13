import assert from 'node:assert/strict';
import {commandLine} from '../support/command-line.ts';
import {startKafka} from '../support/kafka-broker.ts';
import {startNats} from '../support/nats-server.ts';

const kills = 3;

/** Brokers cannot be cut: what a killed pull had sent and not committed comes again under the same key. */
describe('a pull to a broker that is killed and run again', () => {
	const {emulator, pull, startPull, held} = commandLine({events: 300, latencyMs: 5});

	async function killed(target: string): Promise<void> {
		const args = ['--to', target, '--state', 'pull.state', '--page-size', '5', '--concurrency', '1', '--quiet'];
		for (let kill = 0; kill < kills; kill++) {
			const running = startPull(args);
			const goal = emulator().requestCount + 12;
			while (emulator().requestCount < goal) await new Promise(setImmediate);
			running.kill('SIGKILL');
			assert.equal((await running.ended).signal, 'SIGKILL');
		}
		const {code, stderr} = await pull(args);
		assert.equal(code, 0, stderr);
	}

	it('is there at least once in Kafka, and once by key', async () => {
		const broker = await startKafka();
		try {
			await broker.createTopic('audit');
			await killed(`kafka:audit?brokers=${broker.brokers}`);
			const keys = (await broker.read('audit')).map(({key}) => key);
			assert.deepEqual(new Set(keys), new Set(held()));
			assert.ok(keys.length <= held().length + kills * 5, `${keys.length}`);
		} finally {
			await broker.close();
		}
	});

	it('is there once in NATS, within its duplicate window', async () => {
		const server = await startNats();
		try {
			const subject = await server.addStream('audit');
			await killed(`nats:${subject}?servers=${server.address}`);
			const ids = (await server.read('audit')).map(({headers}) => decodeURIComponent(headers['Nats-Msg-Id']!));
			assert.equal(ids.length, held().length);
			assert.deepEqual(new Set(ids), new Set(held()));
		} finally {
			await server.close();
		}
	});
});
