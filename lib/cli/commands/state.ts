import fs from 'node:fs';
import path from 'node:path';
import {systemClock} from '../../model/clock.ts';
import {ConfigError, reasonOf, StateError} from '../../model/errors.ts';
import {parsed} from '../../http/connect.ts';
import {parseTime} from '../../options/time.ts';
import {fileState, peekState} from '../../state/file-state.ts';
import type {Checkpoint, StoredCheckpoint} from '../../state/state.ts';
import {confirmed} from '../flags/confirmed.ts';
import {describeFlags, type Flags, type FlagValues, noSuchName, parseFlags, textIn, textsIn} from '../flags/flags.ts';
import {inFlags} from '../flags/options.ts';
import {logLine, oneLine, write} from '../output/log.ts';
import {spanOf} from '../output/pipeline.ts';
import {stateText} from '../output/state-text.ts';
import {fileIn, type World} from '../world.ts';
import {openGaps} from './read-status.ts';
import {rebindEndpoint} from './rebind-endpoint.ts';
import {rebindTargets} from './rebind-targets.ts';
import {type Change, resetIn} from './state-reset.ts';

const actions = ['show', 'gaps', 'reset', 'rebind'] as const;

const stateFlags: Flags = {
	source: {value: 'NAME:TENANT', help: 'reset: which source, as show has it, where there are several'},
	since: {value: 'TIME', help: 'reset: what is older stays read (default: all is read again)'},
	'allow-duplicates': {help: 'reset: also what is too old to be known again, and comes twice in all but filesystem:'},
	to: {value: 'SINK', repeat: true, help: 'rebind: as in rxaudit pull: where a target lies now, and those that stayed'},
	endpoint: {value: 'URL', help: 'rebind: where the same log is read now'},
	yes: {help: 'reset, rebind: do it; without it they show what would change, and ask where somebody can be asked'},
	json: {help: 'show, gaps: one JSON object; show: all that the state holds'},
	help: {help: 'this text'},
};

export function help(): string {
	return `Usage: rxaudit state show|gaps|reset|rebind STATE [options]

show    what a state knows: what was read and when, where each target ends, what it is bound to
gaps    what could not be read, a line each; exit code 1 where there is something
reset   forgets that a span was read: the next run reads it again, behind what is new, and what was written before does
        not come twice. Until then the span is an open gap
rebind  --to: makes a target that was moved the one of a state, where the records prove that it is the same: the last
        bytes that the state knows, and, where there is a manifest, its chain and all that it lists; else exit code 5
        --endpoint: goes on with the same log at another address. That it is the same log is for you to know

show and gaps take no lock. reset and rebind do: while a run goes on they change nothing (exit code 5). They write a new
generation and keep the one before as STATE.previous.

${describeFlags(stateFlags)}

Examples:
  rxaudit state show audit.state
  rxaudit state gaps audit.state
  rxaudit state reset audit.state --since 7d --yes
  rxaudit state rebind audit.state --to ndjson:/mnt/archive/audit.ndjson.gz --yes
  rxaudit state rebind jira.state --endpoint https://jira.example.com --yes
`;
}

/** `rxaudit state …`: looks at a state, or changes it. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const {values, rest} = parseFlags(args, stateFlags, 2, world);
	const [action, name] = rest;
	if (!isAction(action)) throw noSuchName('state', 'one of its verbs', action, actions);
	if (name === undefined) throw new ConfigError(`state ${action}: expected the file of a state, got none`);
	checkFlags(action, values);
	const file = path.resolve(fileIn(world, name));
	if (action === 'show' || action === 'gaps') return show(action, file, values['json'] === true, world);
	const change = action === 'reset' ? resetBy(values) : rebindBy(values, world);
	const isWanted = (said: readonly string[]) => isConfirmed(said, values['yes'] === true, world);
	const said = await changeState(action, file, change, world, isWanted);
	if (said === undefined) return 1;
	await write(world.stdout, said.join('') || 'the state is as it would be: nothing was changed\n');
	return 0;
}

function isAction(text: string | undefined): text is (typeof actions)[number] {
	return (actions as readonly (string | undefined)[]).includes(text);
}

const flagsOf: Readonly<Record<(typeof actions)[number], readonly string[]>> = {
	show: ['json'],
	gaps: ['json'],
	reset: ['source', 'since', 'allow-duplicates', 'yes'],
	rebind: ['to', 'endpoint', 'yes'],
};

function checkFlags(action: keyof typeof flagsOf, values: FlagValues): void {
	const own = flagsOf[action];
	const other = Object.keys(values).find(flag => !own.includes(flag));
	if (other !== undefined) throw new ConfigError(`state ${action}: expected ${listed(own)} only, got --${other}`);
}

function listed(flags: readonly string[]): string {
	return flags.map(flag => `--${flag}`).join(', ');
}

async function show(action: 'show' | 'gaps', file: string, asJson: boolean, world: World): Promise<number> {
	const stored = await storedIn(action, file);
	const {sources} = stored.checkpoint;
	const gaps = Object.entries(sources).flatMap(([key, position]) => openGaps(key, position));
	if (action === 'show') {
		await write(world.stdout, asJson ? `${JSON.stringify({state: file, ...stored})}\n` : stateText(file, stored));
		return 0;
	}
	const lines = gaps.map(({source, reason, ...gap}) => `${oneLine(`${source} ${spanOf(gap)}: ${reason}`)}\n`);
	await write(world.stdout, asJson ? `${JSON.stringify({state: file, gaps})}\n` : lines.join(''));
	return gaps.length > 0 ? 1 : 0;
}

/** A state that is only looked at. */
async function storedIn(action: string, file: string): Promise<StoredCheckpoint> {
	try {
		const stored = await peekState(file);
		if (stored) return stored;
	} catch (error) {
		if (error instanceof StateError) throw error;
		throw new ConfigError(`state ${action}: ${reasonOf(error)}`, {cause: error});
	}
	throw noState(action, file);
}

function noState(action: string, file: string): ConfigError {
	return new ConfigError(`state ${action}: expected the state of a pull, but ${file} does not exist`);
}

function resetBy(values: FlagValues): (checkpoint: Checkpoint) => Promise<Change> {
	const since = textIn(values, 'since');
	const sinceMs =
		since === undefined
			? undefined
			: inFlags(() => parsed('state reset', 'since', () => parseTime(since, systemClock.now())));
	const allowDuplicates = values['allow-duplicates'] === true;
	return checkpoint => resetIn(checkpoint, {source: textIn(values, 'source'), sinceMs, allowDuplicates});
}

function rebindBy(values: FlagValues, world: World): (checkpoint: Checkpoint) => Promise<Change> {
	const targets = textsIn(values, 'to');
	const endpoint = textIn(values, 'endpoint');
	if (targets.length === 0 && endpoint === undefined) {
		throw new ConfigError('state rebind: expected --to SINK or --endpoint URL, got none');
	}
	return async checkpoint => {
		const there = endpoint === undefined ? {checkpoint, said: []} : await rebindEndpoint(checkpoint, endpoint);
		const moved = await rebindTargets(there.checkpoint, targets, world);
		return {checkpoint: moved.checkpoint, said: [...there.said, ...moved.said]};
	};
}

/**
 * Commits what a change makes of a state, while its lock is held; the generation before is kept. Resolves with a line for
 * each thing that changed, undefined when it is not wanted. Rejects, nothing changed, where the change does.
 */
export async function changeState(
	action: string,
	file: string,
	change: (checkpoint: Checkpoint) => Promise<Change>,
	{stderr}: Pick<World, 'stderr'>,
	isWanted: (said: readonly string[]) => Promise<boolean> = async () => true,
): Promise<readonly string[] | undefined> {
	if (!fs.existsSync(file)) throw noState(action, file);
	const store = fileState(file);
	const {signal} = new AbortController();
	try {
		const stored = await store.load({
			signal,
			note: message => stderr.write(logLine('text', 'info', message)),
			lost() {},
		});
		if (!stored) throw noState(action, file);
		const {checkpoint, said} = await change(stored.checkpoint);
		const lines = said.map(line => `${oneLine(line)}\n`);
		if (lines.length > 0 && !(await isWanted(lines))) return undefined;
		if (lines.length > 0) await store.commit(checkpoint, stored.version);
		return lines;
	} finally {
		await store.close?.();
	}
}

async function isConfirmed(said: readonly string[], yes: boolean, world: World): Promise<boolean> {
	if (yes) return true;
	const {stdin, stderr} = world;
	await write(stderr, said.map(line => logLine('text', 'warn', `would change: ${line.trimEnd()}`)).join(''));
	const canAsk = stdin.isTTY === true && stderr.isTTY === true;
	if (canAsk && (await confirmed(world))) return true;
	await write(stderr, logLine('text', 'warn', `nothing was changed${canAsk ? '' : '; --yes does it'}`));
	return false;
}
