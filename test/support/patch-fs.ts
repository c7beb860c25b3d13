import fs from 'node:fs';

type Call = (...args: never[]) => unknown;

const originals = new Map<string, Call>();

/** Replaces one function of `node:fs`; `make` gets the original. Undo with {@link restoreFs} after each test. */
export function patchFs<Name extends keyof typeof fs>(
	name: Name,
	make: (original: (typeof fs)[Name]) => (...args: never[]) => unknown,
): void {
	const original = fs[name];
	if (!originals.has(name)) originals.set(name, original as unknown as Call);
	Object.assign(fs, {[name]: make(original)});
}

export function restoreFs(): void {
	Object.assign(fs, Object.fromEntries(originals));
	originals.clear();
}

export function systemError(code: string): Error {
	return Object.assign(new Error(`${code}: as the test wants it`), {code});
}

/** Makes the first `times` calls fail; resolves to how often it was called. */
export function failFs(
	name: 'writeSync' | 'closeSync' | 'openSync' | 'linkSync' | 'renameSync' | 'mkdirSync',
	code: string,
	times = Infinity,
) {
	const calls = {count: 0};
	patchFs(name, original => (...args) => {
		if (++calls.count <= times) throw systemError(code);
		return (original as Call)(...args);
	});
	return calls;
}

/** Counts the calls of `fdatasync` and `fsync`, and makes the first `failures` of `fdatasync` fail. */
export function watchSync(failures = 0): {files: number; folders: number} {
	const seen = {files: 0, folders: 0};
	patchFs('fdatasync', original => (descriptor: number, done: fs.NoParamCallback) => {
		if (++seen.files <= failures) return done(systemError('EIO'));
		original(descriptor, done);
	});
	patchFs('fsync', original => (descriptor: number, done: fs.NoParamCallback) => {
		seen.folders++;
		original(descriptor, done);
	});
	return seen;
}
