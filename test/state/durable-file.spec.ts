import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import {
	createDurably,
	createFolder,
	discard,
	errnoOf,
	linkOrCopy,
	readIfPresent,
	syncFolder,
	writeFully,
} from '../../lib/state/durable-file.ts';
import {failAt, interceptFs} from '../support/intercept-fs.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

describe('durable-file', () => {
	const folder = temporaryFolder();
	const file = () => path.join(folder(), 'file');

	/** The steps of an action, with the folder's own name left out. */
	const stepsOf = async (action: () => void): Promise<string[]> => {
		const steps: string[] = [];
		await interceptFs(step => steps.push(step.replaceAll(folder(), '.')), action);
		return steps;
	};

	it('errnoOf() knows failures of another realm, as tests under jest have them', () => {
		assert.equal(errnoOf(vm.runInNewContext("Object.assign(new Error('no'), {code: 'ENOENT'})")), 'ENOENT');
		for (const nothing of [undefined, null, 'ENOENT', new Error('no'), {code: 2}])
			assert.equal(errnoOf(nothing), undefined);
	});

	it('createDurably() syncs before it closes, for the owner only', async () => {
		const steps = await stepsOf(() => createDurably(file(), Buffer.from('abc')));
		assert.deepEqual(steps, ['openSync ./file', 'writeSync ./file', 'fsyncSync ./file', 'closeSync ./file']);
		assert.equal(fs.readFileSync(file(), 'utf8'), 'abc');
		assert.equal(fs.statSync(file()).mode & 0o777, 0o600);
	});

	it('createDurably() leaves nothing when a step fails, and never replaces', async () => {
		for (let at = 2; at <= 4; at++) {
			await assert.rejects(
				interceptFs(failAt(at), () => createDurably(file(), Buffer.from('abc'))),
				{code: 'EIO'},
			);
			assert.deepEqual(fs.readdirSync(folder()), []);
		}
		fs.writeFileSync(file(), 'old');
		assert.throws(() => createDurably(file(), Buffer.from('abc')), {code: 'EEXIST'});
		assert.equal(fs.readFileSync(file(), 'utf8'), 'old');
	});

	it('writeFully() goes on after a short write', () => {
		const real = fs.writeSync;
		const short = (fd: number, bytes: Uint8Array, offset: number, length: number, position: number) =>
			real(fd, bytes, offset, Math.min(length, 3), position);
		const fd = fs.openSync(file(), 'w');
		fs.writeSync = short as typeof fs.writeSync;
		try {
			writeFully(fd, Buffer.from('0123456789'), 2);
		} finally {
			fs.writeSync = real;
			fs.closeSync(fd);
		}
		assert.equal(fs.readFileSync(file(), 'latin1'), '\0\x000123456789');
	});

	it('syncFolder() syncs the folder itself', async () => {
		assert.deepEqual(await stepsOf(() => syncFolder(folder())), ['openSync .', 'fsyncSync .', 'closeSync .']);
	});

	it('syncFolder() takes a file system that cannot sync folders as it is, and hides no other failure', async () => {
		for (const code of ['EINVAL', 'ENOTSUP']) await interceptFs(failAt(2, code), () => syncFolder(folder()));
		for (const code of ['EIO', 'EDQUOT']) {
			await assert.rejects(
				interceptFs(failAt(2, code), () => syncFolder(folder())),
				{code},
			);
		}
	});

	it('linkOrCopy() copies durably where there are no hard links, and takes no name that is taken', async () => {
		fs.writeFileSync(file(), 'abc');
		const copy = `${file()}.copy`;
		for (const code of ['EPERM', 'EACCES', 'ENOTSUP', 'ENOSYS', 'EMLINK']) {
			await interceptFs(failAt(1, code), () => linkOrCopy(file(), copy));
			assert.equal(fs.readFileSync(copy, 'utf8'), 'abc');
			assert.notEqual(fs.statSync(copy).ino, fs.statSync(file()).ino);
			const again = interceptFs(failAt(1, code), () => linkOrCopy(file(), copy));
			await assert.rejects(again, {code: 'EEXIST'});
			fs.unlinkSync(copy);
		}
		const failing = interceptFs(failAt(1, 'EIO'), () => linkOrCopy(file(), copy));
		await assert.rejects(failing, {code: 'EIO'});
		linkOrCopy(file(), copy);
		assert.equal(fs.statSync(copy).ino, fs.statSync(file()).ino);
	});

	it('createFolder() syncs the name of each folder it makes', async () => {
		const made = path.join(folder(), 'a', 'b', 'c');
		const steps = await stepsOf(() => createFolder(made));
		assert.deepEqual(
			steps.filter(step => step.startsWith('fsync')),
			['fsyncSync ./a/b', 'fsyncSync ./a', 'fsyncSync .'],
		);
		assert.deepEqual(await stepsOf(() => createFolder(made)), ['mkdirSync ./a/b/c']);
	});

	it('createFolder() ends with an error where a parent can neither be found nor be made', () => {
		if (process.platform === 'linux') assert.throws(() => createFolder('/proc/no-such-thing/folder'), {code: 'ENOENT'});
		fs.writeFileSync(path.join(folder(), 'a'), '');
		assert.throws(() => createFolder(path.join(folder(), 'a', 'b')), {code: 'ENOTDIR'});
	});

	it('readIfPresent() and discard() take a missing file for an answer', () => {
		assert.equal(readIfPresent(file()), undefined);
		discard(file());
		assert.throws(() => readIfPresent(folder()), {code: 'EISDIR'});
	});
});
