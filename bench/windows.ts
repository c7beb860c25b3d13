/**
 * How much faster is a log read in windows side by side where a server takes 50 ms for each answer and sets no limit?
 * 100,000 events from an emulator in a second process through dedupe and normalize to a sink that only counts; each run in a
 * fresh process, beside the run that reads one page after the other. Fails when an event is missing or doubled.
 *
 *   npm run build && node --import=tsx bench/windows.ts [--events N] [--latency MS] [--source NAME]
 */
import {fork} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {dedupe, normalize, run, type Source} from 'rxaudit';
import {tally} from '../lib/testing/tally.ts';
import {type Asked, countingSink, credentialsFor, heardFrom, type Served} from './source-emulator.ts';

const {values} = parseArgs({
	options: {
		events: {type: 'string', default: '100000'},
		latency: {type: 'string', default: '50'},
		source: {type: 'string'},
		concurrency: {type: 'string'},
	},
});
const sources = ['atlassian-org-events', 'jira-data-center', 'confluence-cloud'];
const pageSize = 200;

interface Outcome {
	readonly seconds: number;
	readonly marks: readonly string[];
	readonly peakRssMb: number;
}

if (values.concurrency === undefined) await compareAll();
else process.once('message', served => void pull(served as Served));

async function compareAll(): Promise<void> {
	console.log('source                     side by side   seconds   × one   requests   peak RSS');
	for (const name of values.source === undefined ? sources : [values.source]) {
		const file = fileURLToPath(new URL('source-emulator.ts', import.meta.url));
		const emulator = fork(file, [name, values.events, values.latency]);
		const served = await heardFrom<Served>(emulator);
		let one: number | undefined;
		for (const concurrency of [1, 4, 16]) {
			const args = ['--source', name, '--concurrency', String(concurrency)];
			const child = fork(fileURLToPath(import.meta.url), args);
			child.send(served);
			const {seconds, marks, peakRssMb} = await heardFrom<Outcome>(child);
			emulator.send('');
			const {length} = await heardFrom<Asked[]>(emulator);
			one ??= seconds;
			const figures = [
				concurrency,
				seconds.toFixed(1),
				(one / seconds).toFixed(1),
				length,
				`${Math.round(peakRssMb)} MB`,
			];
			console.log(name.padEnd(27) + figures.map(figure => String(figure).padStart(11)).join(''));
			const [given, held] = [tally(marks), tally(served.held)];
			const wrong = [...held].filter(([mark, times]) => given.get(mark) !== times).length;
			if (wrong === 0 && marks.length === served.held.length) continue;
			console.error(
				`${name}: ${marks.length} events of ${served.held.length}, ${wrong} not as often as they are there`,
			);
			process.exitCode = 1;
		}
		emulator.disconnect();
	}
}

async function pull({options}: Served): Promise<void> {
	const {default: source} = (await import(`rxaudit/sources/${values.source}`)) as {default: Source<object>};
	const {sink, marks, markedMs} = countingSink();
	const all = {
		...options,
		...credentialsFor(source),
		pageSize,
		concurrency: Number(values.concurrency),
	};
	const began = performance.now();
	await run(start => source(all, start).pipe(dedupe(start), normalize()), sink);
	const seconds = (performance.now() - began - markedMs()) / 1000;
	process.send!({seconds, marks, peakRssMb: process.resourceUsage().maxRSS / 1024} satisfies Outcome, () =>
		process.disconnect(),
	);
}
