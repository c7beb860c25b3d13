import assert from 'node:assert/strict';
import path from 'node:path';
import type {Json} from '../../lib/event.ts';
import {load} from '../../lib/registry.ts';
import {batchOf, sinkContext} from '../support/sink-batch.ts';
import {temporaryFolder} from '../support/temporary-folder.ts';

/** Targets that any number of pipelines may share, at the same time. */
const shared: Readonly<Record<string, (folder: string) => {sink: string; options: object}>> = {
	'ndjson:DIR/': folder => ({sink: 'ndjson', options: {path: `${folder}/`}}),
	filesystem: folder => ({sink: 'filesystem', options: {dir: folder}}),
};

const tenants = ['one', 'two', 'three'];
const nights = [0, 1, 2];

describe('a target that pipelines share', () => {
	for (const [name, make] of Object.entries(shared)) {
		describe(name, () => {
			const temporary = temporaryFolder();

			it('holds every event of each, and is intact, whoever writes when', async () => {
				const {sink, options} = make(path.join(temporary(), 'archive'));
				const create = await load('sink', sink);
				const marks: (Json | undefined)[] = tenants.map(() => undefined);
				for (const night of nights) {
					const opened = await Promise.all(marks.map(mark => create(options as never).open(sinkContext(mark))));
					for (const page of [0, 1]) {
						await Promise.all(
							opened.map(async (open, at) => {
								const batch = batchOf([{id: `${tenants[at]}-${night}-${page}`}], 'tenant');
								const source = {...batch.source, tenant: tenants[at]!};
								assert.deepEqual((await open.write({...batch, source})) ?? [], []);
								marks[at] = await open.flush();
							}),
						);
						const {damage, uncommitted} = await create.verify!(options as never);
						assert.deepEqual({damage, uncommitted}, {damage: [], uncommitted: []}, 'while all are at work');
					}
					await Promise.all(opened.map(open => open.close()));
				}
				const {damage, uncommitted, parts, sources} = await create.verify!(options as never);
				assert.deepEqual({damage, uncommitted}, {damage: [], uncommitted: []});
				assert.deepEqual(
					parts.map(({entries}) => entries),
					tenants.map(() => 2 * nights.length),
				);
				const counts = Object.fromEntries(Object.entries(sources).map(([key, {events}]) => [key, events]));
				const wanted = tenants.map(tenant => [`some-source:${tenant}`, 2 * nights.length]);
				assert.deepEqual(counts, Object.fromEntries(wanted));
			});
		});
	}
});
