import {createHash, type Hash, randomBytes} from 'node:crypto';
import {hostname} from 'node:os';
import type {Redis} from 'ioredis';
import {type Clock, systemClock} from '../model/clock.ts';
import {AuditError, reasonOf, StateError} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import {formatState, parseState} from '../state/state-format.ts';
import type {Checkpoint, Journal, StateStore, StoreContext, StoredCheckpoint} from '../state/state.ts';
import {titleOf} from './open-redis.ts';
import {luaScript, type Script} from './script.ts';

export interface RedisStateOptions {
	/** How long a run that is not heard of keeps the state, in milliseconds. Default: 5,000. */
	readonly leaseMs?: number;
	/** For tests. */
	readonly clock?: Clock;
}

/** What all keys of states begin with. */
export const stateKeys = 'rxaudit:state:';

/** By the clock of Redis, the only one that all see. */
const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;
/** Who lost the state changes nothing. */
const unlessLost = `${now}
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'until', now + ARGV[2])
`;
const claim = luaScript(`${now}
local holder, lease, by, state = unpack(redis.call('HMGET', KEYS[1], 'holder', 'until', 'by', 'state'))
if holder and tonumber(lease) > now then return {0, lease, lease - now, by} end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', now + ARGV[2], 'by', ARGV[3])
return {1, state}
`);
const renew = luaScript(`${unlessLost} return 1`);
const release = luaScript(`${unlessLost} return redis.call('HDEL', KEYS[1], 'holder', 'until', 'by')`);
const commit = luaScript(`${unlessLost}
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[3] + 1, 'state', ARGV[4])
for key = 2, #KEYS do redis.call('DEL', KEYS[key]) end
return 1
`);
const put = luaScript(`${unlessLost}
redis.call('SETRANGE', KEYS[2], ARGV[3], ARGV[4])
return 1
`);

/** A run's hold on the state. */
interface Hold {
	/** Unlike that of any other run. */
	readonly holder: string;
	readonly timer: NodeJS.Timeout;
	/** Nobody else can have taken it before this time, as `clock.monotonic()` gives it. */
	safeUntil: number;
	/** The generations of the journal that checkpoints name, those of the last one and of the one before. */
	generations: readonly (readonly number[])[];
}

/**
 * Keeps the checkpoints of a pipeline in Redis, for runs on any machine. `load()` takes the state for `leaseMs` and renews
 * that; where another run holds it, `load()` waits for the end of its lease, and rejects with `STATE_LOCKED` when that is
 * renewed meanwhile. Whoever has lost it commits nothing: each change is one script, which compares the holder and the
 * version. Errors are StateErrors: `STATE_CONFLICT`, `STATE_DAMAGED`, and `STATE_FAILED` where Redis fails or is full.
 *
 * A state is as durable as its Redis is: `appendonly yes`, and `appendfsync always` where a power failure must not take
 * the last second.
 */
export function redisState(redis: Redis, name: string, options: RedisStateOptions = {}): StateStore {
	const {leaseMs = 5000, clock = systemClock} = options;
	const key = stateKeys + name;
	const title = `${titleOf(redis)}: state ${name}`;
	let hold: Hold | undefined;
	/** Where what is committed of the journal ends, and the running hash up to there. */
	let end: {readonly generation: number; readonly bytes: number; readonly hash: Hash} | undefined;

	async function load(run?: StoreContext): Promise<StoredCheckpoint | undefined> {
		await close();
		const holder = randomBytes(8).toString('hex');
		const {askedAt, state} = await claimed(holder, run);
		const stored = state === null ? undefined : readState(state);
		const timer = setInterval(() => void renewed(run), leaseMs / 3).unref();
		const named = generationsOf(stored?.checkpoint);
		const oldest = Math.min(...named);
		// the run before may have died before it removed what its last but one checkpoint named
		hold = {holder, timer, safeUntil: askedAt + leaseMs, generations: [named, named.length > 0 ? [oldest - 1] : []]};
		end = undefined;
		return stored;
	}

	async function claimed(holder: string, run?: StoreContext) {
		let leaseBefore: unknown;
		for (;;) {
			run?.signal.throwIfAborted();
			const askedAt = clock.monotonic();
			const by = `${hostname()}, process ${process.pid}`;
			const [isOurs, ...rest] = (await asked('take', claim, [holder, leaseMs, by])) as [number, ...unknown[]];
			if (isOurs === 1) return {askedAt, state: rest[0] as string | null};
			const [lease, leftMs, other] = rest;
			if (leaseBefore !== undefined && leaseBefore !== lease) {
				throw new StateError('STATE_LOCKED', `${title}: another run is at work: ${String(other)}`);
			}
			if (leaseBefore === undefined) run?.note(`${title}: waiting for ${String(other)} to be heard of, or not`);
			leaseBefore = lease;
			await clock.sleep(Math.min(Number(leftMs) + 1, leaseMs / 2), run?.signal);
		}
	}

	function readState(text: string): StoredCheckpoint {
		const parsed = parseState(Buffer.from(text));
		if ('checkpoint' in parsed) return parsed;
		throw new StateError('STATE_DAMAGED', `${title}: expected a state, got ${parsed.found}; nothing was changed`);
	}

	/** Says when it is lost, or when nobody knows. */
	async function renewed(run?: StoreContext): Promise<void> {
		try {
			await extend();
		} catch (error) {
			const isKnown = error instanceof StateError && error.code === 'STATE_CONFLICT';
			if (hold && (isKnown || clock.monotonic() > hold.safeUntil)) {
				clearInterval(hold.timer);
				run?.lost(error as Error);
			}
		}
	}

	async function extend(): Promise<void> {
		const current = held();
		await change('renew', current, renew, [], []);
	}

	/** Runs a script that changes nothing where the state is lost; with it the lease is as long as ever. */
	async function change(
		verb: string,
		current: Hold,
		script: Script,
		keys: readonly string[],
		args: readonly (string | number | Buffer)[],
	): Promise<void> {
		const askedAt = clock.monotonic();
		const isDone = (await asked(verb, script, [current.holder, leaseMs, ...args], keys)) !== 0;
		current.safeUntil = isDone ? askedAt + leaseMs : -Infinity;
		if (!isDone) throw conflict();
	}

	async function asked(
		verb: string,
		script: Script,
		args: readonly (string | number | Buffer)[],
		keys: readonly string[] = [],
	): Promise<unknown> {
		return failing(verb, async () => script(redis, [key, ...keys], args));
	}

	async function failing<T>(verb: string, action: () => Promise<T>): Promise<T> {
		try {
			return await action();
		} catch (error) {
			if (error instanceof AuditError) throw error;
			const reason = reasonOf(error);
			const advice = reason.startsWith('OOM') ? '; give it more memory (maxmemory)' : '';
			throw new StateError('STATE_FAILED', `${title}: cannot ${verb} it: ${reason}${advice}`, {cause: error});
		}
	}

	function conflict(): StateError {
		return new StateError(
			'STATE_CONFLICT',
			`${title}: not written: another run has taken over, or Redis lost its data`,
		);
	}

	function held(): Hold {
		if (!hold) throw conflict();
		return hold;
	}

	async function close(): Promise<void> {
		const current = hold;
		hold = undefined;
		if (!current) return;
		clearInterval(current.timer);
		// a lease that nobody gives back ends by itself
		await asked('release', release, [current.holder, leaseMs]).catch(() => {});
	}

	return {
		load,
		async commit(checkpoint, expectedVersion) {
			const current = held();
			const version = expectedVersion + 1;
			const next = generationsOf(checkpoint);
			const [last = [], ...before] = current.generations;
			const kept = new Set([...last, ...next]);
			const gone = before.flat().filter(generation => !kept.has(generation));
			const text = formatState({checkpoint, version});
			await change('commit', current, commit, gone.map(journalKey), [expectedVersion, text]);
			current.generations = [next, last];
			return version;
		},
		async assertHeld() {
			if (clock.monotonic() > held().safeUntil) await extend();
		},
		journal: redisJournal(),
		close,
	};

	function journalKey(generation: number): string {
		return `${key}:seen-${generation}`;
	}

	function redisJournal(): Journal {
		async function write(generation: number, at: number, bytes: Uint8Array, hash: Hash): Promise<Mark> {
			await change('add to', held(), put, [journalKey(generation)], [at, Buffer.from(bytes)]);
			end = {generation, bytes: at + bytes.length, hash: hash.update(bytes)};
			return {generation, bytes: end.bytes, sha256: end.hash.copy().digest('hex')};
		}

		async function rewrite(bytes: Uint8Array): Promise<Mark> {
			const known = [...held().generations.flat(), end?.generation ?? 0];
			return write(Math.max(0, ...known) + 1, 0, bytes, createHash('sha256'));
		}

		return {
			async read(mark) {
				const {generation, bytes, sha256} = mark as Mark;
				const text = await failing('read', async () => redis.getrangeBuffer(journalKey(generation), 0, bytes - 1));
				const found = bytes === 0 ? Buffer.alloc(0) : text;
				const hash = createHash('sha256').update(found);
				if (found.length !== bytes || hash.copy().digest('hex') !== sha256) {
					await extend(); // else it is another run that has removed them since
					throw new StateError(
						'STATE_DAMAGED',
						`${title}: expected ${bytes} bytes of identities as they were committed, got others; nothing was changed`,
					);
				}
				end = {generation, bytes, hash};
				return found;
			},
			append: async bytes => (end ? write(end.generation, end.bytes, bytes, end.hash.copy()) : rewrite(bytes)),
			rewrite,
		};
	}
}

/** How much of which generation of the journal was committed. */
type Mark = {readonly generation: number; readonly bytes: number; readonly sha256: string};

function generationsOf(checkpoint: Checkpoint | undefined): readonly number[] {
	const marks = [checkpoint?.journal, checkpoint?.pending?.checkpoint.journal] as (Json & Partial<Mark>)[];
	return marks.flatMap(mark => mark?.generation ?? []);
}
