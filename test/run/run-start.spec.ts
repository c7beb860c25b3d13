import assert from 'node:assert/strict';
import {ConfigError} from '../../lib/model/errors.ts';
import type {Json} from '../../lib/model/event.ts';
import {Meter} from '../../lib/model/meter.ts';
import {RunStart} from '../../lib/run/run-start.ts';
import type {Checkpoint, StateStore} from '../../lib/state/state.ts';

const {signal} = new AbortController();

function startFrom(checkpoint?: Partial<Checkpoint>): RunStart {
	const empty = {binding: {}, sources: {}, snapshots: {}, sinks: {}};
	return new RunStart(checkpoint && {...empty, ...checkpoint}, signal, new Meter());
}

function storeWith(read: (mark: Json) => Promise<Uint8Array>): StateStore {
	const unused = () => Promise.reject(new Error('not now'));
	return {load: unused, commit: unused, journal: {read, append: unused, rewrite: unused}};
}

describe('RunStart', () => {
	it('hands each source its position, and learns what it is bound to and where it begins', () => {
		const start = startFrom({sources: {'a:1': {covered: [[0, 5]]}}});
		assert.equal(start.hasSources, false);
		const a = start.openSource('a:1', {endpoint: 'https://one', q: '"x"'});
		assert.deepEqual([a.key, a.position()], ['a:1', {covered: [[0, 5]]}]);
		a.begin({covered: [[0, 5]], scan: 1});
		const b = start.openSource('b:1', {endpoint: 'https://two'});
		assert.equal(b.position(), undefined);
		b.begin({});
		assert.equal(start.hasSources, true);
		assert.deepEqual(start.sources, ['a', 'b']);
		assert.deepEqual(start.binding, {
			'a:1 endpoint': 'https://one',
			'a:1 q': '"x"',
			'b:1 endpoint': 'https://two',
		});
		assert.deepEqual(start.positions, {'a:1': {covered: [[0, 5]], scan: 1}, 'b:1': {}});
	});

	it('gives one that takes part twice a place of its own, and one that is over its place again', () => {
		const start = startFrom({sources: {'a:1': {at: 1}, 'a:1#2': {at: 2}}});
		const [one, two] = [start.openSource('a:1', {}), start.openSource('a:1', {})];
		assert.deepEqual([one.key, two.key, two.position()], ['a:1', 'a:1#2', {at: 2}]);
		const stream = one.stream();
		assert.throws(() => one.stream(), {code: 'CONFIG', message: /subscribed to twice/});
		start.written('a:1', {at: 7});
		stream.ended = 'left';
		const again = start.openSource('a:1', {});
		assert.deepEqual([again.key, again.position()], ['a:1', {at: 7}]);
		assert.equal(start.openSource('a:1', {other: 'x'}).key, 'a:1#3');
	});

	it('refuses a source that comes when the state is bound', () => {
		const start = startFrom({});
		assert.throws(() => start.seal(), ConfigError);
		start.openSource('constructor', {}).stream().ended = 'complete';
		start.seal();
		assert.equal(start.openSource('constructor', {}).key, 'constructor');
		assert.throws(() => start.openSource('b:1', {}), {code: 'CONFIG', message: /came too late for the state/});
	});

	it('knows from when on all identities are remembered', () => {
		assert.equal(startFrom().floorMs('a:1'), undefined);
		assert.equal(startFrom({snapshots: {'x:a:1': null, 'y:a:1': 7, 'z:a:1': {}}}).floorMs('a:1'), undefined);
		const snapshots = {'dedupe:a:1': {floorMs: 5}, 'other:a:1': {floorMs: 9}, 'dedupe:b:1': {floorMs: 70}};
		assert.equal(startFrom({snapshots}).floorMs('a:1'), 9);
		assert.deepEqual(startFrom({snapshots}).snapshots, snapshots);
	});

	it('reads the identities from the journal, or out of the checkpoint where there is none', async () => {
		const bytes = Buffer.from('identities of twenty');
		const fromJournal = startFrom({journal: {end: 20}});
		await fromJournal.loadIdentities(
			storeWith(async mark => {
				assert.deepEqual(mark, {end: 20});
				return bytes;
			}),
		);
		assert.deepEqual(fromJournal.identities, bytes);

		const fromCheckpoint = startFrom({journal: bytes.toString('base64')});
		const {journal: _, ...plain} = storeWith(async () => bytes);
		await fromCheckpoint.loadIdentities(plain);
		assert.deepEqual(fromCheckpoint.identities, bytes);
	});

	it('has none before there is a checkpoint', async () => {
		for (const start of [startFrom(), startFrom({})]) {
			await start.loadIdentities(storeWith(() => Promise.reject(new Error('there is nothing to read'))));
			assert.equal(start.identities.length, 0);
		}
	});
});
