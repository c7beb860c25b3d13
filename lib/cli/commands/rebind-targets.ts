import {createHash} from 'node:crypto';
import fs from 'node:fs';
import type {SinkFactory} from '../../sink/define-sink.ts';
import {reasonOf, StateError} from '../../model/errors.ts';
import type {Json} from '../../model/event.ts';
import {chainIn, emptyChain} from '../../sink/manifest.ts';
import {keyOf} from '../../run/open-sinks.ts';
import type {Sink} from '../../sink/sink.ts';
import type {Checkpoint} from '../../state/state.ts';
import {readTarget} from '../flags/sinks.ts';
import type {World} from '../world.ts';
import type {Change} from './state-reset.ts';

interface Moved {
	readonly factory: SinkFactory;
	readonly options: Parameters<SinkFactory>[0];
	readonly sink: Sink;
}

/** The state with targets that were moved, a line for each. Rejects with `STATE_FOREIGN` in doubt. */
export async function rebindTargets(
	checkpoint: Checkpoint,
	targets: readonly string[],
	world: Pick<World, 'cwd'>,
): Promise<Change> {
	const given = await Promise.all(targets.map(text => targetOf(text, world)));
	const known = targetsIn(checkpoint);
	const taken = new Set(given.map(({sink}) => keyOf(sink)));
	const moved = given.filter(({sink}) => !known.includes(keyOf(sink)));
	for (const target of given) if (!moved.includes(target)) await checkStayed(target, checkpoint);
	let rebound = checkpoint;
	const said: string[] = [];
	for (const target of moved) {
		const left = known.filter(key => key.startsWith(`${target.sink.name}:`) && !taken.has(key));
		const key = await provenKey(target, left, checkpoint);
		taken.add(key);
		rebound = renamed(rebound, key, target.sink);
		said.push(`${key} is ${keyOf(target.sink)} now`);
	}
	return {checkpoint: rebound, said};
}

/** The `name:target` of each sink that a state is bound to. */
export function targetsIn({binding}: Checkpoint): string[] {
	return Object.entries(binding)
		.filter(([name, value]) => name.startsWith('sink ') && name.endsWith(`:${value}`))
		.map(([name]) => name.slice('sink '.length));
}

async function targetOf(text: string, world: Pick<World, 'cwd'>): Promise<Moved> {
	const {factory, options} = await readTarget(text, world);
	return {factory, options, sink: factory(options)};
}

/** A target that the state knows by this name must hold what the state wrote, too: a name alone proves nothing. */
async function checkStayed(target: Moved, {sinks}: Checkpoint): Promise<void> {
	const key = keyOf(target.sink);
	const problem = await contentProblem(target, sinks[key]);
	if (problem === undefined || problem === nothing) return;
	throw new StateError('STATE_FOREIGN', `--to ${key}: not what the state wrote: ${problem}; nothing was changed`);
}

/** The one target of the state that this one was. */
async function provenKey(moved: Moved, keys: readonly string[], checkpoint: Checkpoint): Promise<string> {
	const proven: string[] = [];
	const problems: string[] = [];
	for (const key of keys) {
		const problem = layoutProblem(checkpoint, key, moved.sink) ?? (await contentProblem(moved, checkpoint.sinks[key]));
		if (problem === undefined) proven.push(key);
		else problems.push(`${key}: ${problem}`);
	}
	if (proven.length === 1) return proven[0]!;
	const known = targetsIn(checkpoint).join(', ');
	const reason =
		proven.length > 1
			? `${proven.join(' and ')} are alike: name those that stayed with --to too`
			: problems.join('; ') || `the state knows ${known}, and none that it could be`;
	throw new StateError(
		'STATE_FOREIGN',
		`--to ${keyOf(moved.sink)}: not proven to be what the state wrote: ${reason}; nothing was changed`,
	);
}

function layoutProblem({binding}: Checkpoint, key: string, {layout = {}}: Sink): string | undefined {
	for (const [name, value] of Object.entries(layout)) {
		const expected = binding[`sink ${key} ${name}`];
		if (expected !== value) return `${name}: expected ${expected ?? 'nothing'}, got ${value}`;
	}
	return undefined;
}

const nothing = 'the state has nothing of it to compare: begin a new state';

/** What is compared: the bytes before the mark of a file, and the head of the chain with all that stands before it. */
async function contentProblem({factory, options, sink}: Moved, mark: Json | undefined): Promise<string | undefined> {
	const {
		bytes,
		tail,
		part = '',
	} = (mark ?? {}) as {readonly bytes?: number; readonly tail?: string; readonly part?: string};
	const chain = chainIn(mark);
	const isFile = typeof bytes === 'number' && typeof tail === 'string' && bytes > 0;
	const hasChain = chain !== undefined && chain.head !== emptyChain.head && factory.verify !== undefined;
	if (!isFile && !hasChain) return nothing;
	try {
		const problem = isFile ? tailProblem(sink.target, bytes, tail) : undefined;
		if (problem !== undefined || !hasChain) return problem;
		const verification = await factory.verify(options);
		// parts with the same events have the same head
		const own = verification.parts.find(found => found.part === part);
		if (!own?.hashes.includes(chain.head)) {
			return `its manifest: expected ${part ? `part ${part} with ` : ''}the head ${chain.head}, got none`;
		}
		const [damage] = verification.damage;
		return damage && `${damage.what}: ${damage.detail}`;
	} catch (error) {
		return reasonOf(error);
	}
}

const tailBytes = 64 * 1024;

function tailProblem(file: string, bytes: number, tail: string): string | undefined {
	const {size} = fs.statSync(file);
	if (size < bytes) return `${file}: expected at least ${bytes} bytes, got ${size}`;
	const last = Buffer.alloc(Math.min(bytes, tailBytes));
	const descriptor = fs.openSync(file, 'r');
	try {
		const read = fs.readSync(descriptor, last, 0, last.length, bytes - last.length);
		const hash = createHash('sha256').update(last.subarray(0, read)).digest('hex');
		return hash === tail
			? undefined
			: `${file}: the ${last.length} bytes before byte ${bytes} are not those that were written`;
	} finally {
		fs.closeSync(descriptor);
	}
}

/** The checkpoint with another target, everywhere that it is keyed by `name:target`. */
function renamed(checkpoint: Checkpoint, from: string, sink: Sink): Checkpoint {
	const to = keyOf(sink);
	const names = new Map([
		[from, to],
		[`sink ${from}`, `sink ${to}`],
	]);
	for (const name of Object.keys(sink.layout ?? {})) names.set(`sink ${from} ${name}`, `sink ${to} ${name}`);
	const rekeyed = <T>(record: Readonly<Record<string, T>>) =>
		Object.fromEntries(Object.entries(record).map(([key, value]) => [names.get(key) ?? key, value]));
	const {binding, sinks, prepared, lacks, pending} = checkpoint;
	const bound: Record<string, string> = {...rekeyed(binding), [`sink ${to}`]: sink.target};
	if (binding['--to'] !== undefined) {
		bound['--to'] = targetsIn(checkpoint)
			.map(key => names.get(key) ?? key)
			.sort()
			.join(' ');
	}
	return {
		...checkpoint,
		binding: bound,
		sinks: rekeyed(sinks),
		...(prepared && {prepared: rekeyed(prepared)}),
		...(lacks && {lacks: rekeyed(lacks)}),
		...(pending && {pending: {...pending, checkpoint: renamed(pending.checkpoint, from, sink)}}),
	};
}
