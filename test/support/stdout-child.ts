/** Writes `pages` pages of 64 KiB to `ndjson:-`; tells on stderr how many were taken, and what happened to it. */
import ndjson from '../../sinks/ndjson.ts';
import {batchOf} from '../../lib/testing/sink-batch.ts';

const pages = Number(process.argv[2]);
let taken = 0;
const tell = (text: string) => console.error(text);

process.on('SIGTERM', () => tell('SIGTERM'));
const beat = setInterval(() => tell(`taken ${taken}`), 50);
const sink = await ndjson({path: '-', retryBaseMs: 1, maxAttempts: 3}).open({
	resume: undefined,
	signal: new AbortController().signal,
	warn: tell,
	note: tell,
});
try {
	for (; taken < pages; taken++) {
		const events = Array.from({length: 64}, (_, n) => ({id: String(taken * 64 + n)}));
		await sink.write(batchOf(events.map(({id}) => ({id, text: JSON.stringify({id, text: 'x'.repeat(1000)})}))));
	}
	await sink.flush();
	tell('done');
} catch (error) {
	tell(`failed ${(error as {code?: string}).code}`);
	process.exitCode = 1;
} finally {
	clearInterval(beat);
	await sink.close();
}
