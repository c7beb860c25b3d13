import assert from 'node:assert/strict';
import {type ChildProcess, spawn, type StdioOptions} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import {join} from 'node:path';
import readline from 'node:readline';
import {PassThrough, Writable} from 'node:stream';
import {openStream} from '../../../sinks/_files/stdout.ts';
import {batchOf, sinkContext, sinkError} from '../../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

const script = join(import.meta.dirname, '../../support/stdout-child.ts');
const one = batchOf([{id: '1'}]);
const pages = 100;

function start(stdout: 'pipe' | number, count = pages): ChildProcess {
	const stdio: StdioOptions = ['ignore', stdout, 'pipe'];
	return spawn(process.execPath, ['--import', 'tsx', script, String(count)], {stdio});
}

/** What the child tells on stderr. */
function told(child: ChildProcess): AsyncIterable<string> {
	return readline.createInterface(child.stderr!);
}

async function all(lines: AsyncIterable<string>): Promise<string[]> {
	const found = [];
	for await (const line of lines) found.push(line);
	return found;
}

function idsOf(text: string): string[] {
	return text
		.trimEnd()
		.split('\n')
		.map(line => (JSON.parse(line) as {id: string}).id);
}

const allIds = Array.from({length: pages * 64}, (_, n) => String(n));

describe('ndjson to standard output', () => {
	const folder = temporaryFolder();
	const open = (stream: Writable, signal?: AbortSignal) =>
		openStream(stream, {sink: 'ndjson', maxAttempts: 1, retryBaseMs: 0, context: sinkContext(undefined, signal)});

	it('takes a batch only when the stream has taken it', async () => {
		let done: () => void = () => {};
		const slow = new Writable({write: (_chunk, _encoding, taken) => (done = taken)});
		const written = open(slow).write(one);
		assert.equal(await Promise.race([written.then(() => 'taken'), Promise.resolve('waiting')]), 'waiting');
		done();
		await written;
	});

	it('stops waiting for the reader when the run gives up', async () => {
		const stop = new AbortController();
		const sink = open(new Writable({write() {}}), stop.signal);
		const written = sink.write(one);
		stop.abort();
		await assert.rejects(written, {name: 'AbortError'});
		await assert.rejects(sink.write(one), {name: 'AbortError'});
		await sink.close();
	});

	it('tells a reader that went away from a device that is broken', async () => {
		for (const [errno, code] of [
			['EPIPE', 'READER_GONE'],
			['EIO', 'SINK_FAILED'],
		] as const) {
			const error = Object.assign(new Error(errno), {code: errno});
			const sink = open(new Writable({write: (_chunk, _encoding, taken) => taken(error)}));
			await assert.rejects(sink.write(one), sinkError(code));
			await assert.rejects(sink.write(one), sinkError(code));
		}
	});

	it('leaves one listener behind, however often it is opened', async () => {
		const stream = new PassThrough();
		for (let run = 0; run < 20; run++) await open(stream).close();
		assert.equal(stream.listenerCount('error'), 1);
	});

	it('waits for a reader that has stopped, hears SIGTERM meanwhile, and then gives every line', async () => {
		const child = start('pipe');
		const seen: string[] = [];
		const chunks: Buffer[] = [];
		let asked = false;
		for await (const line of told(child)) {
			// Two beats without progress: it waits.
			if (line === seen.at(-1) && line !== 'taken 0' && !asked) asked = child.kill('SIGTERM');
			seen.push(line);
			if (line !== 'SIGTERM' || chunks.length > 0) continue;
			assert.ok(Number(seen.at(-2)!.slice('taken '.length)) < 10, seen.join());
			child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
		}
		assert.equal(seen.at(-1), 'done');
		assert.ok(seen.includes('SIGTERM'));
		assert.deepEqual(idsOf(Buffer.concat(chunks).toString()), allIds);
	});

	it('ends quietly when the reader goes away', async () => {
		const child = start('pipe');
		const lines = all(told(child));
		await once(child.stdout!, 'data');
		child.stdout!.destroy();
		assert.equal((await lines).at(-1), 'failed READER_GONE');
	});

	it('writes behind what a redirected file holds already', async () => {
		const path = join(folder(), 'out');
		fs.writeFileSync(path, '{"id":"before"}\n');
		const descriptor = fs.openSync(path, 'a');
		const lines = await all(told(start(descriptor)));
		fs.closeSync(descriptor);
		assert.equal(lines.at(-1), 'done');
		assert.deepEqual(idsOf(fs.readFileSync(path, 'utf8')), ['before', ...allIds]);
	});

	it('does not lose lines on a full device', async () => {
		if (!fs.existsSync('/dev/full')) return; // Linux has it
		const descriptor = fs.openSync('/dev/full', 'w');
		const lines = await all(told(start(descriptor, 1)));
		fs.closeSync(descriptor);
		assert.equal(lines.at(-1), 'failed SINK_FAILED');
		assert.equal(lines.filter(line => line.includes('ENOSPC, trying again')).length, 2);
	});
});
