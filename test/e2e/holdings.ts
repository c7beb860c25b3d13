import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type {Emulator, EventFilter} from '../support/emulator.ts';
import {chainIn} from '../../lib/sink/manifest.ts';
import {keyOf} from '../../lib/run/open-sinks.ts';
import {load} from '../../lib/registry.ts';
import {readState} from '../../lib/state/state-files.ts';

/** The lines of a file, unpacked by `zcat` where its name says so. */
export function linesOf(file: string): string[] {
	const text = file.endsWith('.gz')
		? execFileSync('zcat', [file], {encoding: 'utf8', maxBuffer: 2 ** 30})
		: fs.readFileSync(file, 'utf8');
	assert(text === '' || text.endsWith('\n'), `${file} ends in the middle of a line`);
	return text.split('\n').slice(0, -1);
}

/** The text of every event file below a folder, or what else is read of files that end otherwise. */
export function filesBelow(
	folder: string,
	ending = '.json',
	read = (file: string): string | string[] => fs.readFileSync(file, 'utf8'),
): string[] {
	return fs
		.readdirSync(folder, {recursive: true, encoding: 'utf8'})
		.filter(name => name.endsWith(ending))
		.flatMap(name => read(path.join(folder, name)));
}

export interface Difference {
	readonly missing: number;
	readonly doubled: number;
	readonly strange: number;
}

/** How what arrived differs from what the emulator holds, by id. */
export function compare(texts: readonly string[], emulator: Emulator, filter: EventFilter = {}): Difference {
	const expected = new Set(Array.from(emulator.events(filter), event => event.id));
	const arrived = new Set(texts.map(text => (JSON.parse(text) as {id: string}).id));
	return {
		missing: [...expected].filter(id => !arrived.has(id)).length,
		doubled: texts.length - arrived.size,
		strange: [...arrived].filter(id => !expected.has(id)).length,
	};
}

export const exact: Difference = {missing: 0, doubled: 0, strange: 0};

/** The records as the API gives them in one undisturbed pass. */
export function recordsOf(emulator: Emulator, filter: EventFilter = {}): string[] {
	return Array.from(emulator.events(filter), event => event.text);
}

/** Temporary files that are still below a folder, a lock included. */
export function leftovers(folder: string): string[] {
	return fs
		.readdirSync(folder, {recursive: true, encoding: 'utf8'})
		.filter(name => name.endsWith('.tmp') || name.includes('.lock'));
}

/** Asserts that a target is what its manifest says, all of it committed, each of so many events counted once. */
export async function assertVerifies(name: string, target: object, events: number, stateFile?: string): Promise<void> {
	const sink = await load('sink', name);
	const {damage, uncommitted, chain, sources} = await sink.verify!(target as never);
	assert.deepEqual([damage, uncommitted], [[], []]);
	assert.equal(
		Object.values(sources).reduce((sum, tally) => sum + tally.events, 0),
		events,
	);
	if (stateFile === undefined) return;
	const {sinks} = readState(stateFile, false).stored!.checkpoint;
	assert.deepEqual(chainIn(sinks[keyOf(sink(target as never))]), chain);
}
