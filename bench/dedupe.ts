/**
 * What it costs to remember many identities: memory, and a commit, with 1.5 million of them within the overlap.
 *
 *   node --import=tsx bench/dedupe.ts
 */
import {mkdtempSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileState} from '../lib/state/file-state.ts';
import {IdentitySet} from '../lib/model/identity-set.ts';

const count = 1_500_000;
const folder = mkdtempSync(join(tmpdir(), 'rxaudit-bench-'));
const rssMb = () => Math.round(process.memoryUsage.rss() / 1024 / 1024);

const before = rssMb();
const began = performance.now();
const set = new IdentitySet();
const perPage = 200;
const entries = new Uint32Array(perPage * 5);
const state = fileState(join(folder, 'state'));
await state.load();
let version = 0;
let mark = await state.journal!.rewrite(new Uint8Array());
const commits: number[] = [];
let commitMs = 0;
for (let done = 0; done < count; done += perPage) {
	for (let index = 0; index < perPage; index++) {
		set.add(
			`atlassian-org-events:acme\n00000000-0000-4000-8000-${String(done + index).padStart(12, '0')}`,
			1_780_000_000,
		);
		set.writeLast(entries, index, 1_780_000_000);
	}
	const start = performance.now();
	mark = await state.journal!.append(new Uint8Array(entries.buffer));
	// a commit for every 50 pages, as a run with 10,000 events a commit makes them
	if (done % (perPage * 50) === 0) {
		version = await state.commit({binding: {}, sources: {}, snapshots: {}, sinks: {}, journal: mark}, version);
	}
	const took = performance.now() - start;
	commits.push(took);
	commitMs += took;
}
const seconds = (performance.now() - began) / 1000;
commits.sort((a, b) => a - b);
console.log(
	`${set.size} identities in ${(set.bytes / 1e6).toFixed(0)} MB; RSS ${before} MB before, ${rssMb()} MB after`,
);
console.log(`${Math.round(count / (seconds - commitMs / 1000))} identities/s added`);
console.log(
	`append and commit: median ${commits[commits.length >> 1]!.toFixed(2)} ms, 99 % below ${commits[Math.floor(commits.length * 0.99)]!.toFixed(2)} ms; journal ${(statSync(join(folder, 'state.seen-1')).size / 1e6).toFixed(0)} MB`,
);
await state.close!();
const again = fileState(join(folder, 'state'));
const start = performance.now();
const stored = await again.load();
const bytes = await again.journal!.read(stored!.checkpoint.journal!);
const loaded = new IdentitySet(bytes.length / 20);
loaded.addEntries(new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4));
console.log(`read again at the next start: ${(performance.now() - start).toFixed(0)} ms`);
await again.close!();
rmSync(folder, {recursive: true});
