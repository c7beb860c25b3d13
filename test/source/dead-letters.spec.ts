import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {deadLetters, sourcesOf} from '../../lib/source/dead-letters.ts';
import {startEmulator} from '../support/emulator.ts';
import {dedupe} from '../../lib/operators/dedupe.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import {run} from '../../lib/run/run.ts';
import type {Source} from '../../lib/source/define-source.ts';
import crowd from '../../sources/crowd-data-center.ts';
import orgEvents from '../../sources/atlassian-org-events.ts';
import orgUsers from '../../sources/atlassian-org-users.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

const known = [orgEvents, orgUsers, crowd] as readonly Source[];

describe('deadLetters', () => {
	const folder = temporaryFolder();

	/** A file of letters from three sources, mixed, and what those sources give by themselves. */
	async function lettersAndRecords() {
		const emulator = await startEmulator({events: 40});
		try {
			const {url: endpoint, token, orgId} = emulator;
			const ndjson = memorySink();
			const sources = [
				orgEvents({endpoint, token, orgId}),
				orgUsers({endpoint, token, orgId}),
				crowd({endpoint: `${endpoint}/crowd`, username: 'admin', password: 'emulator'}),
			];
			const letters: string[][] = [];
			for (const source of sources) {
				const own = memorySink();
				await run(source, {
					...own,
					async open(context) {
						const open = await own.open(context);
						return {
							...open,
							async write(batch) {
								letters.push(
									batch.records.map(({id, text}) =>
										JSON.stringify({
											reason: 'why',
											source: batch.source.name,
											tenant: batch.source.tenant,
											id,
											record: Buffer.from(text).toString(),
										}),
									),
								);
								return open.write(batch);
							},
						};
					},
				});
				ndjson.lines.push(...own.lines);
			}
			const file = path.join(folder(), 'letters');
			const longest = Math.max(...letters.map(({length}) => length));
			const mixed = Array.from({length: longest}, (_, index) => letters.flatMap(list => list[index] ?? [])).flat();
			fs.writeFileSync(file, mixed.map(line => `${line}\n`).join(''));
			return {file, texts: ndjson.lines};
		} finally {
			await emulator.close();
		}
	}

	it('are the records of their sources, one source after the other', async () => {
		const {file, texts} = await lettersAndRecords();
		assert.deepEqual(sourcesOf(file).sort(), ['atlassian-org-events', 'atlassian-org-users', 'crowd-data-center']);
		const sink = memorySink();
		await run(deadLetters({path: file, sources: known}), sink);
		assert.deepEqual([...sink.lines].sort(), [...texts].sort());
	});

	it('become common records by the mapping of each', async () => {
		const {file, texts} = await lettersAndRecords();
		const sink = memorySink();
		await run(start => deadLetters({path: file, sources: known}, start).pipe(normalize()), sink);
		const events = sink.lines.map(line => JSON.parse(line) as {source: string; raw: string; tenant: string});
		assert.deepEqual(events.map(({raw}) => raw).sort(), [...texts].sort());
		assert.deepEqual(new Set(events.map(({source}) => source)), new Set(sourcesOf(file)));
	});

	it('go on behind the last commit, and give nothing twice', async () => {
		const {file, texts} = await lettersAndRecords();
		let flushes = 0;
		const sink = memorySink({
			step: name => {
				// of the first checkpoint, of the first source, of the second
				if (name === 'flush memory' && ++flushes === 3) throw new Error('the disk is gone');
			},
		});
		const state = memoryStore();
		const again = () =>
			run(start => deadLetters({path: file, sources: known}, start).pipe(dedupe(start)), sink, {
				state,
				commitSize: {pages: 1},
			});
		await assert.rejects(again(), /the disk is gone/);
		const committed = sink.durable;
		assert.ok(committed > 0 && committed < texts.length);
		await again();
		assert.deepEqual([...sink.lines].sort(), [...texts].sort());
		await again();
		assert.equal(sink.lines.length, texts.length);
	});

	it('need their sources', async () => {
		const {file} = await lettersAndRecords();
		assert.throws(() => deadLetters({path: file, sources: [orgEvents as never]}), {
			code: 'CONFIG',
			message: /holds records of "atlassian-org-users"; expected one of the sources given/,
		});
	});
});
