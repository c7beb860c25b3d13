import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {generateKeyPairSync} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {gzipSync} from 'node:zlib';
import {checkHeads} from '../../lib/cli/output/verdict.ts';
import {type Chain, chainIn, emptyChain, sealEntry, type Sign, signer} from '../../lib/sink/manifest.ts';
import {load} from '../../lib/registry.ts';
import {root} from '../support/tree.ts';
import {batchOf, sinkContext} from '../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {type ArchiveEntry, archiveTable, entriesOf, objectFolder, rewriteChain} from './verify-table.ts';

const key = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');
const levels = ['plain', 'head', 'key'] as const;

/** By exit code: 1 is damage, 2 nothing to verify, 0 intact, which is what is not promised to be found. */
type Outcome = 0 | 1 | 2;

type Shape = 'file' | 'files' | 'objects';

/** An archive that is about to be forged. */
interface Victim extends ArchiveEntry {
	readonly folder: string;
	readonly files: readonly string[];
	/** Writes another archive of the same kind. */
	another(sign?: Sign): Promise<string>;
}

interface Forgery {
	readonly what: string;
	/** Of which kinds of archive; default: all. */
	readonly of?: readonly Shape[];
	/** For each of the levels. */
	readonly found: readonly [Outcome, Outcome, Outcome];
	readonly forge: (victim: Victim) => unknown;
}

const everywhere = [1, 1, 1] as const;
const folders: readonly Shape[] = ['files', 'objects'];

const change = (file: string) => {
	const bytes = fs.readFileSync(file);
	bytes[bytes.length >> 1]! ^= 1;
	fs.writeFileSync(file, bytes);
};
const removeManifest = ({folder}: Victim) => {
	for (const name of fs.readdirSync(folder).filter(each => each.includes('manifest')))
		fs.rmSync(path.join(folder, name), {recursive: true});
};
const dropLast = (victim: Victim) => {
	const {files, range} = entriesOf(victim, victim.folder).at(-1)!;
	victim.writeEntries(victim.folder, victim.readEntries(victim.folder).slice(0, -1));
	for (const file of files ?? []) fs.rmSync(victim.listed(victim.folder, file.path));
	if (range) fs.truncateSync(victim.listed(victim.folder), range.from);
};
const append = ({files}: Victim, bytes: string) => {
	const [file] = files as [string];
	fs.appendFileSync(file, file.endsWith('.gz') ? gzipSync(bytes) : bytes);
};
/** The object that the next commit of the only part would make. */
const nextObject = ({files}: Victim) => {
	const at = files.at(-1)!;
	const next = path.basename(at).replace(/^\d{12}/, digits => String(Number(digits) + 1).padStart(12, '0'));
	return path.join(path.dirname(at), next);
};
const addPart = async (victim: Victim, sign?: Sign) => {
	fs.cpSync(await victim.another(sign), victim.folder, {recursive: true});
};
const dropLastEntry = ({readEntries, writeEntries, folder}: Victim) =>
	writeEntries(folder, readEntries(folder).slice(0, -1));
const put = (victim: Victim, how: (file: string) => unknown) => {
	const [file] = victim.files as [string];
	fs.rmSync(file);
	how(file);
};

const forgeries: readonly Forgery[] = [
	{what: 'a byte of the data changed', found: everywhere, forge: ({files}) => change(files.at(-1)!)},
	{
		what: 'two events or objects swapped',
		found: everywhere,
		forge({files, addsFiles}) {
			const [one, two = one] = files as [string, string?];
			const [a, b] = [fs.readFileSync(one), fs.readFileSync(two)];
			if (addsFiles) return [fs.writeFileSync(one, b), fs.writeFileSync(two, a)];
			const half = a.length >> 1;
			return fs.writeFileSync(one, Buffer.concat([a.subarray(half), a.subarray(0, half)]));
		},
	},
	{
		what: 'events removed',
		found: everywhere,
		forge: ({files: [file], addsFiles}) =>
			addsFiles ? fs.rmSync(file!) : fs.writeFileSync(file!, fs.readFileSync(file!).subarray(30)),
	},
	{
		what: 'the end of the data cut off',
		of: ['file'],
		found: everywhere,
		forge: ({files: [file]}) => fs.truncateSync(file!, fs.statSync(file!).size - 5),
	},
	{what: 'the end of the data cut off, with its entry', found: [0, 1, 0], forge: dropLast},
	{
		what: 'entries swapped',
		found: everywhere,
		forge({readEntries, writeEntries, folder}) {
			const [first, second, ...rest] = readEntries(folder) as [string, string];
			writeEntries(folder, [second, first, ...rest]);
		},
	},
	{
		what: 'an entry removed that others follow',
		found: everywhere,
		forge: ({readEntries, writeEntries, folder}) => writeEntries(folder, readEntries(folder).toSpliced(1, 1)),
	},
	{what: 'the last entry removed, its data kept', of: ['file', 'objects'], found: [0, 1, 0], forge: dropLastEntry},
	{what: 'the last entry of a folder of events removed', of: ['files'], found: everywhere, forge: dropLastEntry},
	{
		what: 'an entry of another archive added',
		found: everywhere,
		forge: async ({readEntries, writeEntries, folder, another}) =>
			writeEntries(folder, [...readEntries(folder), readEntries(await another(signer(key.privateKey))).at(-1)!]),
	},
	{what: 'a part of another archive added, with its files', of: folders, found: [0, 0, 1], forge: v => addPart(v)},
	{
		what: 'the same, signed with the same key',
		of: folders,
		found: [0, 0, 0],
		forge: v => addPart(v, signer(key.privateKey)),
	},
	{
		what: 'all data replaced, the manifest emptied',
		found: everywhere,
		forge(victim) {
			victim.writeEntries(victim.folder, []);
			for (const file of victim.files) fs.writeFileSync(file, '{"id":"forged"}\n');
		},
	},
	{what: 'the manifest of a file removed', of: ['file'], found: [2, 1, 1], forge: removeManifest},
	{what: 'the manifest of a folder removed', of: folders, found: everywhere, forge: removeManifest},
	{
		what: 'all of it removed',
		found: [2, 1, 1],
		forge: ({folder}) => fs.rmSync(folder, {recursive: true}),
	},
	{
		what: 'events changed, the chain written anew',
		found: [0, 1, 1],
		forge(victim) {
			change(victim.files[0]!);
			rewriteChain(victim, victim.folder);
		},
	},
	{
		what: 'the same, signed with another key',
		found: [0, 1, 1],
		forge(victim) {
			change(victim.files[0]!);
			rewriteChain(victim, victim.folder, signer(other.privateKey));
		},
	},
	{
		what: 'events put in between',
		of: ['file'],
		found: everywhere,
		forge: ({files: [file]}) => fs.writeFileSync(file!, Buffer.concat([Buffer.from('{}\n'), fs.readFileSync(file!)])),
	},
	{
		what: 'lines added behind the end',
		of: ['file'],
		found: [0, 1, 0],
		forge: v => append(v, '{"id":"x","text":"x"}\n'),
	},
	{
		what: 'other bytes added behind the end',
		of: ['file'],
		found: [0, 1, 0],
		forge: ({files: [file]}) => fs.appendFileSync(file!, '\0garbage'),
	},
	{
		what: 'an empty gzip member added',
		of: ['file'],
		found: [0, 1, 0],
		forge: v => append(v, v.files[0]!.endsWith('z') ? '' : ' '),
	},
	{
		what: 'a file or an object added',
		of: folders,
		found: everywhere,
		forge: ({files: [file]}) => fs.copyFileSync(file!, path.join(path.dirname(file!), 'added.json')),
	},
	{
		what: 'a file added, under a marker that is forged',
		of: ['files'],
		found: [0, 1, 0],
		forge(victim) {
			fs.writeFileSync(`${victim.manifest(victim.folder)}.open`, '');
			fs.writeFileSync(path.join(victim.folder, 'added.json'), '{}');
		},
	},
	{
		what: 'the same, the marker being a symbolic link',
		of: ['files'],
		found: [0, 1, 0],
		forge(victim) {
			fs.symlinkSync('/dev/null', `${victim.manifest(victim.folder)}.open`);
			fs.writeFileSync(path.join(victim.folder, 'added.json'), '{}');
		},
	},
	{
		what: 'an object added, under the name that comes next',
		of: ['objects'],
		found: [0, 1, 0],
		forge: v => fs.writeFileSync(nextObject(v), gzipSync('{}\n')),
	},
	{
		what: 'an entry that lists a path with a NUL',
		of: folders,
		found: everywhere,
		forge({folder, readEntries, writeEntries}) {
			const lines = readEntries(folder);
			const last = (JSON.parse(lines.at(-1)!) as {hash: string}).hash;
			const files = [{path: 'a\0b', bytes: 1, sha256: 'f'.repeat(64)}];
			writeEntries(folder, [...lines, sealEntry({entries: lines.length, head: last}, {sources: {}, files}).line]);
		},
	},
	{
		what: 'a FIFO in place of data',
		of: folders,
		found: everywhere,
		forge: v => put(v, file => execFileSync('mkfifo', [file])),
	},
	{
		what: 'a FIFO added',
		of: folders,
		found: everywhere,
		forge: ({files: [file]}) => execFileSync('mkfifo', [path.join(path.dirname(file!), 'fifo')]),
	},
	{
		what: 'a symbolic link in place of data, to the same bytes',
		of: folders,
		found: everywhere,
		forge(victim) {
			const copy = path.join(victim.folder, '..', 'copy');
			fs.copyFileSync(victim.files[0]!, copy);
			put(victim, file => fs.symlinkSync(copy, file));
		},
	},
];

/** What a verification at a level would exit with. */
const shown: Readonly<Record<Outcome, string>> = {0: 'not found', 1: 'found', 2: 'exit code 2'};

describe('what verify finds of each forgery, at each level', () => {
	const temporary = temporaryFolder();
	const archives = {...archiveTable, 'ndjson:DIR/': objectFolder};
	let cells = 0;

	after(() => console.log(`      ${cells} cells`));

	async function write(archive: ArchiveEntry, folder: string, sign?: Sign): Promise<Chain> {
		fs.mkdirSync(folder);
		const create = await load('sink', archive.sink);
		const sink = await create({...archive.options(folder), durability: 'process'} as never).open({
			...sinkContext(),
			...(sign ? {sign} : {}),
		});
		let chain = emptyChain;
		for (const ids of ['ab', 'c', 'de']) {
			const id = path.basename(folder);
			await sink.write(
				batchOf([...ids].map(one => ({id: `${id}-${one}`, text: `{"id":"${id}-${one}","text":"${one}"}`}))),
			);
			chain = chainIn(await sink.flush())!;
		}
		await sink.close();
		return chain;
	}

	async function outcomeAt(level: (typeof levels)[number], archive: ArchiveEntry, folder: string, {head}: Chain) {
		const {verify} = await load('sink', archive.sink);
		const expected = level === 'head' ? [{head, from: '--state', isClosed: () => true}] : [];
		try {
			const verification = await verify!(archive.options(folder) as never, {
				isExpected: expected.length > 0,
				...(level === 'key' ? {publicKey: key.publicKey} : {}),
			});
			return checkHeads(verification, expected).damage.length > 0 ? 1 : 0;
		} catch (error) {
			assert.equal((error as {code?: unknown}).code, 'TARGET_REFUSED', String(error));
			return 2;
		}
	}

	for (const [name, archive] of Object.entries(archives)) {
		const shape: Shape = archive === objectFolder ? 'objects' : archive.addsFiles ? 'files' : 'file';

		it(`is as documented for ${name}`, async () => {
			const wrong: string[] = [];
			for (const [index, {what, of, found, forge}] of forgeries.entries()) {
				if (of && !of.includes(shape)) continue;
				const folder = path.join(temporary(), `${index}`);
				fs.mkdirSync(folder);
				const target = path.join(folder, 'archive');
				const chain = await write(archive, target, signer(key.privateKey));
				const another = async (sign?: Sign) => {
					await write(archive, path.join(folder, 'another'), sign);
					return path.join(folder, 'another');
				};
				for (const level of levels) assert.equal(await outcomeAt(level, archive, target, chain), 0, 'not forged');
				await forge({...archive, folder: target, files: archive.data(target), another});
				for (const [at, level] of levels.entries()) {
					cells++;
					const outcome = await outcomeAt(level, archive, target, chain);
					if (outcome !== found[at]) wrong.push(`${what}, ${level}: ${shown[outcome]}, expected ${shown[found[at]!]}`);
				}
			}
			assert.deepEqual(wrong, []);
		});
	}

	it('is what the documents say', () => {
		const rows = forgeries.map(({what, of, found}) => {
			const kinds = of ? of.map(shape => kindNames[shape]).join(', ') : 'all';
			return `| ${what} | ${kinds} | ${found.map(outcome => shown[outcome]).join(' | ')} |`;
		});
		const text = `${head}${rows.join('\n')}\n`;
		const file = new URL('docs/verify.md', root);
		if (process.env['RXAUDIT_WRITE_DOCS']) fs.writeFileSync(file, text);
		assert.equal(fs.readFileSync(file, 'utf8'), text);
	});
});

const kindNames: Readonly<Record<Shape, string>> = {
	file: 'a file',
	files: '`filesystem:`',
	objects: '`ndjson:DIR/`, buckets',
};

const head = `# What verify finds

Each way to forge an archive, and whether \`rxaudit verify\` ends with exit code 1 (found), with 2 (there is nothing to verify)
or with 0 (not found). With a state or a head: the last one of every part, no run going on or killed. With a key: every
entry was signed by it. Made from the table that the tests run (\`test/conformance/forgeries.spec.ts\`), as the rest of docs/.

| what was done | to | plain | \`--state\`, \`--expect-head\` | \`--public-key-file\` |
| --- | --- | --- | --- | --- |
`;
