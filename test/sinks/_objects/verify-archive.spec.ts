import assert from 'node:assert/strict';
import {generateKeyPairSync} from 'node:crypto';
import {join} from 'node:path';
import {emptyChain, sealEntry, signer} from '../../../lib/sink/manifest.ts';
import type {Verification} from '../../../lib/sink/verification.ts';
import {openObjectArchive} from '../../../sinks/_objects/object-archive.ts';
import {verifyArchive} from '../../../sinks/_objects/verify-archive.ts';
import {entriesOf, entryOfMark} from '../../support/archive-runs.ts';
import {type MemoryObjects, memoryObjects} from '../../support/memory-objects.ts';
import {batchOf, sinkContext, sinkError} from '../../support/sink-batch.ts';
import {temporaryFolder} from '../../support/temporary-folder.ts';

const dayMs = 24 * 60 * 60 * 1000;

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
			compression: 'gzip',
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
	const get = (name: string) => store.objects.get(name)!.content;
	const swap = (one: string, two: string) => {
		const content = get(one);
		set(one, get(two));
		set(two, content);
	};
	const verify = (): Promise<Verification> => verifyArchive('archive', store);
	const found = ({damage}: Verification) => damage.map(({kind, what}) => `${kind} ${what}`);

	it('finds an archive intact, and says what it holds', async () => {
		const {damage, uncommitted, chain, hashes, signed, sources} = await verify();
		assert.deepEqual({damage, uncommitted, signed}, {damage: [], uncommitted: [], signed: 0});
		assert.equal(chain.entries, 3);
		assert.equal(hashes.length, 3);
		assert.equal(hashes[2], chain.head);
		assert.deepEqual(sources['some-source:some-tenant']!.days, {'2026-01-01': 3, '2026-01-02': 3});
	});

	it('finds a flipped bit, and bytes that are gone or more', async () => {
		const whole = get(names[1]!);
		const flipped = Buffer.from(whole);
		flipped[12]! ^= 1;
		for (const content of [flipped, whole.subarray(1), Buffer.concat([whole, whole])]) {
			set(names[1]!, content);
			assert.deepEqual(found(await verify()), [`changed ${names[1]}`]);
		}
	});

	it('finds two objects that were swapped', async () => {
		swap(names[0]!, names[3]!);
		assert.deepEqual(found(await verify()).sort(), [`changed ${names[0]}`, `changed ${names[3]}`].sort());
	});

	it('finds a missing object, an added one, and one that was moved', async () => {
		store.objects.delete(names[0]!);
		set('2026-01-01/evil.ndjson.gz', get(names[1]!));
		set('elsewhere', get(names[2]!));
		store.objects.delete(names[2]!);
		set('rxaudit.manifest/readme', Buffer.from('x'));
		const {damage} = await verify();
		assert.deepEqual(
			damage.map(({kind, what}) => `${kind} ${what}`).sort(),
			[
				`missing ${names[0]}`,
				'added 2026-01-01/evil.ndjson.gz',
				`moved ${names[2]}`,
				'added rxaudit.manifest/readme',
			].sort(),
		);
		assert.match(damage.find(({kind}) => kind === 'moved')!.detail, /elsewhere/);
	});

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

	it('finds entries that were reordered or changed', async () => {
		swap(entry(0), entry(1));
		assert.ok(found(await verify()).filter(text => text.startsWith('entry')).length >= 2);
		swap(entry(0), entry(1));
		const text = get(entry(1)).toString();
		set(entry(1), Buffer.from(text.replace('"events":2', '"events":1')));
		assert.ok(found(await verify()).includes(`entry entry 1 of part ${part}`));
		set(entry(1), Buffer.from(text.replace('\n', ' \n')));
		assert.ok(found(await verify()).includes(`entry entry 1 of part ${part}`));
	});

	it('tells by the head alone that the last entry is gone with its objects', async () => {
		const {hashes} = await verify();
		for (const name of [entry(2), names[4]!, names[5]!]) store.objects.delete(name);
		const {damage, chain} = await verify();
		assert.deepEqual(damage, []);
		assert.deepEqual(chain, {entries: 2, head: hashes[1]});
	});

	it('finds a chain that was written anew without the key', async () => {
		const [ours, theirs] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
		let chain = emptyChain;
		for (const [number, {sources, files}] of entriesOf(store).entries()) {
			const key = number === 1 ? theirs : ours;
			const sealed = sealEntry(chain, {sources, files: files!}, signer(key.privateKey));
			set(entry(number), Buffer.from(`${sealed.line}\n`));
			({chain} = sealed);
		}
		assert.deepEqual(found(await verify()), []);
		const {damage, signed} = await verifyArchive('archive', store, {publicKey: ours.publicKey});
		assert.deepEqual(
			damage.map(({kind, what}) => [kind, what]),
			[['entry', `entry 1 of part ${part}`]],
		);
		assert.equal(signed, 2, 'by this key');
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
