import fs from 'node:fs';

const onPaths = ['openSync', 'renameSync', 'linkSync', 'mkdirSync', 'unlinkSync', 'rmSync'];
const onDescriptors = ['writeSync', 'fsyncSync', 'fdatasyncSync', 'ftruncateSync', 'closeSync', 'fsync', 'fdatasync'];

type Call = (...args: unknown[]) => unknown;

/**
 * Runs `action` with every synchronous call that changes a file system announced first, as `<call> <path>`, of two
 * paths as `<from> -> <to>`. When `announce` throws, the call does not happen and fails with that error.
 */
export async function interceptFs<T>(announce: (step: string) => void, action: () => T): Promise<Awaited<T>> {
	const table = fs as unknown as Record<string, Call>;
	const names = [...onPaths, ...onDescriptors];
	const real = Object.fromEntries(names.map(name => [name, table[name]!]));
	let announcing = false;
	for (const name of names) {
		table[name] = (...args) => {
			if (!announcing) {
				announcing = true;
				try {
					announce(`${name} ${describe(name, args)}`);
				} catch (error) {
					const done = args.at(-1);
					if (typeof done !== 'function') throw error;
					return void setImmediate(done as Call, error);
				} finally {
					announcing = false;
				}
			}
			return real[name]!(...args);
		};
	}
	try {
		return await action();
	} finally {
		Object.assign(table, real);
	}
}

/** An `announce` that makes the n-th call fail, counted from 1; `onFail` hears of it. */
export function failAt(at: number, code = 'EIO', onFail = () => {}): (step: string) => void {
	let seen = 0;
	return step => {
		seen += 1;
		if (seen !== at) return;
		onFail();
		throw Object.assign(new Error(`${code}: injected fault, ${step}`), {code});
	};
}

function describe(name: string, args: unknown[]): string {
	if (onDescriptors.includes(name)) return fs.readlinkSync(`/proc/self/fd/${String(args[0])}`);
	return args.slice(0, name === 'renameSync' || name === 'linkSync' ? 2 : 1).join(' -> ');
}
