import fs from 'node:fs';
import path from 'node:path';

/** A file that one or more names lead to; the same object as long as it is the same file. */
interface File {
	/** Its bytes as of its last fsync; undefined: it never had one. */
	synced: Buffer | undefined;
}

type Names = ReadonlyMap<string, File | 'folder'>;

/** What lies in a folder: its files by relative path, each with its bytes, and its folders. */
export type Disk = ReadonlyMap<string, {readonly file: File; readonly bytes: Buffer} | 'folder'>;

/** What a disk may hold of what was written when a crash has come. */
export interface Crash {
	/** The call before which it comes, or within which. */
	readonly step: string;
	/** What stays of what had no fsync yet: all of it (kill -9), the names alone, nothing. */
	readonly kept: 'all' | 'names' | 'nothing';
	readonly disk: Disk;
	/** What was kept elsewhere. */
	readonly beside: Copy | undefined;
}

/** What a store that is no file system held at an instant. */
export interface Copy {
	/** Tells it from any other. */
	readonly print: string;
	/** Makes the store hold it again. */
	readonly restore: () => void;
}

type Call = (...args: unknown[]) => unknown;

const onPaths = ['openSync', 'renameSync', 'linkSync', 'mkdirSync', 'unlinkSync', 'rmSync'];
const onDescriptors = ['writeSync', 'ftruncateSync', 'closeSync', 'fsyncSync', 'fdatasyncSync', 'fsync', 'fdatasync'];

/**
 * Runs `action` to its end, and notes at every call that changes a file system what a crash at that instant would leave
 * in `folder`, each different disk once; of a write also what half of it would. Nothing is really synced. `action` may
 * note an instant by itself, when a store elsewhere has changed that `copyBeside` copies.
 */
export async function crashesOf(
	folder: string,
	action: (note: (step: string) => void) => Promise<unknown>,
	copyBeside?: () => Copy,
): Promise<Crash[]> {
	const table = fs as unknown as Record<string, Call>;
	const real = Object.fromEntries([...onPaths, ...onDescriptors].map(name => [name, table[name]!]));
	const files = new Map<number, File>();
	/** Of each folder its names as of its last fsync; the folder itself is the empty path. */
	const synced = new Map<string, Names>();
	const crashes = new Map<string, Crash>();
	let isLooking = false;

	const fileOf = (inode: number): File => {
		const file = files.get(inode) ?? {synced: undefined};
		files.set(inode, file);
		return file;
	};
	const relative = (file: string) => path.relative(folder, file);
	const isInside = (file: string) => file === folder || file.startsWith(`${folder}/`);

	function namesIn(where: string): Names {
		const entries = fs.readdirSync(path.join(folder, where), {withFileTypes: true});
		return new Map(
			entries.map(entry => {
				const file = path.join(folder, where, entry.name);
				return [entry.name, entry.isDirectory() ? 'folder' : fileOf(fs.lstatSync(file).ino)];
			}),
		);
	}

	/** A walk through names; `bytesOf` says what is in a file. */
	function diskOf(namesOf: (where: string) => Names | undefined, bytesOf: (file: File, where: string) => Buffer): Disk {
		const disk = new Map<string, {file: File; bytes: Buffer} | 'folder'>();
		const walk = (where: string) => {
			for (const [name, found] of namesOf(where) ?? []) {
				const place = path.join(where, name);
				disk.set(place, found === 'folder' ? found : {file: found, bytes: bytesOf(found, place)});
				if (found === 'folder') walk(place);
			}
		};
		walk('');
		return disk;
	}

	function note(step: string): void {
		const lost = (file: File) => file.synced ?? Buffer.alloc(0);
		const disks = {
			all: diskOf(namesIn, (_, where) => fs.readFileSync(path.join(folder, where))),
			names: diskOf(namesIn, lost),
			nothing: diskOf(where => synced.get(where), lost),
		};
		const beside = copyBeside?.();
		for (const kept of ['all', 'names', 'nothing'] as const) {
			const print = `${printOf(disks[kept])}\n${beside?.print}`;
			if (!crashes.has(print)) crashes.set(print, {step, kept, disk: disks[kept], beside});
		}
	}

	/** What is looked at meanwhile is no step. */
	function look<T>(action: () => T): T {
		isLooking = true;
		try {
			return action();
		} finally {
			isLooking = false;
		}
	}

	function sync(file: string): void {
		if (fs.statSync(file).isDirectory()) synced.set(relative(file), namesIn(relative(file)));
		else fileOf(fs.statSync(file).ino).synced = fs.readFileSync(file);
	}

	function intercept(name: string, args: unknown[]): unknown {
		const file = onPaths.includes(name) ? String(args[0]) : fs.readlinkSync(`/proc/self/fd/${String(args[0])}`);
		if (isLooking || !isInside(file)) return real[name]!(...args);
		const step = `${name} ${relative(file)}`;
		look(() => note(step));
		if (name.includes('sync') && !onPaths.includes(name)) {
			look(() => sync(file));
			const done = args.at(-1);
			return typeof done === 'function' ? setImmediate(done as (error: null) => void, null) : undefined;
		}
		if (name === 'openSync') return look(() => open(args, file));
		if (name === 'writeSync') return look(() => write(args, step));
		if (name === 'rmSync' || name === 'unlinkSync') look(() => forget(file));
		if (name === 'renameSync') look(() => forget(String(args[1])));
		return look(() => real[name]!(...args));
	}

	/** A number of the system is given again to another file. */
	function forget(file: string): void {
		const stats = fs.lstatSync(file, {throwIfNoEntry: false});
		if (stats?.isFile() && stats.nlink === 1) files.delete(stats.ino);
	}

	function open(args: unknown[], file: string): unknown {
		const isNew = !fs.existsSync(file);
		const descriptor = real['openSync']!(...args) as number;
		if (isNew) files.delete(fs.fstatSync(descriptor).ino);
		return descriptor;
	}

	function write([descriptor, data, ...rest]: unknown[], step: string): number {
		const bytes = typeof data === 'string' ? Buffer.from(data) : (data as Uint8Array);
		const [offset = 0, length = bytes.length - (offset as number), position = null] = (
			typeof data === 'string' ? [] : rest
		) as [number?, number?, (number | null)?];
		const half = length >> 1;
		real['writeSync']!(descriptor, bytes, offset, half, position);
		note(`half of ${step}`);
		real['writeSync']!(descriptor, bytes, offset + half, length - half, position === null ? null : position + half);
		return length;
	}

	for (const name of Object.keys(real)) table[name] = (...args) => intercept(name, args);
	look(() => {
		// What was there before had all the time it needs.
		for (const [where, found] of diskOf(namesIn, (_, place) => fs.readFileSync(path.join(folder, place)))) {
			if (found === 'folder') synced.set(where, namesIn(where));
			else found.file.synced = found.bytes;
		}
		synced.set('', namesIn(''));
	});
	try {
		await action(step => look(() => note(step)));
		look(() => note('the end'));
	} finally {
		Object.assign(table, real);
	}
	return [...crashes.values()];
}

/** Tells two disks apart; two names of one file are not two files. */
function printOf(disk: Disk): string {
	const numbers = new Map<File, number>();
	const lines = [...disk].map(([name, found]) => {
		if (found === 'folder') return `${name}/`;
		if (!numbers.has(found.file)) numbers.set(found.file, numbers.size);
		return `${name} ${numbers.get(found.file)} ${found.bytes.toString('latin1')}`;
	});
	return lines.sort().join('\n');
}

/** Puts into a folder what a crash left, as another process left it: with this one's locks it would still be at work. */
export function restore(folder: string, {disk, beside}: Crash): void {
	beside?.restore();
	fs.rmSync(folder, {recursive: true, force: true});
	fs.mkdirSync(folder);
	const placed = new Map<File, string>();
	for (const [name, found] of disk) {
		const place = path.join(folder, name.replace(/(\.rxaudit-[0-9a-f]{8}-\d+-)[0-9a-f]{12}/, '$1000000000000'));
		const first = found === 'folder' ? undefined : placed.get(found.file);
		if (found === 'folder') fs.mkdirSync(place);
		else if (first !== undefined) fs.linkSync(first, place);
		else {
			placed.set(found.file, place);
			fs.writeFileSync(place, found.bytes.toString('latin1').replace(/"startTime":"\d+"/, '"startTime":"1"'), 'latin1');
		}
	}
}

/** Lets what this process has left in a folder be that of a dead one. */
export function abandon(folder: string): void {
	const disk = new Map<string, {file: File; bytes: Buffer} | 'folder'>();
	const seen = new Map<number, File>();
	for (const entry of fs.readdirSync(folder, {recursive: true, withFileTypes: true})) {
		const place = path.join(entry.parentPath, entry.name);
		const {ino} = fs.lstatSync(place);
		if (!seen.has(ino)) seen.set(ino, {synced: undefined});
		const found = entry.isDirectory() ? 'folder' : {file: seen.get(ino)!, bytes: fs.readFileSync(place)};
		disk.set(path.relative(folder, place), found);
	}
	restore(folder, {
		step: '',
		kept: 'all',
		disk: new Map([...disk].sort(([a], [b]) => (a < b ? -1 : 1))),
		beside: undefined,
	});
}

/** Runs `action` on disks that are never waited for. */
export async function withoutSync(action: () => Promise<unknown>): Promise<void> {
	const {fsync, fdatasync, fsyncSync, fdatasyncSync} = fs;
	const soon = (_: number, done: fs.NoParamCallback) => void setImmediate(done, null);
	Object.assign(fs, {fsync: soon, fdatasync: soon, fsyncSync: () => {}, fdatasyncSync: () => {}});
	try {
		await action();
	} finally {
		Object.assign(fs, {fsync, fdatasync, fsyncSync, fdatasyncSync});
	}
}
