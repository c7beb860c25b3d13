import assert from 'node:assert/strict';
import {of} from 'rxjs';
import type {z} from 'zod';
import {ConfigError} from '../model/errors.ts';
import type {AuditEvent} from '../model/event.ts';
import {normalize} from '../operators/normalize.ts';
import type {Page} from '../model/page.ts';
import {listen} from './listen.ts';
import {assertTextualDefaults} from './textual-defaults.ts';
import {credentialsFor, type Subject, textsOf, withSource} from './source-under-test.ts';
import {assertInOrder} from './tally.ts';
import {it} from './runner.ts';

function idsOf(pages: readonly Page[]): string[] {
	return pages.flatMap(({records}) => records.map(({id}) => id));
}

function normalized(pages: readonly Page[]): readonly AuditEvent[] {
	const out = listen(of(...pages).pipe(normalize())).values;
	assert.deepEqual(
		out.flatMap(({rejected}) => rejected),
		[],
	);
	return out.flatMap(({events}) => events);
}

/** The same JSON with the members of every object the other way round. */
function turned(text: string): string {
	return JSON.stringify(JSON.parse(text), (_, value: unknown) => {
		if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
		return Object.fromEntries(Object.entries(value).toReversed());
	});
}

function assertDescribed({shape}: z.ZodObject): void {
	for (const [name, {description = ''}] of Object.entries(shape) as [string, z.ZodType][]) {
		assert.match(name, /^[a-z][A-Za-z0-9]*$/, `${name} is not camelCase`);
		assert.notEqual(description, '', `${name} has no description`);
	}
}

/** What a source says of itself. */
export function describeFacts(subject: Subject): void {
	const {name, source} = subject;

	it('is called like its file, and says what it is and where that is written', () => {
		assert.equal(source.name, name);
		assert.match(source.docs, /^[A-Z].{20,}\.$/s);
		assert.match(source.reference, /^https:\/\//);
		assert.ok(source.auth.length > 0);
	});

	it('describes every option and every operation', () => {
		assertDescribed(source.options);
		assertTextualDefaults(source.options);
		const shared = ['endpoint', 'pageSize', ...(source.order === 'none' ? [] : ['since', 'until', 'overlap'])];
		const secret = Object.keys(credentialsFor(source));
		assert.deepEqual(
			[...shared, ...secret].filter(option => !Object.hasOwn(source.options.shape, option)),
			[],
		);
		for (const [operation, {docs, options}] of Object.entries(source.operations)) {
			assert.match(docs, /^[A-Z].{10,}\.$/s, operation);
			assertDescribed(options);
		}
	});

	it('refuses options that cannot work before it asks for anything', () =>
		withSource(subject, {}, async ({emulator, options}) => {
			const wrong = [{pageSize: 0}, {pageSize: 'many'}, {noSuchOption: 1}, {endpoint: 'ftp://127.0.0.1'}];
			for (const one of source.order === 'none' ? wrong : [...wrong, {since: 'then'}, {since: 2e12, until: 1e12}]) {
				assert.throws(() => source(options(one)), ConfigError, JSON.stringify(one));
			}
			const without = Object.keys(credentialsFor(source)).map(option => [option, undefined] as const);
			assert.throws(() => source(options(Object.fromEntries(without))), ConfigError, 'no credentials');
			assert.equal(emulator.requestCount, 0);
		}));
}

export function describeReading(subject: Subject): void {
	const {source, reading} = subject;

	it('gives every record once, in the order of the API, however many pages they fill', async () => {
		for (const pages of [0.1, 1, 1.1, 2, 6.5]) {
			await withSource(subject, {pages}, async ({held, pull, pageSize}) => {
				const given = await pull();
				assertInOrder(textsOf(given), held(), `${pages * pageSize} records`);
				const ids = idsOf(given);
				assert.equal(new Set(ids).size, ids.length, 'true twins have an id each');
			});
		}
	});

	it('gives empty pages of an empty log, with at most two requests', () =>
		withSource(subject, {events: 0}, async ({emulator, pull}) => {
			const given = await pull();
			assert.ok(given.length > 0);
			assert.deepEqual(idsOf(given), []);
			assert.ok(emulator.requestCount <= 2, `${emulator.requestCount} requests`);
		}));

	if (reading.pageSize === undefined) {
		it('asks for the page size that it is told', () =>
			withSource(subject, {events: 26}, async ({held, pull}) => {
				for (const pageSize of [1, '7', 25, 26, 27]) {
					const given = await pull({pageSize});
					assertInOrder(textsOf(given), held(), `${pageSize} a page`);
					assert.equal(Math.max(...given.map(({records}) => records.length)), Math.min(Number(pageSize), 26));
				}
			}));
	}

	if (source.order !== 'none') {
		it('reads from since, inclusive, to until, exclusive, be it within a millisecond that many share', () =>
			withSource(subject, {pages: 10}, async ({api, held, pull}) => {
				const times = Array.from(api.records(), ({timeMs, processedMs}) => processedMs ?? timeMs);
				for (const [newer, older] of [
					[20, 80],
					[30, 31],
					[35, 99],
					[0, 40],
				] as const) {
					const [until, since] = [times[newer]!, times[older]!];
					if (since === until) continue;
					const given = textsOf(await pull({since, until: new Date(until).toISOString()}));
					assertInOrder(given, held({from: since, to: until - 1}), `records ${newer} to ${older}`);
				}
			}));
	}

	it('hands on each record as it is on the wire, byte for byte', async () => {
		for (const prettyPrint of [false, true]) {
			const switches = {prettyPrint, gzip: prettyPrint, oddRecords: true, hostileIds: true};
			await withSource(subject, {switches}, async ({emulator, held, pull}) => {
				const given = await pull();
				const asked = [...emulator.requests];
				const bodies = asked.map(async ({method, url, headers, body = null}) => {
					const {authorization = '', 'content-type': type = 'text/plain'} = headers;
					const init = {method, headers: {authorization, 'content-type': type}, body};
					return (await fetch(new URL(url, emulator.url), init)).text();
				});
				const wire = (await Promise.all(bodies)).join('').replace(/[\r\n]/g, '');
				assert.deepEqual(
					textsOf(given).filter(text => !wire.includes(text)),
					[],
				);
				if (!prettyPrint) assertInOrder(textsOf(given), held());
				assert.deepEqual(
					normalized(given).map(({raw}) => raw),
					textsOf(given),
				);
			});
		}
	});

	it('knows a record again whatever the order of its members', async () => {
		let before: readonly {id: string; timeMs: number; text: string}[] = [];
		await withSource(subject, {}, async ({pull}) => {
			const records = (await pull()).flatMap(page => page.records);
			before = records.map(({id, timeMs, text}) => ({id, timeMs, text: Buffer.from(text).toString()}));
		});
		await withSource(subject, {events: 0}, async ({api, pull}) => {
			api.insert(before.map(({timeMs, text}) => ({timeMs, text: turned(text)})));
			const again = idsOf(await pull());
			assert.deepEqual(again.sort(), before.map(({id}) => id).sort());
		});
	});
}
