import assert from 'node:assert/strict';
import {z} from 'zod';
import {type Ask, defineOperation} from '../../lib/source/define-operation.ts';
import {AuthError, ConfigError, SourceError} from '../../lib/model/errors.ts';
import {operationsOf} from '../../lib/source/operations.ts';
import {connectionOptions, tokenOption} from '../../lib/options/options.ts';
import {type ScriptedServer, type Script, scriptedServers} from '../support/scripted-server.ts';

const facts = {name: 'some-source', auth: ['bearer']} as const;
const connection = {...connectionOptions, ...tokenOption, endpoint: z.string().optional()};
const getOne = defineOperation({
	docs: 'One row.',
	options: {id: z.string().describe('the row')},
	run: ({options: {id}, ask}) =>
		ask<{readonly id: number}>({path: `/rows/${id}`, query: {expand: ['a', 'b'], none: undefined}}),
});
const setOne = defineOperation({
	docs: 'Changes a row.',
	options: {id: z.string().describe('the row')},
	body: z.strictObject({name: z.string(), size: z.number().default(1)}),
	writes: true,
	preview: async ({options: {id}, body}) => `${id} gets ${JSON.stringify(body)}`,
	run: ({options: {id}, body, ask}) => ask({method: 'PUT', path: `/rows/${id}`, body}),
});
const search = defineOperation({
	docs: 'Rows that fit.',
	options: {},
	body: z.strictObject({}),
	run: ({body, ask}) => ask({method: 'POST', path: '/search', body, repeatable: true}),
});
const add = defineOperation({
	...search,
	run: ({body, ask}) => ask({method: 'POST', path: '/rows', body}),
});
const operations = operationsOf(facts, {'get-one': getOne, 'set-one': setOne, search, add}, connection);
const {'get-one': one, 'set-one': set} = operations;

const quick = {token: 'hush-hush', retryBaseMs: 0};
const turn = () => new Promise(resolve => setImmediate(resolve));
const json = (text: string, status = 200): Script => {
	return response => response.writeHead(status, {'content-type': 'application/json'}).end(text);
};

function seen({requests}: ScriptedServer): string[] {
	return requests.map(({method, url, body}) => `${method} ${url} ${body}`.trim());
}

describe('operationsOf', () => {
	const serve = scriptedServers();

	it('states what each operation is', () => {
		assert.deepEqual(Object.keys(operations), ['get-one', 'set-one', 'search', 'add']);
		assert.deepEqual([one.docs, one.writes, one.takesBody], ['One row.', false, false]);
		assert.deepEqual([set.docs, set.writes, set.takesBody], ['Changes a row.', true, true]);
		const names = Object.keys(one.options.shape);
		for (const name of ['id', 'token', 'endpoint', 'timeoutMs']) assert.ok(names.includes(name), name);
		assert.deepEqual(operationsOf(facts, {}, connection), {});
	});

	it('resolves with the parsed answer, or with undefined where that is empty', async () => {
		const server = await serve((response, n) => json(n === 1 ? '{"id": 1.0}' : ' \n')(response, n, undefined!));
		const options = {...quick, endpoint: server.origin, id: 'x%20y'};
		assert.deepEqual(await one(options), {id: 1});
		assert.equal(await one(options), undefined);
		assert.deepEqual(seen(server), Array(2).fill('GET /rows/x%20y?expand=a&expand=b'));
		assert.equal(server.requests[0]!.headers.authorization, 'Bearer hush-hush');
	});

	it('gives the answer as the API wrote it', async () => {
		const texts = ['{"n": 12345678901234567890,\n "d": 1.0}\n', ''];
		const server = await serve((response, n) => json(texts[n - 1]!)(response, n, undefined!));
		const prepared = one.prepare({...quick, endpoint: server.origin, id: '1'});
		assert.deepEqual(await prepared.run(), {text: texts[0], json: JSON.parse(texts[0]!) as unknown});
		assert.deepEqual(await prepared.run(), {text: '', json: undefined});
	});

	it('takes an answer without a body', async () => {
		const server = await serve(response => response.writeHead(204).end());
		assert.equal(await set({...quick, endpoint: server.origin, id: '1', body: {name: 'n'}}), undefined);
	});

	it('sends its body, checked, and nothing for a preview', async () => {
		const server = await serve(json('{}'));
		const prepared = set.prepare({...quick, endpoint: server.origin, id: '1'}, {name: 'n'});
		assert.equal(await prepared.preview(), '1 gets {"name":"n","size":1}');
		assert.deepEqual(seen(server), []);
		await prepared.run();
		assert.deepEqual(seen(server), ['PUT /rows/1 {"name":"n","size":1}']);
		assert.equal(await one.prepare({...quick, endpoint: server.origin, id: '1'}).preview(), undefined);
	});

	it('refuses bad options and bodies before any request, by their names', async () => {
		const server = await serve(json('{}'));
		const good = {...quick, endpoint: server.origin, id: '1'};
		const bad: [options: object, body: unknown, message: RegExp][] = [
			[{...good, id: undefined}, {name: 'n'}, /^some-source set-one: option id: expected string, got nothing$/],
			[{...good, size: 1}, {name: 'n'}, /^some-source set-one: option size: expected one of id, /],
			[{...good, endpoint: undefined}, {name: 'n'}, /^some-source: option endpoint: expected the address/],
			[{...good, token: undefined}, {name: 'n'}, /^some-source: expected credentials/],
			[good, undefined, /^some-source set-one: option body: expected object, got nothing$/],
			[good, {name: 5}, /^some-source set-one: option body.*: expected string, got 5$/],
			[good, {name: 'n', nick: 'm'}, /nick/],
			[good, '{"name":"n"}', /^some-source set-one: option body: expected object, got /],
		];
		for (const [options, body, message] of bad) {
			assert.throws(
				() => set.prepare(options as typeof good, body),
				(error: unknown) => error instanceof ConfigError && message.test(error.message),
				String(message),
			);
			await assert.rejects(set({...(options as typeof good), body: body as {name: string}}), ConfigError);
		}
		assert.throws(() => one.prepare(good, {name: 'n'}), {
			name: 'ConfigError',
			message: 'some-source get-one: expected no body, got one',
		});
		assert.deepEqual(seen(server), []);
	});

	it('sends again what may be sent again, and nothing else', async () => {
		const failing: Script = (response, n) =>
			json(n % 3 === 0 ? '[]' : '{}', n % 3 === 0 ? 200 : 503)(response, n, undefined!);
		const server = await serve(failing);
		const given = {...quick, endpoint: server.origin, retryMaxMs: 0};
		assert.deepEqual(await one({...given, id: '1'}), []);
		assert.deepEqual(await set({...given, id: '1', body: {name: 'n'}}), []);
		assert.deepEqual(await operations.search({...given, body: {}}), []);
		assert.equal(server.requests.length, 9);
		await assert.rejects(operations.add({...given, body: {}}), SourceError);
		assert.equal(server.requests.length, 10);
	});

	it('rejects with what went wrong, without a secret', async () => {
		for (const [status, kind] of [
			[401, AuthError],
			[403, AuthError],
			[404, SourceError],
			[400, SourceError],
		] as const) {
			const server = await serve(json('{"message": "no to hush-hush"}', status));
			await assert.rejects(one({...quick, endpoint: server.origin, id: '1'}), (error: unknown) => {
				assert.ok(error instanceof kind, String(error));
				assert.match(error.message, /^some-source: /);
				assert.doesNotMatch(String(error.stack) + JSON.stringify(error), /hush-hush/);
				return true;
			});
			assert.equal(server.requests.length, 1);
		}
	});

	it('names what came where that is no JSON, and shows its beginning without a secret', async () => {
		for (const [type, text] of [
			['text/csv', 'id,name\n1,hush-hush'],
			['text/plain', 'no such thing for hush-hush'],
			['text/html;charset=utf-8', '<html>hush-hush</html>'],
			['application/json', 'id,name'],
			[undefined, 'id,name'],
		] as const) {
			const server = await serve(response =>
				response.writeHead(200, type === undefined ? {} : {'content-type': type}).end(text),
			);
			const asked = one({...quick, endpoint: server.origin, id: '1', maxAttempts: 1});
			await assert.rejects(asked, (error: unknown) => {
				assert.ok(error instanceof SourceError && error.code === 'BAD_BODY', String(error));
				const got = type === undefined ? '' : ` (content type ${type})`;
				const [start] = text.split(/\n|hush/);
				const isPage = type?.startsWith('text/html');
				const said = isPage
					? ': expected JSON, but a page for people came'
					: `: expected JSON, but the body is not whole JSON${got}`;
				assert.ok(
					isPage || start === '' || error.message.includes(start!) || error.message.includes('not shown'),
					error.message,
				);
				assert.ok(error.message.includes(said), error.message);
				assert.doesNotMatch(String(error.stack) + JSON.stringify(error), /hush-hush/);
				return true;
			});
		}
	});

	it('ends at once when it is told to: in a request, between two, and before the first', async () => {
		const server = await serve((response, n) => n === 1 && json('', 503)(response, n, undefined!));
		for (const [id, options] of [
			['waiting', {retryBaseMs: 60_000, retryMaxMs: 60_000}],
			['answering', {}],
		] as const) {
			const stop = new AbortController();
			const asked = one({...quick, ...options, endpoint: server.origin, id}, {signal: stop.signal});
			while (!server.requests.some(({url}) => url.includes(id))) await turn();
			stop.abort();
			await assert.rejects(asked, {name: 'AbortError'});
		}
		assert.equal(server.requests.length, 2);
		const signal = AbortSignal.abort();
		await assert.rejects(one({...quick, endpoint: server.origin, id: '1'}, {signal}), {name: 'AbortError'});
		const prepared = set.prepare({...quick, endpoint: server.origin, id: '1'}, {name: 'n'});
		await assert.rejects(prepared.run({signal}), {name: 'AbortError'});
		assert.equal(server.requests.length, 2);
	});

	it('hands the signal to a preview too', async () => {
		const previewed = {...setOne, preview: async ({ask}: {ask: Ask}) => (await ask({path: '/'})).text};
		const {it: bound} = operationsOf(facts, {it: previewed}, connection);
		const server = await serve(json('{}'));
		const prepared = bound.prepare({...quick, endpoint: server.origin, id: '1'}, {name: 'n'});
		await assert.rejects(prepared.preview({signal: AbortSignal.abort()}), {name: 'AbortError'});
		assert.equal(server.requests.length, 0);
	});

	it('takes half an answer for a failure', async () => {
		const server = await serve((response, n) => json(n === 1 ? '{"id": ' : '{"id": 2}')(response, n, undefined!));
		assert.deepEqual(await one({...quick, endpoint: server.origin, id: '1'}), {id: 2});
		assert.equal(server.requests.length, 2);
	});
});
