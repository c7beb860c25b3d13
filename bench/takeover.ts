/**
 * How long after kill -9 of a worker does another one go on with its job? `tsx <this file> [kills]`; default 10. Needs
 * `npm run build`, and redis-server.
 */
import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {startEmulator} from '../lib/emulator/index.ts';
import {startRedis} from '../test/support/redis.ts';

const kills = Number(process.argv[2] ?? 10);
const cli = fileURLToPath(new URL('../dist/lib/cli/main.js', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'rxaudit-takeover-'));
const redis = await startRedis();
let requestedAt = 0;
const emulator = await startEmulator({
	events: 100_000,
	latencyMs: 100,
	rateLimit: {requests: 1_000_000, perMs: 60_000},
	onRequest: () => void (requestedAt = performance.now()),
});
const source = {orgId: 'ORG', token: {env: 'RXAUDIT_TOKEN'}, endpoint: emulator.url, rate: 'off', pageSize: 20};
const pipeline = {source: {name: 'atlassian-org-events', ...source}, to: 'ndjson:out/'};
writeFileSync(path.join(folder, 'c.yaml'), JSON.stringify({pipelines: {one: pipeline}}));
const options = {cwd: folder, env: {PATH: process.env['PATH'], RXAUDIT_TOKEN: emulator.token}};
await promisify(execFile)(process.execPath, [cli, 'enqueue', 'c.yaml', '--redis', redis.url], options);
const start = () => {
	return spawn(process.execPath, [cli, 'worker', 'c.yaml', '--quiet', '--redis', redis.url], {
		...options,
		stdio: 'ignore',
	});
};

// who is at work is told by which one's death ends the requests
const workers: ChildProcess[] = [start(), start()];
const seconds: number[] = [];
while (requestedAt === 0) await sleep(10);
await sleep(3000);
for (let turn = 0; seconds.length < kills; turn++) {
	const victim = workers[turn % 2]!;
	victim.kill('SIGKILL');
	const killedAt = performance.now();
	await sleep(500);
	const wasAtWork = performance.now() - requestedAt > 350;
	if (wasAtWork) {
		while (requestedAt < killedAt + 500) await sleep(10);
		seconds.push(Math.round(requestedAt - killedAt) / 1000);
	}
	workers[turn % 2] = start();
	await sleep(4000);
}
console.log(JSON.stringify({takeoverSeconds: seconds, most: Math.max(...seconds)}));
for (const worker of workers) worker.kill('SIGKILL');
await emulator.close();
await redis.close();
rmSync(folder, {recursive: true});
