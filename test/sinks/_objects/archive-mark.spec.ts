import assert from 'node:assert/strict';
import fs from 'node:fs';
import type {Json} from '../../../lib/model/event.ts';
import {emptyChain, type ManifestEntry, sealEntry} from '../../../lib/sink/manifest.ts';
import {archiveHolds} from '../../../sinks/_objects/begin-archive.ts';
import {entryOfMark} from '../../support/archive-runs.ts';
import {archiveUnderTest} from '../../support/archive-under-test.ts';

describe('archiveHolds', () => {
	const {store, committed, contents, spoolFolder} = archiveUnderTest();

	let prepared: Json;
	let entry: string;
	beforeEach(async () => {
		prepared = await committed();
		entry = entryOfMark(prepared, 0);
	});

	it('is true when all is there, and makes up for a missing entry', async () => {
		const before = contents();
		assert.equal(await archiveHolds(store(), prepared), true);
		store().objects.delete(entry);
		assert.equal(await archiveHolds(store(), prepared), true);
		assert.deepEqual(Object.fromEntries(contents()), Object.fromEntries(before));
		assert.deepEqual(fs.readdirSync(spoolFolder()), []);
	});

	it('removes what its entry says is superseded before the entry is there', async () => {
		const {run} = prepared as {run: string};
		const content = {content: Buffer.from('x'), generation: 9};
		const [own, strange] = [run, '00000000'].map(by => `2026-01-09/000000000000-${by}.ndjson`);
		for (const name of [own!, strange!]) store().objects.set(name, content);
		const {entry: written} = JSON.parse((prepared as {line: string}).line) as {entry: ManifestEntry};
		const {sources, files} = written;
		const sealed = sealEntry(emptyChain, {sources, files: files!, superseded: [own!, strange!]});
		store().objects.delete(entry);
		assert.equal(await archiveHolds(store(), {...(prepared as object), ...sealed}), true);
		assert.deepEqual([store().objects.has(own!), store().objects.has(strange!)], [false, true]);
		assert.ok(store().objects.has(entry));
	});

	it('is false when an object is missing or other, or the entry is of somebody else', async () => {
		const intact = new Map(store().objects);
		const [name] = [...store().objects.keys()].filter(key => key !== entry);
		const content = Buffer.from('x');
		for (const damage of [
			() => store().objects.delete(name!),
			() => store().objects.set(name!, {content, generation: 9}),
			() => store().objects.set(entry, {content, generation: 9}),
		]) {
			damage();
			assert.equal(await archiveHolds(store(), prepared), false);
			for (const [key, held] of intact) store().objects.set(key, held);
		}
	});
});
