import {ConfigError, StateError} from '../../model/errors.ts';
import type {Json} from '../../model/event.ts';
import {forget} from '../../source/unread.ts';
import type {SourcePosition} from '../../source/scan.ts';
import {isFirstJournal} from '../../state/journal.ts';
import type {Checkpoint} from '../../state/state.ts';
import {iso, spanOf} from '../output/pipeline.ts';
import {partsOf, readingOf, sourceOf} from './read-status.ts';

/** Why a span that was read is a gap. */
export const resetReason = 'to be read again, by rxaudit state reset';

export interface ResetOptions {
	/** The `name:tenant` of the source; may be left out where there is one only. */
	readonly source?: string | undefined;
	/** What is older stays read. */
	readonly sinceMs?: number | undefined;
	/** Goes on where events are that would come twice. */
	readonly allowDuplicates: boolean;
}

/** What a change of a state comes to: the next checkpoint, and what is shown before it is committed. */
export interface Change {
	readonly checkpoint: Checkpoint;
	readonly said: readonly string[];
}

/**
 * Forgets that a source was read, from a time on: the next run reads it again, and what it wrote before does not come
 * twice. Throws a ConfigError where events are too old for that: their identities were forgotten long ago.
 */
export async function resetIn(checkpoint: Checkpoint, options: ResetOptions): Promise<Change> {
	const key = keyIn(checkpoint, options.source);
	if (checkpoint.pending) {
		throw new StateError(
			'STATE_CONFLICT',
			'state reset: expected a state that no run was killed over, got one with a commit that was not finished: run the same pull once more, then reset',
		);
	}
	const given = checkpoint.sources[key] as unknown as SourcePosition;
	const [name] = partsOf(key);
	const source = await sourceOf(name);
	if (given.place !== undefined) {
		throw new ConfigError(
			`state reset: expected a source that is read by time, got ${name}, which goes on by its place in files; to read them again, pull into a new target with a new state`,
		);
	}
	if (source?.order === 'none') {
		const {scan: _, ...rest} = given;
		return {checkpoint: withPosition(checkpoint, key, rest), said: [`${key}: the next run lists all of it anew`]};
	}
	const forgotten = forget(given, options.sinceMs ?? -Infinity, readingOf(source), resetReason);
	if (!forgotten) {
		const from = options.sinceMs === undefined ? '' : ` from ${iso(options.sinceMs)} on`;
		throw new ConfigError(`state reset: expected something that was read${from}, got nothing of ${key}`);
	}
	const {position, span} = forgotten;
	const knownMs = knownFromMs(checkpoint, key);
	const isKnown = span[0] >= knownMs;
	if (!isKnown && !options.allowDuplicates) {
		const since = Number.isFinite(knownMs) ? `give --since ${iso(knownMs)} or later, ` : '';
		throw new ConfigError(
			`state reset: expected a time from which on all events of ${key} are remembered, got an earlier one: what was written before would come twice; ${since}begin a new state and target, or allow it with --allow-duplicates (of filesystem: none comes twice)`,
		);
	}
	const once = isKnown ? 'what is in the targets already does not come twice' : 'events may come twice';
	return {
		checkpoint: withPosition(checkpoint, key, position),
		said: [`${key}: the next run reads again ${spanOf({from: iso(span[0]), to: iso(span[1])})}; ${once}`],
	};
}

function keyIn({sources}: Checkpoint, given: string | undefined): string {
	const keys = Object.keys(sources);
	const found = given === undefined && keys.length === 1 ? keys[0] : keys.find(key => key === given);
	if (found !== undefined) return found;
	const got = given === undefined ? 'none' : 'another';
	throw new ConfigError(`state reset: expected --source with one that the state knows, got ${got}: ${keys.join(', ')}`);
}

/** From this time on every event that was written is remembered. */
function knownFromMs({journal, snapshots}: Checkpoint, key: string): number {
	if (isFirstJournal(journal)) return -Infinity;
	const {floorMs} = (snapshots[`dedupe:${key}`] ?? {}) as {readonly floorMs?: number};
	return floorMs ?? Infinity;
}

function withPosition(checkpoint: Checkpoint, key: string, position: SourcePosition): Checkpoint {
	return {...checkpoint, sources: {...checkpoint.sources, [key]: position as unknown as Json}};
}
