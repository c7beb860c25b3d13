import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {generateKeyPairSync} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import {findHead} from '../../lib/cli/output/verdict.ts';
import {type Chain, chainIn, emptyChain, sealEntry, signer} from '../../lib/sink/manifest.ts';
import {load} from '../../lib/registry.ts';
import type {Damage, Verification} from '../../lib/sink/verification.ts';
import {batchOf, sinkContext} from '../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {type ArchiveEntry, archiveTable, entriesOf, objectFolder, rewriteChain as rewrite} from './verify-table.ts';

const key = generateKeyPairSync('ed25519');
const otherKey = generateKeyPairSync('ed25519');

const hourMs = 3_600_000;
const begin = Date.UTC(2026, 0, 31, 22);
const texts = [['a', 'b'], ['c'], ['d', 'e', 'f'], ['g', 'h']];
/** Four commits, over midnight; all events are equally long. */
const batches = texts.map((ids, commit) =>
	batchOf(
		ids.map((id, index) => ({
			id,
			text: JSON.stringify({id, filler: id.repeat(1000)}),
			timeMs: begin + (commit * 3 + index) * hourMs,
		})),
	),
);

describe('proof that an archive is what was written', () => {
	for (const [name, entry] of Object.entries({...archiveTable, 'objects in a folder': objectFolder}))
		describe(name, () => describeArchive(entry));
});

function describeArchive(archive: ArchiveEntry): void {
	const {options, goOn, data, nameOf, addsFiles, readEntries, writeEntries, listed, manifest} = archive;
	const temporary = temporaryFolder();
	let folder: string;
	/** What the state holds behind each commit. */
	let chains: Chain[];

	beforeEach(async () => {
		folder = path.join(temporary(), 'archive');
		fs.mkdirSync(folder);
		chains = [];
		const create = await load('sink', archive.sink);
		const sink = await create({...options(folder), durability: 'process'} as never).open({
			...sinkContext(),
			sign: signer(key.privateKey),
		});
		for (const batch of batches) {
			assert.deepEqual((await sink.write(batch)) ?? [], []);
			chains.push(chainIn(await sink.flush())!);
		}
		await sink.close();
	});

	const verify = async (publicKey = key.publicKey): Promise<Verification> =>
		named(await (await load('sink', archive.sink)).verify!(options(folder) as never, {publicKey}));
	/** Without the name of the part, which is another each time. */
	const named = ({damage, ...more}: Verification): Verification => ({
		...more,
		damage: damage.map(one => ({...one, what: one.what.replace(/ of part [0-9a-f]{8}$/, '')})),
	});
	const verifyPlainly = async () => (await load('sink', archive.sink)).verify!(options(folder) as never);
	const found = ({damage}: Pick<Verification, 'damage'>) => damage.map(({kind, what}) => `${kind} ${what}`).sort();
	const isDamaged = (kind: Damage['kind'], what: RegExp | string) => async () => {
		const {damage} = await verify();
		const isSuch = (one: Damage) =>
			one.kind === kind && (typeof what === 'string' ? one.what.includes(what) : what.test(one.what));
		assert.ok(damage.some(isSuch), JSON.stringify(damage));
	};
	const entries = () => entriesOf(archive, folder);
	/** Every byte of every event, by file and offset. */
	const bytesOf = () => data(folder).flatMap(file => ({file, size: fs.statSync(file).size}));

	const rewriteChain = (sign?: (text: string) => string) => rewrite(archive, folder, sign);

	const flip = (file: string, offset: number) => {
		const bytes = fs.readFileSync(file);
		bytes[offset]! ^= 1;
		fs.writeFileSync(file, bytes);
	};

	it('holds: every byte is listed once, the events are counted, the chain is the one in the state', async () => {
		const verification = await verify();
		assert.deepEqual([verification.damage, verification.uncommitted], [[], []]);
		assert.deepEqual(verification.chain, chains.at(-1));
		assert.equal(verification.hashes.at(-1), verification.chain.head);
		assert.equal(verification.signed, verification.chain.entries);
		const times = batches.flatMap(({records}) => records.map(({timeMs}) => new Date(timeMs).toISOString()));
		const counts: Record<string, number> = {};
		for (const time of times) counts[time.slice(0, 10)] = (counts[time.slice(0, 10)] ?? 0) + 1;
		const tally = {events: times.length, first: times[0]!, last: times.at(-1)!, days: counts};
		assert.deepEqual(verification.sources, {'some-source:some-tenant': tally});
		const lengths = entries().flatMap(({files, range}) =>
			range ? range.to - range.from : files!.map(file => file.bytes),
		);
		const all = bytesOf().reduce((sum, {size}) => sum + size, 0);
		assert.equal(
			lengths.reduce((sum, length) => sum + length, 0),
			all,
		);
	});

	it('is read back: every record once, without what lies behind the last commit', async () => {
		const {read} = await load('sink', archive.sink);
		if (archive.sink === 'csv') return assert.equal(read, undefined);
		const readAll = async () => {
			const [records, unreadable] = [[] as unknown[], [] as string[]];
			const onUnreadable = (what: string) => void unreadable.push(what);
			for await (const some of read!(options(folder) as never, {onUnreadable})) records.push(...some);
			const ids = records.flatMap(record => (record as {id: string} | undefined)?.id ?? []); // a cut record is none
			return {ids: ids.sort(), unreadable};
		};
		const last = data(folder).at(-1)!;
		const behind = JSON.stringify({id: 'uncommitted'});
		if (addsFiles) fs.writeFileSync(path.join(path.dirname(last), `9${path.basename(last)}`), behind);
		else fs.appendFileSync(last, behind);
		assert.deepEqual(await readAll(), {ids: texts.flat(), unreadable: []});

		const damaged = data(folder)[0]!;
		fs.truncateSync(damaged, addsFiles ? 0 : fs.statSync(damaged).size >> 1);
		fs.rmSync(last, {force: addsFiles});
		const left = await readAll();
		assert.ok(left.ids.length < texts.flat().length, String(left.ids));
		assert.equal(left.unreadable.length > 0, true);
	});

	it('finds one byte that was flipped, whichever, and names where', async () => {
		const files = bytesOf();
		await fc.assert(
			fc.asyncProperty(fc.nat(files.length - 1), fc.nat(), async (at, anywhere) => {
				const {file, size} = files[at]!;
				const offset = anywhere % size;
				flip(file, offset);
				const {damage} = await verify();
				flip(file, offset);
				assert.equal(damage.length, 1);
				const {kind, what} = damage[0]!;
				assert.equal(kind, 'changed');
				assert.ok(what.startsWith(nameOf(folder, file)), what);
				const [, from, to] = /bytes (\d+) to (\d+)/.exec(what) ?? [];
				if (!addsFiles) assert.ok(Number(from) <= offset && offset < Number(to), `${what}: ${offset}`);
			}),
			{numRuns: 40},
		);
		assert.deepEqual((await verify()).damage, []);
	});

	it('finds an event that was dropped', async () => {
		if (addsFiles) {
			const file = data(folder)[3]!;
			fs.rmSync(file);
			assert.deepEqual(found(await verify()), [`missing ${nameOf(folder, file)}`]);
			return;
		}
		const [file] = data(folder) as [string];
		const bytes = fs.readFileSync(file);
		const {range} = entries().find(({entry}) => entry === 2)!;
		const cut = Buffer.concat([bytes.subarray(0, range!.from), bytes.subarray(range!.from + 20)]);
		fs.writeFileSync(file, cut);
		const {damage} = await verify();
		assert.deepEqual(
			damage.map(({kind}) => kind),
			[...Array.from({length: entries().length - 3}, () => 'changed'), 'missing'],
		);
		assert.match(damage[0]!.what, new RegExp(`: bytes ${range!.from} to `));
	});

	it('finds an event that was added', async () => {
		const [file] = data(folder) as [string];
		if (addsFiles) {
			const added = path.join(path.dirname(file), 'x.json');
			fs.writeFileSync(added, '{"id":"x"}');
			assert.deepEqual(found(await verify()), [`added ${nameOf(folder, added)}`]);
			return;
		}
		const bytes = fs.readFileSync(file);
		fs.writeFileSync(file, Buffer.concat([bytes.subarray(0, 10), Buffer.from('more'), bytes.subarray(10)]));
		await isDamaged('changed', 'bytes 0 to')();
		// Behind the last entry nobody can tell it from what a run left that died.
		fs.writeFileSync(file, Buffer.concat([bytes, Buffer.from('more')]));
		const {damage, uncommitted} = await verify();
		assert.deepEqual(damage, []);
		assert.deepEqual(uncommitted, [`${file}: bytes ${bytes.length} to ${bytes.length + 4}`]);
	});

	it('finds two that were swapped', async () => {
		if (addsFiles) {
			const [one, two] = data(folder) as [string, string];
			const [first, second] = [fs.readFileSync(one), fs.readFileSync(two)];
			fs.writeFileSync(one, second);
			fs.writeFileSync(two, first);
			assert.deepEqual(found(await verify()), [one, two].map(file => `changed ${nameOf(folder, file)}`).sort());
			return;
		}
		const [file] = data(folder) as [string];
		const bytes = fs.readFileSync(file);
		const [one, two] = entries()
			.slice(-2)
			.map(({range}) => range!.to - 12) as [number, number];
		for (const [to, from] of [
			[one, two],
			[two, one],
		] as const) {
			const swapped = fs.readFileSync(file);
			swapped.set(bytes.subarray(from, from + 12), to);
			fs.writeFileSync(file, swapped);
		}
		assert.deepEqual(
			(await verify()).damage.map(({kind}) => kind),
			['changed', 'changed'],
		);
	});

	if (addsFiles) {
		it('finds one that was moved, and says where it is', async () => {
			const file = data(folder)[2]!;
			fs.renameSync(file, path.join(folder, 'elsewhere.json'));
			const {damage} = await verify();
			assert.deepEqual(found({damage}), [`moved ${nameOf(folder, file)}`]);
			assert.match(damage[0]!.detail, /elsewhere\.json/);
		});
	}

	it('finds entries that changed places', async () => {
		const lines = [...readEntries(folder)];
		[lines[1], lines[2]] = [lines[2]!, lines[1]!];
		writeEntries(folder, lines);
		await isDamaged('entry', 'entry 2')();
		await isDamaged('entry', 'entry 1')();
	});

	it('finds an entry that was changed, dropped or doubled, and reads on behind it', async () => {
		const lines = [...readEntries(folder)];
		await fc.assert(
			fc.asyncProperty(fc.nat(lines.length - 1), fc.nat(), async (at, anywhere) => {
				const bytes = Buffer.from(lines[at]!);
				bytes[anywhere % bytes.length]! ^= 1;
				writeEntries(folder, lines.with(at, bytes.toString('latin1')));
				const {damage} = await verify();
				assert.ok(found({damage}).includes(`entry entry ${at}`), JSON.stringify(damage));
				assert.ok(
					damage.every(({kind, what}) => kind === 'added' || what === `entry ${at}`),
					JSON.stringify(damage),
				);
			}),
			{numRuns: 60},
		);
		writeEntries(folder, lines.toSpliced(1, 1));
		await isDamaged('entry', 'entry 2')();
		writeEntries(folder, lines.toSpliced(1, 0, lines[0]!));
		await isDamaged('entry', 'entry 0')();
	});

	it('does not see that the last entry was dropped with its data: the head in the state does', async () => {
		const {files, range} = entries().at(-1)!;
		writeEntries(folder, readEntries(folder).slice(0, -1));
		for (const file of files ?? []) fs.rmSync(listed(folder, file.path));
		if (range) fs.truncateSync(listed(folder), range.from);
		const cut = await verify();
		assert.deepEqual([cut.damage, cut.uncommitted], [[], []]);
		assert.ok('damage' in findHead(cut, chains.at(-1)!.head, '--state'));
		assert.deepEqual(findHead(cut, chains.at(-2)!.head, '--expect-head'), {
			from: '--expect-head',
			since: 0,
			part: cut.parts[0]!.part,
		});
		assert.deepEqual(findHead(cut, emptyChain.head, '--state'), {from: '--state', since: cut.hashes.length});
	});

	it('does not see a chain that was written anew: the head in the state does, and the signature', async () => {
		flip(data(folder)[0]!, 5);
		rewriteChain();
		const unsigned = await verifyPlainly();
		assert.deepEqual([unsigned.damage, unsigned.signed], [[], 0]);
		assert.ok('damage' in findHead(unsigned, chains[0]!.head, '--expect-head'));
		const missing = (await verify()).damage;
		assert.equal(missing.length, unsigned.chain.entries);
		assert.ok(missing.every(({kind, detail}) => kind === 'entry' && /not signed/.test(detail)));
		rewriteChain(signer(otherKey.privateKey));
		assert.deepEqual((await verifyPlainly()).damage, []);
		assert.match((await verify()).damage[0]!.detail, /not of this key/);
		assert.deepEqual((await verify(otherKey.publicKey)).damage, []);
	});

	it('takes an emptied manifest for no proof of anything', async () => {
		writeEntries(folder, []);
		for (const file of data(folder)) fs.writeFileSync(file, '{"id":"forged"}\n');
		assert.ok((await verifyPlainly()).damage.some(({kind}) => kind === 'added'));
		await isDamaged('missing', 'entry 0')();
		for (const file of data(folder)) fs.rmSync(file);
		await isDamaged('missing', 'entry 0')();
	});

	it('never ends at one bad entry: names what is no file, and reads on', async () => {
		const last = data(folder).at(-1)!;
		const [first] = data(folder) as [string];
		if (!addsFiles) {
			fs.rmSync(first);
			execFileSync('mkfifo', [first]);
			await assert.rejects(verify(), {code: 'TARGET_REFUSED', message: /not a regular file/});
			return;
		}
		flip(last, 3);
		for (const put of [
			() => execFileSync('mkfifo', [first]),
			() => fs.mkdirSync(first),
			() => fs.symlinkSync(path.join(temporary(), 'elsewhere'), first),
		]) {
			fs.rmSync(first, {recursive: true});
			put();
			const {damage} = await verify();
			for (const file of [first, last]) {
				assert.ok(
					damage.some(({what}) => what === nameOf(folder, file)),
					JSON.stringify(damage),
				);
			}
		}
	});

	it('reads on behind an entry that lists what cannot be', async () => {
		if (!addsFiles) return;
		const [opened] = entries();
		const {entry: _entry, previous: _previous, ...content} = opened!;
		const hostile = ['a\0b', '../outside', '/etc/passwd', 'x'.repeat(5000), '.'];
		const files = hostile.map(at => ({path: at, bytes: 1, sha256: 'f'.repeat(64)}));
		writeEntries(folder, [sealEntry(emptyChain, {...content, files: [...files, ...content.files!]}).line]);
		const {damage, uncommitted} = await verifyPlainly();
		for (const at of hostile)
			assert.ok(
				damage.some(({what}) => what === at),
				at,
			);
		assert.ok(!damage.some(({what}) => content.files!.some(file => file.path === what)));
		// What of it has the name of an object that comes next may be of a run that died.
		if (archive !== objectFolder) assert.deepEqual(uncommitted, []);
	});

	it('calls what a run left that died uncommitted', async () => {
		if (archive === objectFolder) return; // test/sinks/_objects/verify-archive.spec.ts
		const create = await load('sink', archive.sink);
		const sink = await create({...options(folder), ...goOn} as never).open(sinkContext());
		await sink.write(batchOf([{id: 'z', text: '{"id":"z"}'}]));
		const where = path.join(temporary(), 'killed');
		fs.cpSync(folder, where, {recursive: true});
		await sink.flush();
		await sink.close();
		folder = where;
		const last = readEntries(folder).length;
		fs.appendFileSync(manifest(folder), '{"entry":{"ent');
		const {damage, uncommitted, chain} = await verify();
		assert.deepEqual(damage, []);
		// a file gets nothing before its commit
		assert.equal(uncommitted.length, addsFiles ? 2 : 1);
		assert.ok(uncommitted.some(what => /manifest\S*: the last 14 bytes, an entry that is not whole/.test(what)));
		assert.equal(chain.entries, last);
	});
}
