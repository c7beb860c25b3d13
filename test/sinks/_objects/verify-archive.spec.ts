import assert from 'node:assert/strict';
import {join} from 'node:path';
import {emptyChain, sealEntry} from '../../../lib/sink/manifest.ts';
import type {Verification} from '../../../lib/sink/verification.ts';
import {formats} from '../../../sinks/_files/compression.ts';
import {openObjectArchive} from '../../../sinks/_objects/object-archive.ts';
import {verifyArchive} from '../../../sinks/_objects/verify-archive.ts';
import {entriesOf, entryOfMark} from '../../support/archive-runs.ts';
import {type MemoryObjects, memoryObjects} from '../../support/memory-objects.ts';
import {batchOf, sinkContext, sinkError} from '../../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** What is particular to objects; the rest: test/conformance/verify.spec.ts. */
describe('verifyArchive', () => {
	const temporary = temporaryFolder();
	let store: MemoryObjects;
	let names: string[];
	let part: string;

	/** Three entries of two objects each. */
	beforeEach(async () => {
		store = memoryObjects(join(temporary(), 'spools'));
		const sink = await openObjectArchive({
			sink: 'archive',
			store,
			layout: '{date}',
			format: formats.gzip,
			mode: undefined,
			maxAttempts: 1,
			retryBaseMs: 0,
			context: sinkContext(),
		});
		for (let entry = 0; entry < 3; entry++) {
			const ids = [`${entry}-a`, `${entry}-b`];
			await sink.write(batchOf(ids.map((id, day) => ({id, timeMs: Date.UTC(2026, 0, 1) + day * dayMs}))));
			({part} = (await sink.flush()) as {part: string});
		}
		await sink.close();
		names = entriesOf(store).flatMap(({files = []}) => files.map(({path}) => path));
	});

	const entry = (number: number) => entryOfMark({part}, number);
	const set = (name: string, content: Buffer) => store.objects.set(name, {content, generation: 99});
	const verify = (): Promise<Verification> => verifyArchive('archive', store);
	const found = ({damage}: Verification) => damage.map(({kind, what}) => `${kind} ${what}`);

	it('calls what may be of a run that died uncommitted, and nothing else', async () => {
		set(`2026-01-09/000000000003-${part}.ndjson.gz`, Buffer.from('x'));
		set(`2026-01-09/000000000002-${part}.ndjson.gz`, Buffer.from('y'));
		set('2026-01-09/000000000000-0123abcd.ndjson.gz', Buffer.from('z'));
		set('2026-01-09/000000000001-0123abcd.ndjson.gz', Buffer.from('z'));
		const {uncommitted, damage} = await verify();
		// The first of a part that has no entry yet, and the next of one that has.
		assert.deepEqual(uncommitted, [
			'2026-01-09/000000000000-0123abcd.ndjson.gz',
			`2026-01-09/000000000003-${part}.ndjson.gz`,
		]);
		assert.deepEqual(
			damage.map(({kind, what}) => [kind, what]),
			[
				['added', '2026-01-09/000000000001-0123abcd.ndjson.gz'],
				['added', `2026-01-09/000000000002-${part}.ndjson.gz`],
			].sort(([, a], [, b]) => (a! < b! ? -1 : 1)),
		);
	});

	it('lets pass what an entry says is superseded, there or not', async () => {
		const {sources, files} = entriesOf(store)[0]!;
		const superseded = ['a', 'b'];
		set('a', Buffer.from('x'));
		for (const number of [1, 2]) store.objects.delete(entry(number));
		for (const name of names.slice(2)) store.objects.delete(name);
		set(entry(0), Buffer.from(`${sealEntry(emptyChain, {sources, files: files!, superseded}).line}\n`));
		assert.deepEqual(found(await verify()), []);
	});

	it('finds an entry that is missing, once, and what it listed', async () => {
		store.objects.delete(entry(1));
		assert.deepEqual(
			found(await verify()).sort(),
			[`entry ${entry(1)}`, `added ${names[2]}`, `added ${names[3]}`].sort(),
		);
		store.objects.delete(entry(0));
		assert.match(found(await verify()).join(), new RegExp(`entry ${entry(0)} to ${entry(1)}`));
	});

	it('says what it reads', async () => {
		const read: string[] = [];
		await verifyArchive('archive', store, {onProgress: path => void read.push(path)});
		assert.deepEqual(read.sort(), names.sort());
	});

	it('takes objects of an archive without a manifest for added, and refuses a target that holds none', async () => {
		for (let number = 0; number < 3; number++) store.objects.delete(entry(number));
		assert.deepEqual(found(await verify()).sort(), names.map(name => `added ${name}`).sort());
		store.objects.clear();
		const expected = await verifyArchive('archive', store, {isExpected: true});
		assert.deepEqual(found(expected), ['missing entry 0']);
		set('other', Buffer.from('x'));
		await assert.rejects(verify(), sinkError('TARGET_REFUSED', /memory has no manifest/));
	});
});
