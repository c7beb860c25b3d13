/**
 * Kills its process (SIGKILL) at a named call of `node:fs`, for any child that runs as TypeScript or compiled:
 *
 *     KILL_AT='{"call":"renameSync","path":"state.json","at":2,"when":"after"}' \
 *         node --import ./test/support/kill-at.mjs child.js
 *
 * - `call`: a synchronous function of `fs` on paths or on a descriptor; `path`: text that its paths must contain, of two
 *   as `from -> to`; `at`: which of those calls, from 1.
 * - `when`: `before` the call has its effect (the default), `after`, or `partial`: a write of half of its bytes.
 */
import fs from 'node:fs';

const {call, path, at, when = 'before'} = JSON.parse(process.env.KILL_AT);
const real = fs[call];
const {readlinkSync} = fs;
let seen = 0;

fs[call] = (...args) => {
	const paths = typeof args[0] === 'number' ? readlinkSync(`/proc/self/fd/${args[0]}`) : args.slice(0, 2).join(' -> ');
	if (!paths.includes(path) || ++seen !== at) return real(...args);
	if (when === 'after') real(...args);
	if (when === 'partial') {
		const [descriptor, bytes, offset = 0, length = bytes.length - offset, position] = args;
		real(descriptor, bytes, offset, length >> 1, position);
	}
	process.kill(process.pid, 'SIGKILL');
	for (;;); // The signal ends this thread too, but not always at once.
};
