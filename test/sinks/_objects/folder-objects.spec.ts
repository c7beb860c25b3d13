import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';
import {folderObjects} from '../../../sinks/_objects/folder-archive.ts';
import type {ObjectStore, Spooled} from '../../../sinks/_objects/object-store.ts';
import {tempPath} from '../../../sinks/_files/temp-files.ts';
import {patchFs, restoreFs, systemError, watchSync} from '../../support/patch-fs.ts';
import {sinkError} from '../../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

describe('folder of objects', () => {
	const temporary = temporaryFolder();
	let dir: string;
	let store: ObjectStore;
	beforeEach(() => {
		dir = join(temporary(), 'archive');
		fs.mkdirSync(dir);
		store = folderObjects({sink: 'ndjson', dir, durability: 'power'});
	});
	afterEach(restoreFs);

	function spool(content: string): Spooled {
		const file = tempPath(dir);
		fs.writeFileSync(file, content);
		const sha256 = createHash('sha256').update(content).digest('hex');
		return {file, bytes: Buffer.byteLength(content), sha256, contentType: 'text/plain', metadata: {}};
	}
	const content = (name: string) => fs.readFileSync(join(dir, name), 'utf8');
	async function names(prefix = ''): Promise<string[]> {
		const found = [];
		for await (const {name} of store.list(prefix)) found.push(name);
		return found;
	}

	for (const code of ['', 'EPERM', 'EOPNOTSUPP']) {
		it(`never overwrites, never shows a part${code && `, also without hard links (${code})`}`, async () => {
			if (code) {
				patchFs('linkSync', () => () => {
					throw systemError(code);
				});
			}
			assert.equal(await store.put('a/b/c', spool('one')), 'stored');
			assert.equal(await store.put('a/b/c', spool('one')), 'stored');
			assert.equal(await store.put('a/b/c', spool('two')), 'taken');
			assert.equal(await store.put('a/b/c', spool('longer')), 'taken');
			assert.equal(content('a/b/c'), 'one');
			assert.equal(await text(store.read('a/b/c')), 'one');
		});
	}

	it('knows an object by its content, and removes only the one that was asked for', async () => {
		await store.put('a', spool('one'));
		const object = (await store.stat('a'))!;
		assert.deepEqual([object.name, object.bytes], ['a', 3]);
		assert.ok(await store.isSame(object, spool('one')));
		assert.ok(!(await store.isSame(object, spool('two'))));
		fs.rmSync(join(dir, 'a'));
		await store.put('a', spool('other'));
		assert.equal(await store.remove(object), 'removed');
		assert.equal(content('a'), 'other');
		assert.equal(await store.remove((await store.stat('a'))!), 'removed');
		assert.equal(await store.stat('a'), undefined);
	});

	it('says that a file which may not be removed is locked', async () => {
		await store.put('a', spool('one'));
		patchFs('unlinkSync', () => () => {
			throw systemError('EPERM');
		});
		assert.equal(await store.remove((await store.stat('a'))!), 'locked');
	});

	it('lists everything but temporary files, ordered by the whole name', async () => {
		const wanted = ['_rxaudit.manifest/0.entry', 'a-b/x', 'a/x', 'a/y/z', 'aa'];
		for (const name of wanted.toReversed()) await store.put(name, spool(name));
		spool('temporary');
		assert.deepEqual(await names(), wanted);
		assert.deepEqual(await names('_rxaudit.manifest/'), wanted.slice(0, 1));
		fs.writeFileSync(join(dir, 'a/.rxaudit-hidden.tmp'), '');
		fs.symlinkSync('/etc/hostname', join(dir, 'link'));
		assert.deepEqual(
			(await names()).filter(name => !wanted.includes(name)),
			['a/.rxaudit-hidden.tmp', 'link'],
		);
		fs.rmSync(dir, {recursive: true});
		assert.deepEqual(await names(), []);
	});

	it('never leaves its folder', async () => {
		fs.writeFileSync(join(dir, '../outside'), 'secret');
		fs.symlinkSync(join(dir, '../outside'), join(dir, 'link'));
		fs.symlinkSync(temporary(), join(dir, 'folder'));
		for (const name of ['../outside', 'a/../../outside', '/etc/hostname', '', '.', 'a//b', 'link', 'a\0']) {
			assert.equal(await store.stat(name), undefined, name);
		}
		assert.throws(() => store.read('../outside'), /not the name of a file/);
		await assert.rejects(store.put('../x', spool('x')), /not the name of a file/);
		await assert.rejects(store.put('folder/x', spool('x')), sinkError('TARGET_REFUSED', /in the way/));
		assert.equal(await store.stat('link/x'), undefined);
	});

	it('syncs each object and its new folders once, or nothing at all', async () => {
		const seen = watchSync();
		await store.put('a/b', spool('one'));
		assert.deepEqual(seen, {files: 1, folders: 2});
		await store.put('a/c', spool('two'));
		assert.deepEqual(seen, {files: 2, folders: 3});
		store = folderObjects({sink: 'ndjson', dir, durability: 'process'});
		await store.put('a/d', spool('three'));
		assert.deepEqual(seen, {files: 2, folders: 3});
	});

	it('does not say that it is stored when an fsync fails', async () => {
		watchSync(1);
		await assert.rejects(store.put('a', spool('one')), /EIO/);
		assert.equal(await store.stat('a'), undefined);
	});
});
