import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import type {Json} from '../../../lib/model/event.ts';
import {thisProcess} from '../../../lib/state/holder.ts';
import type {ManifestEntry} from '../../../lib/sink/manifest.ts';
import filesystem from '../../../sinks/filesystem.ts';
import {lifeOfMarker} from '../../../sinks/_files/writers.ts';
import {failFs, restoreFs} from '../../support/patch-fs.ts';
import {batchOf, sinkContext, sinkError} from '../../../lib/testing/sink-batch.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

const one = batchOf([{id: '1'}]);
const two = batchOf([{id: '2'}, {id: '3'}]);
const day = '2026/01/02';

describe('the manifest of a folder', () => {
	const folder = temporaryFolder();
	const dir = () => path.join(folder(), 'backup');
	const at = (name: string) => path.join(dir(), name);
	const open = (resume?: Json, durability: 'process' | 'power' = 'process') =>
		filesystem({dir: dir(), durability, retryBaseMs: 0}).open(sinkContext(resume));
	const named = (pattern: RegExp) => fs.readdirSync(dir()).filter(name => pattern.test(name));
	const partOf = (mark: Json | undefined) => at(`_rxaudit.manifest.${(mark as {part: string}).part}`);
	/** Of all parts. */
	const entries = () =>
		named(/^_rxaudit\.manifest(\.[0-9a-f]{8})?$/)
			.flatMap(name => fs.readFileSync(at(name), 'utf8').split('\n').slice(0, -1))
			.map(line => (JSON.parse(line) as {entry: ManifestEntry}).entry);
	const listed = () =>
		entries()
			.map(({files}) => files!.map(file => path.basename(file.path, '.json')))
			.sort(([one], [other]) => Number(one) - Number(other));
	const isOpen = () => named(/\.open$/).length > 0;
	const verified = async () => {
		const {damage, uncommitted, sources} = await filesystem.verify!({dir: dir()});
		assert.deepEqual(damage, []);
		return {uncommitted: uncommitted.toSorted(), events: sources['some-source:some-tenant']?.events ?? 0};
	};
	async function write(batches: readonly (typeof one)[], resume?: Json, durability?: 'power'): Promise<Json[]> {
		const sink = await open(resume, durability);
		const marks = [];
		for (const batch of batches) {
			assert.deepEqual(await sink.write(batch), []);
			marks.push(await sink.flush());
		}
		await sink.close();
		return marks;
	}
	/** What a run leaves that is killed behind its last write. */
	async function killed(batch: typeof one, resume?: Json): Promise<void> {
		await (await open(resume)).write(batch);
		for (const name of named(/\.open$/)) fs.writeFileSync(at(name), JSON.stringify({...thisProcess(), startTime: '0'}));
	}

	afterEach(restoreFs);

	it('lists each file once, whatever is written again, with a state or without', async () => {
		const [, mark] = await write([one, two]);
		assert.deepEqual(listed(), [['1'], ['2', '3']]);
		await write([one, batchOf([{id: '4'}]), two]);
		await write([two], mark);
		assert.deepEqual(listed(), [['1'], ['2', '3'], ['4']]);
		assert.deepEqual(await verified(), {uncommitted: [], events: 4});
		assert.equal(isOpen(), false);
	});

	for (const durability of [undefined, 'power'] as const) {
		it(`lists what a killed run left when it comes again${durability ? `, ${durability}` : ''}`, async () => {
			const [mark] = await write([one], undefined, durability);
			await killed(two, mark);
			assert.deepEqual(await verified(), {uncommitted: [`${day}/2.json`, `${day}/3.json`], events: 1});
			await write([two], mark, durability);
			assert.deepEqual(listed(), [['1'], ['2', '3']]);
			assert.deepEqual(await verified(), {uncommitted: [], events: 3});
			assert.equal(isOpen(), false);
		});
	}

	it('calls it uncommitted for as long as it does not come again', async () => {
		await killed(two);
		await write([one]);
		assert.deepEqual(await verified(), {uncommitted: [`${day}/2.json`, `${day}/3.json`], events: 1});
		await write([batchOf([{id: '3'}])]);
		assert.deepEqual(await verified(), {uncommitted: [`${day}/2.json`], events: 2});
		await write([two]);
		assert.deepEqual(await verified(), {uncommitted: [], events: 3});
		assert.equal(isOpen(), false);
		fs.writeFileSync(at('x.json'), '');
		const {damage} = await filesystem.verify!({dir: dir()});
		assert.deepEqual(damage, [{kind: 'added', what: 'x.json', detail: 'no entry lists it'}]);
	});

	it('takes what lay there before it for uncommitted, and what of it comes for its own', async () => {
		fs.mkdirSync(at(day), {recursive: true});
		fs.writeFileSync(at('README'), '');
		fs.writeFileSync(at(`${day}/1.json`), '{"id":"1"}');
		await write([one]);
		assert.deepEqual(await verified(), {uncommitted: ['README'], events: 1});
	});

	it('goes on behind what another run has written meanwhile', async () => {
		const [mine] = await write([one]);
		await write([two]);
		await write([batchOf([{id: '4'}])], mine);
		assert.deepEqual(listed(), [['1'], ['2', '3'], ['4']]);
		assert.deepEqual(await verified(), {uncommitted: [], events: 4});
	});

	it('cuts a torn entry, and lists its files again', async () => {
		const [mark] = await write([one]);
		const sink = await open(mark);
		await sink.write(two);
		failFs('writeSync', 'ENOSPC');
		await assert.rejects(sink.flush(), sinkError('SINK_FAILED', /_rxaudit\.manifest.*ENOSPC/));
		restoreFs();
		await sink.close();
		assert.ok(isOpen());
		fs.appendFileSync(partOf(mark), '{"entry":{"ent');
		assert.equal((await verified()).uncommitted.length, 3);
		await write([two], mark);
		assert.deepEqual(await verified(), {uncommitted: [], events: 3});
	});

	it('lists what is there, which may be another order of the same', async () => {
		const page = (list: readonly number[]) => {
			const batch = batchOf([{id: '1', text: JSON.stringify({id: '1', list})}]);
			return {...batch, source: {...batch.source, unorderedLists: true}};
		};
		await killed(page([1, 2]));
		await write([page([2, 1])]);
		assert.deepEqual(await verified(), {uncommitted: [], events: 1});
		assert.match(fs.readFileSync(at(`${day}/1.json`), 'utf8'), /1,2/);
	});

	it('bounds its lines, without waiting for the commit', async () => {
		const many = Array.from({length: 10_001}, (_, n) => ({id: `m${n}`}));
		const sink = await open();
		await sink.write(batchOf(many));
		await sink.write(one);
		assert.equal(entries().length, 1);
		await sink.flush();
		await sink.close();
		assert.deepEqual(
			entries().map(({files}) => files!.length),
			[10_001, 1],
		);
		assert.deepEqual(await verified(), {uncommitted: [], events: 10_002});
	});

	it('refuses what is not what the state says', async () => {
		const [, mark] = await write([one, two]);
		const text = fs.readFileSync(partOf(mark), 'utf8');
		for (const [damaged, message] of [
			[text.slice(0, -10), /shorter/],
			[text.replace('"events":2', '"events":3'), /was changed/],
		] as const) {
			fs.writeFileSync(partOf(mark), damaged);
			await assert.rejects(open(mark), sinkError('TARGET_CHANGED', message));
		}
		fs.rmSync(partOf(mark));
		await assert.rejects(open(mark), sinkError('TARGET_CHANGED', /_rxaudit\.manifest\.[0-9a-f]{8} is missing/));
		assert.equal(isOpen(), false);
		// events of ours, and nothing that vouches for them
		assert.ok((await filesystem.verify!({dir: dir()})).damage.length > 0);
	});

	it('has parts that one run of a state writes at a time', async () => {
		const [mark] = await write([one]);
		const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {stdio: ['pipe', 'ignore', 'ignore']});
		const startTime = fs.readFileSync(`/proc/${other.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[19];
		const marker = `${partOf(mark)}.open`;
		fs.writeFileSync(marker, JSON.stringify({...thisProcess(), pid: other.pid, startTime}));
		try {
			const inUse = sinkError('TARGET_LOCKED', new RegExp(`the run of process ${other.pid} has the same state`));
			await assert.rejects(open(mark), inUse);
			await write([two]);
			assert.ok(fs.existsSync(marker), 'that of a run at work stays');
		} finally {
			other.kill();
			await once(other, 'exit');
		}
		await write([batchOf([{id: '4'}])], mark);
		assert.equal(isOpen(), false);
		fs.writeFileSync(marker, '{"half');
		await write([one], mark);
		assert.equal(isOpen(), false);
	});

	it('lets go of the part of a run that failed, also where its process goes on', async () => {
		const [mark] = await write([one]);
		const failing = await open(mark);
		await failing.write(two);
		await failing.close();
		assert.ok(isOpen(), 'what it placed is to be found');
		assert.equal(lifeOfMarker(`${partOf(mark)}.open`), 'dead');
	});

	it('notices a run of the same state that writes at the same time', async () => {
		const [mark] = await write([batchOf([{id: '0'}])]);
		const [first, second] = [await open(mark), await open(mark)];
		await second.write(two);
		await second.flush();
		await first.write(one);
		await assert.rejects(first.flush(), sinkError('TARGET_CHANGED', /another run has written to/));
		await first.close();
		await second.close();
	});

	it('goes on in a folder from before there were parts, in the one that there is', async () => {
		const [mark] = await write([one]);
		const {part: _part, ...old} = mark as {part: string};
		fs.renameSync(partOf(mark), at('_rxaudit.manifest'));
		await write([two], old);
		assert.deepEqual(named(/^_rxaudit/), ['_rxaudit.manifest']);
		assert.deepEqual(await verified(), {uncommitted: [], events: 3});
	});

	it('leaves no part behind that lists nothing', async () => {
		await write([one]);
		await write([one]);
		assert.equal(named(/^_rxaudit/).length, 1);
	});
});
