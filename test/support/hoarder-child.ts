/** `hoarder-child.ts <scenario>`: a run with an operator, or a reader, that keeps pages to itself. */
import fs from 'node:fs';
import type {Readable} from 'node:stream';
import {concatMap, from, toArray} from 'rxjs';
import {type Build, run} from '../../lib/run/run.ts';
import {toAsyncIterable} from '../../lib/run/to-async-iterable.ts';
import {toReadable, toWebStream} from '../../lib/run/to-stream.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {pagedSource, someRecords} from './paged-source.ts';

const records = someRecords(9);
const unheard = new Promise<void>(() => {});
const scenarios: Record<string, Build | ReturnType<typeof pagedSource>> = {
	builder: start =>
		pagedSource(records, {start}).pipe(
			toArray(),
			concatMap(pages => pages),
		),
	plain: pagedSource(records).pipe(
		toArray(),
		concatMap(pages => pages),
	),
	never: start => pagedSource(records, {start}).pipe(concatMap(page => unheard.then(() => page))),
	slow: start =>
		pagedSource(records, {start}).pipe(
			concatMap(page => from(new Promise<typeof page>(resolve => setTimeout(() => resolve(page), 5)))),
		),
};
const readers: Record<string, () => Promise<unknown>> = {
	stream: async () =>
		toReadable(pagedSource(records)).once('data', function (this: Readable) {
			this.pause();
		}),
	iterator: async () => toAsyncIterable(pagedSource(records))[Symbol.asyncIterator]().next(),
	web: async () => toWebStream(pagedSource(records)).getReader().read(),
};
const reader = readers[process.argv[2]!];
await reader?.();
const sink = memorySink({step: name => void (name === 'close memory' && fs.writeSync(1, 'closed\n'))});
if (!reader) {
	const report = await run(scenarios[process.argv[2]!]!, sink);
	fs.writeSync(1, `${report.events} events\n`);
}
