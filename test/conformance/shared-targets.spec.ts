import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type {SinkError} from '../../lib/model/errors.ts';
import type {Json} from '../../lib/model/event.ts';
import {load} from '../../lib/registry.ts';
import {batchOf, sinkContext} from '../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

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

			const damages: Readonly<Record<string, (file: string) => void>> = {
				removed: file => fs.rmSync(file),
				'cut short': file => fs.truncateSync(file, 1),
				lengthened: file => fs.appendFileSync(file, 'x'),
				'replaced by a link': file => {
					fs.renameSync(file, `${file}.moved`);
					fs.symlinkSync(`${file}.moved`, file);
				},
			};
			for (const [what, damage] of Object.entries(damages)) {
				it(`is not gone on with where a file of the last commit was ${what}, even behind a run without events`, async () => {
					const dir = path.join(temporary(), 'archive');
					const {sink, options} = make(dir);
					const create = await load('sink', sink);
					const run = async (mark: Json | undefined, ids: readonly string[]) => {
						const open = await create(options as never).open(sinkContext(mark));
						if (ids.length > 0) await open.write(batchOf(ids.map(id => ({id}))));
						const next = await open.flush();
						await open.close();
						return next;
					};
					const mark = await run(await run(await run(undefined, ['a', 'b']), ['c', 'd']), []);
					const last = fs
						.readdirSync(dir, {recursive: true, withFileTypes: true})
						.filter(entry => entry.isFile() && /(?:d\.json|000000000001-\w+\.ndjson\.gz)$/.test(entry.name))
						.map(entry => path.join(entry.parentPath, entry.name));
					assert.equal(last.length, 1);
					await run(mark, []);
					damage(last[0]!);
					const {code, message} = await run(mark, []).then(
						() => assert.fail('it went on'),
						(error: unknown) => error as SinkError,
					);
					assert.equal(code, 'TARGET_CHANGED');
					assert.ok(message.includes(path.relative(dir, last[0]!)), message);
					assert.match(message, / 1 are missing or were changed.*put them back.*begin a new state/);
				});
			}
		});
	}
});
