/**
 * Breaks `node:fs` at a named call, as a full disk, a bad disk or `kill -9` would. A preload without dependencies,
 * for any child that runs as TypeScript or compiled:
 *
 *     FS_FAULTS='[{"call":"renameSync","path":"state.json","at":2,"do":"kill","when":"after"}]' \
 *         node --import tsx --import ./test/support/fs-faults.mjs child.ts
 *
 * Each rule is one object:
 * - `call`: a function of `fs` (`fsyncSync`, `write`, …), one of `fs.promises` or of its file handles by its own name
 *   (`promises.rename`, `FileHandle.write`), or `*` for all of them.
 * - `path`: text that the path must contain, or that of the file descriptor; of two paths as `from -> to`.
 * - `at`: the first matching call that breaks, from 1 (the default). `times`: how many in a row (1).
 * - `do`: `kill` (SIGKILL to this process) or `error` with `code` (`EIO`).
 * - `when`: `before` the call has its effect (the default), `after`, or `partial`: a write takes half of its bytes (of
 *   no use with other calls).
 *
 * `FS_FAULTS_LOG` names a file that gets one line per call that could have been broken: `<call> <path>`.
 */
import fs from 'node:fs';
import {syncBuiltinESMExports} from 'node:module';
import os from 'node:os';

const {readlinkSync, writeSync, openSync} = fs;
const asked = JSON.parse(process.env.FS_FAULTS ?? '[]');
const rules = asked.map(rule => ({path: '', at: 1, times: 1, when: 'before', ...rule, seen: 0}));
const log = process.env.FS_FAULTS_LOG ? openSync(process.env.FS_FAULTS_LOG, 'a') : undefined;

const onPaths = ['open', 'rename', 'link', 'mkdir', 'unlink', 'truncate'];
const onDescriptors = ['write', 'writev', 'fsync', 'fdatasync', 'ftruncate', 'close'];
const ofHandles = ['write', 'writev', 'sync', 'datasync', 'truncate', 'close', 'writeFile', 'appendFile'];

for (const name of onPaths) {
	const paths = name === 'rename' || name === 'link' ? 2 : 1;
	const describe = args => args.slice(0, paths).join(' -> ');
	breakSync(`${name}Sync`, describe);
	breakCallback(name, describe);
	breakPromise(fs.promises, name, `promises.${name}`, describe);
}
for (const name of onDescriptors) {
	breakSync(`${name}Sync`, args => pathOf(args[0]));
	breakCallback(name, args => pathOf(args[0]));
}
const handle = await fs.promises.open(os.devNull);
for (const name of ofHandles) {
	breakPromise(Object.getPrototypeOf(handle), name, `FileHandle.${name}`, (_args, self) => pathOf(self.fd));
}
await handle.close();
syncBuiltinESMExports(); // For those who import the functions by name.

/** The rule that says that this very call breaks, if any. */
function faultOf(call, path) {
	if (log !== undefined) writeSync(log, `${call} ${path}\n`);
	const matching = rules.filter(rule => (rule.call === call || rule.call === '*') && path.includes(rule.path));
	for (const rule of matching) rule.seen += 1;
	return matching.find(rule => rule.seen >= rule.at && rule.seen < rule.at + rule.times);
}

function breakSync(name, describe) {
	const real = fs[name];
	fs[name] = (...args) => {
		const fault = faultOf(name, describe(args));
		if (fault === undefined) return real(...args);
		if (fault.when === 'partial') real(...halved(args));
		if (fault.when === 'after') real(...args);
		throw strike(fault, name);
	};
}

function breakCallback(name, describe) {
	const real = fs[name];
	fs[name] = (...args) => {
		const fault = faultOf(name, describe(args));
		if (fault === undefined) return real(...args);
		const done = args.pop();
		const fail = () => done(strike(fault, name));
		if (fault.when === 'before') process.nextTick(fail);
		else real(...(fault.when === 'partial' ? halved(args) : args), fail);
	};
}

function breakPromise(owner, name, call, describe) {
	const real = owner[name];
	owner[name] = async function (...args) {
		const fault = faultOf(call, describe(args, this));
		if (fault === undefined) return real.apply(this, args);
		if (fault.when !== 'before') await real.apply(this, fault.when === 'partial' ? halved(args) : args);
		throw strike(fault, call);
	};
}

/** Does not return from a kill. */
function strike({do: kind, code = 'EIO'}, call) {
	if (kind === 'kill') {
		process.kill(process.pid, 'SIGKILL');
		for (;;); // The signal ends this thread too, but not always at once.
	}
	const errno = -(os.constants.errno[code] ?? 1);
	return Object.assign(new Error(`${code}: injected fault, ${call}`), {code, errno, syscall: call});
}

/** The arguments of a write, for the first half of its bytes only. */
function halved(args) {
	const at = args.findIndex(arg => typeof arg !== 'number');
	const data = args[at];
	const half = [...args];
	if (Array.isArray(data)) {
		const bytes = Buffer.concat(data);
		half[at] = [bytes.subarray(0, bytes.length >> 1)];
	} else if (typeof data === 'string') {
		half[at] = data.slice(0, data.length >> 1);
	} else {
		const offset = typeof args[at + 1] === 'number' ? args[at + 1] : 0;
		const length = typeof args[at + 2] === 'number' ? args[at + 2] : data.byteLength - offset;
		half[at + 1] = offset;
		half[at + 2] = length >> 1;
	}
	return half;
}

function pathOf(fd) {
	try {
		return readlinkSync(`/proc/self/fd/${fd}`);
	} catch {
		return '';
	}
}
