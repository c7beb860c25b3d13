import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';
import type {Json} from '../../lib/model/event.ts';
import {load} from '../../lib/registry.ts';
import type {OpenSink} from '../../lib/sink/sink.ts';
import {batchOf, sinkContext} from '../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {namesOfFileSinks} from './sink-table.ts';

/** Where a name leads by another way, for a file and for a folder. */
const ways: Readonly<Record<string, (target: string, other: string, isFolder: boolean) => boolean>> = {
	'by the same name': () => true,
	'by a symbolic link': (target, other) => {
		fs.symlinkSync(target, other);
		return true;
	},
	'by a hard link': (target, other, isFolder) => {
		if (!isFolder) fs.linkSync(target, other);
		return !isFolder;
	},
};

interface Target {
	readonly sink: string;
	readonly name: string;
	/** Whether pipelines may share it. */
	readonly isShared: boolean;
	readonly options: (at: string) => object;
}

const file = (sink: string, name: string, more: object = {}): Target => ({
	sink,
	name,
	isShared: false,
	options: at => ({path: at, ...more}),
});

const targets: Readonly<Record<string, Target>> = {
	'ndjson:FILE': file('ndjson', 'events.ndjson'),
	'ndjson:FILE.gz': file('ndjson', 'events.ndjson.gz'),
	'csv:FILE': file('csv', 'events.csv', {columns: 'id'}),
	'csv:FILE.gz': file('csv', 'events.csv.gz', {columns: 'id'}),
	'filesystem:DIR': {sink: 'filesystem', name: 'events', isShared: true, options: dir => ({dir})},
	'ndjson:DIR/': {sink: 'ndjson', name: 'events', isShared: true, options: at => ({path: `${at}/`})},
};

const states = {
	'the same state': 'same',
	'two states': 'two',
	'no state': 'none',
} as const;
type States = (typeof states)[keyof typeof states];

const pipelines = {'the same pipeline': 'tenant', 'two pipelines': 'other-tenant'} as const;

interface Case {
	readonly how: States;
	readonly tenant: string;
	readonly way: string;
	readonly order: 'at once' | 'in turn';
}

interface Writer {
	readonly sink: OpenSink;
	readonly tenant: string;
}

/** What became of one run: the ids whose commit was promised, or why there is none. */
interface Outcome {
	readonly ids: readonly string[];
	readonly mark: Json | undefined;
	readonly refused?: string;
}

const refusals = new Set(['TARGET_REFUSED', 'TARGET_CHANGED', 'TARGET_LOCKED']);

describe('two writers of one target', () => {
	it('has each sink that writes files among its targets', () => {
		const names = Object.values(targets).map(({sink}) => sink);
		assert.deepEqual(
			namesOfFileSinks.filter(name => !names.includes(name)),
			[],
		);
	});

	const temporary = temporaryFolder();
	const tallies: Record<string, {cells: number; exact: number; refused: number; lost: number; doubled: number}> = {};
	let made = 0;

	after(() => console.table(tallies));

	for (const [kind, target] of Object.entries(targets)) {
		it(`${kind}: every event that was promised is there once, or the second is refused`, async () => {
			const tally = (tallies[kind] = {cells: 0, exact: 0, refused: 0, lost: 0, doubled: 0});
			for (const how of Object.values(states)) {
				for (const tenant of Object.values(pipelines)) {
					for (const way of Object.keys(ways)) {
						for (const order of ['at once', 'in turn'] as const) {
							const cell = `${how}, ${tenant}, ${way}, ${order}`;
							const found = await check(target, {how, tenant, way, order}, cell);
							if (!found) continue;
							tally.cells++;
							tally[found.isRefused ? 'refused' : 'exact']++;
							tally.lost += found.lost;
							tally.doubled += found.doubled;
						}
					}
				}
			}
		});
	}

	async function check(
		target: Target,
		{how, tenant, way, order}: Case,
		cell: string,
	): Promise<{isRefused: boolean; lost: number; doubled: number} | undefined> {
		const folder = path.join(temporary(), `${made++}`);
		fs.mkdirSync(folder);
		const first = path.join(folder, target.name);
		// A night before, so that there is something to link to and to lose.
		const before = await write(await open(target, first, undefined, 'tenant'), ['before']);
		const second = way === 'by the same name' ? first : path.join(folder, `other-${target.name}`);
		if (!ways[way]!(first, second, target.isShared)) return undefined;
		const markOf = (isFirst: boolean) => (how === 'none' || (how === 'two' && !isFirst) ? undefined : before.mark);
		const outcomes: Outcome[] = [before];
		if (order === 'in turn') {
			outcomes.push(await run(target, first, markOf(true), 'tenant', ['one-1', 'one-2']));
			const mark = how === 'same' ? before.mark : markOf(false); // a copy, as it was
			outcomes.push(await run(target, second, mark, tenant, ['two-1', 'two-2']));
		} else {
			outcomes.push(
				...(await Promise.all([
					run(target, first, markOf(true), 'tenant', ['one-1', 'one-2']),
					run(target, second, markOf(false), tenant, ['two-1', 'two-2']),
				])),
			);
		}
		const promised = outcomes.flatMap(({ids}) => ids);
		const held = idsIn(first);
		const lost = promised.filter(id => !held.includes(id));
		const doubled = held.length - new Set(held).size;
		const isRefused = outcomes.some(({refused}) => refused !== undefined);
		assert.deepEqual({lost, doubled}, {lost: [], doubled: 0}, cell);
		const {damage} = await (await load('sink', target.sink)).verify!(target.options(first) as never);
		// Of two copies of one state the one that is refused may have put files there, which nothing lists.
		const isLeft = target.isShared && how === 'same' && isRefused;
		assert.deepEqual(
			damage.filter(({kind}) => !(isLeft && kind === 'added')),
			[],
			cell,
		);
		return {isRefused, lost: lost.length, doubled};
	}

	async function open(target: Target, at: string, resume: Json | undefined, tenant: string): Promise<Writer> {
		const create = await load('sink', target.sink);
		return {sink: await create(target.options(at) as never).open(sinkContext(resume)), tenant};
	}

	async function run(target: Target, at: string, mark: Json | undefined, tenant: string, ids: readonly string[]) {
		try {
			return await write(await open(target, at, mark, tenant), ids);
		} catch (error) {
			const {code} = error as {code?: string};
			assert.ok(refusals.has(code ?? ''), String(error));
			return {ids: [], mark: undefined, refused: String(error)};
		}
	}
});

/** Two commits, each of one event; those that were promised before it was refused count. */
async function write({sink, tenant}: Writer, ids: readonly string[]): Promise<Outcome> {
	const promised: string[] = [];
	let mark: Json | undefined;
	try {
		for (const id of ids) {
			const batch = batchOf([{id}], 'tenant');
			const rejected = (await sink.write({...batch, source: {...batch.source, tenant}})) ?? [];
			mark = await sink.flush();
			if (rejected.length === 0) promised.push(id);
		}
		return {ids: promised, mark};
	} catch (error) {
		const {code} = error as {code?: string};
		assert.ok(refusals.has(code ?? ''), String(error));
		return {ids: promised, mark, refused: String(error)};
	} finally {
		await sink.close();
	}
}

/** The ids of all events in a file or below a folder, manifests left out. */
function idsIn(target: string): string[] {
	const names = fs.statSync(target).isDirectory()
		? fs.readdirSync(target, {recursive: true, encoding: 'utf8'}).map(name => path.join(target, name))
		: [target];
	return names
		.filter(name => /\.(json|ndjson|csv)(\.gz)?$/.test(name))
		.flatMap(name => {
			const bytes = fs.readFileSync(name);
			return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().match(/(before|(one|two)-\d)/g) ?? [];
		});
}
