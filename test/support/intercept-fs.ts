import fs from 'node:fs';

const onPaths = ['openSync', 'renameSync', 'linkSync', 'mkdirSync', 'unlinkSync', 'rmSync'];
const onDescriptors = ['writeSync', 'fsyncSync', 'fdatasyncSync', 'ftruncateSync', 'closeSync', 'fsync', 'fdatasync'];

type WriteArguments = readonly [fd: number, bytes: Uint8Array, offset?: number, length?: number, position?: number];
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
					if (error instanceof HalfWritten) real[name]!(args[0], ...halfOf(args as never));
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

/** Which calls fail: from `at` on, `times` of those of this name on such a path. */
export interface FsFault {
	readonly call: string;
	/** What the path holds. */
	readonly path: string;
	/** Default: 1. */
	readonly at?: number;
	/** Default: 1. */
	readonly times?: number;
	readonly code: string;
	/** `partial`: half of the bytes are written. */
	readonly when?: 'partial';
}

class HalfWritten extends Error {}

/** An `announce` that makes such calls fail. */
export function faultAt({call, path, at = 1, times = 1, code, when}: FsFault): (step: string) => void {
	let seen = 0;
	return step => {
		if (!step.startsWith(`${call} `) || !step.slice(call.length).includes(path)) return;
		seen += 1;
		if (seen < at || seen >= at + times) return;
		const error =
			when === 'partial' ? new HalfWritten(`${code}: injected fault`) : new Error(`${code}: injected fault`);
		throw Object.assign(error, {code});
	};
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

function halfOf([, bytes, offset = 0, length = bytes.length - offset, position]: WriteArguments): unknown[] {
	return [bytes, offset, length >> 1, position];
}

function describe(name: string, args: unknown[]): string {
	if (onDescriptors.includes(name)) return fs.readlinkSync(`/proc/self/fd/${String(args[0])}`);
	return args.slice(0, name === 'renameSync' || name === 'linkSync' ? 2 : 1).join(' -> ');
}
