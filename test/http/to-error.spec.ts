import assert from 'node:assert/strict';
import type {ServerResponse} from 'node:http';
import {inspect} from 'node:util';
import {AxiosHeaders, type InternalAxiosRequestConfig} from 'axios';
import fc from 'fast-check';
import {AuditError, RateLimitError, type SourceError} from '../../lib/model/errors.ts';
import {AttemptError, type FailureKind} from '../../lib/http/attempt.ts';
import {chooseCredentials} from '../../lib/http/credentials.ts';
import {toAuditError} from '../../lib/http/to-error.ts';
import {createSecretFilter} from '../../lib/http/secrets.ts';
import {scriptedServers} from '../support/scripted-server.ts';
import {openClient, rejection} from './open-client.ts';

const secret = 'S3cr3t-t0ken';
const config = {headers: new AxiosHeaders({authorization: `Bearer ${secret}`})} as InternalAxiosRequestConfig;
const endpoint = new URL('https://host:8443/prefix');

function convert(error: unknown): Error & Partial<SourceError & RateLimitError> {
	const hideSecrets = createSecretFilter([secret]);
	return toAuditError(error, 'api', {method: 'GET', path: '/events', query: [['q', 'x']]}, endpoint, hideSecrets);
}

const wording = {
	address: 'the address of the sink',
	missing: ['nobody is there', 'who it was'],
	forbidden: ['it may not be written', 'whose it is'],
} as const;

/** As an API that is written to says it. */
function worded(kind: FailureKind, detail: ConstructorParameters<typeof AttemptError>[3]): Error {
	const error = new AttemptError(kind, 'x', config, detail);
	return toAuditError(error, 'api', {method: 'GET', path: '/events'}, endpoint, text => text, wording);
}

function failed(kind: FailureKind, message: string, detail: ConstructorParameters<typeof AttemptError>[3] = {}) {
	return convert(new AttemptError(kind, message, config, detail));
}

function answered(status: number, body = '', headers: Record<string, string> = {}) {
	return failed('status', `status ${status}`, {status, headers, body: Buffer.from(body)});
}

function errno(code: string): NodeJS.ErrnoException {
	return Object.assign(new Error(`connect ${code}`), {code});
}

describe('toAuditError', () => {
	const where = 'api: GET https://host:8443/prefix/events';
	const cases: readonly (readonly [error: Error & {code?: unknown}, code: string, message: string | RegExp])[] = [
		[answered(401), 'UNAUTHORIZED', /^api: GET \S+ answered 401: the credentials were refused; check/],
		[
			answered(403, '{"no":1}'),
			'FORBIDDEN',
			/answered 403: these credentials may not read this log: \{"no":1\}; check/,
		],
		[answered(404), 'NOT_FOUND', /answered 404: there is no such thing .*option endpoint$/],
		[answered(500), 'HTTP_STATUS', `${where} answered 500`],
		[answered(400, 'bad\ncursor'), 'HTTP_STATUS', `${where} answered 400: bad\\ncursor`],
		[
			answered(302, '', {location: 'https://evil.example/'}),
			'REDIRECT_REFUSED',
			/points to https:\/\/evil\.example\/,/,
		],
		[answered(304), 'REDIRECT_REFUSED', /points to nowhere/],
		[failed('timeout', 'nothing came for 5 ms'), 'TIMEOUT', /^api: GET .*: nothing came for 5 ms/],
		[failed('too-large', 'the body is larger than 5 bytes'), 'BODY_TOO_LARGE', /larger than 5 bytes$/],
		[
			failed('body', 'the body is not whole JSON'),
			'BAD_BODY',
			`${where}: expected JSON, but the body is not whole JSON`,
		],
		[failed('network', 'x', {cause: errno('ENOTFOUND')}), 'UNREACHABLE', /the host host is not known \(ENOTFOUND\)/],
		[failed('network', 'x', {cause: errno('EAI_AGAIN')}), 'UNREACHABLE', /the host host is not known \(EAI_AGAIN\)/],
		[failed('network', 'x', {cause: errno('ECONNREFUSED')}), 'UNREACHABLE', /nothing listens at host:8443/],
		[failed('network', 'x', {cause: errno('ECONNRESET')}), 'UNREACHABLE', /the connection failed \(ECONNRESET\)/],
		[failed('network', `odd ${secret}`), 'UNREACHABLE', /the connection failed \(odd \(the answer is not shown/],
		[worded('status', {status: 404}), 'NOT_FOUND', `${where} answered 404: nobody is there; check who it was`],
		[worded('status', {status: 403}), 'FORBIDDEN', `${where} answered 403: it may not be written; check whose it is`],
		[worded('status', {status: 301}), 'REDIRECT_REFUSED', /; check the address of the sink$/],
		[worded('network', {cause: errno('ENOTFOUND')}), 'UNREACHABLE', /; check the address of the sink and the network$/],
		[worded('network', {cause: errno('ECONNREFUSED')}), 'UNREACHABLE', /; check the address of the sink$/],
		[convert(new Error('odd')), 'UNREACHABLE', 'api: odd'],
		[convert('odd'), 'UNREACHABLE', 'api: odd'],
	];
	for (const [error, code, message] of cases) {
		it(`says ${String(message)}`, () => {
			assert.ok(error instanceof AuditError);
			assert.equal(error.code, code);
			if (typeof message === 'string') assert.equal(error.message, message);
			else assert.match(error.message, message);
		});
	}

	it('keeps the status', () => {
		for (const status of [400, 404, 410, 500, 302]) assert.equal(answered(status).status, status);
	});

	it('says how long to wait', () => {
		const attempt = new AttemptError('status', 'status 429', config, {status: 429});
		Object.assign(attempt, {delayMs: 7_200_500, refusal: true});
		const error = convert(attempt);
		assert.ok(error instanceof RateLimitError);
		assert.equal(error.waitMs, 7_200_500);
		assert.match(error.message, /another 7201 s, .*option maxWait/);
	});

	it('is the usual error of a signal where the request was stopped', () => {
		assert.equal(failed('stopped', 'stopped').name, 'AbortError');
	});

	it('lets errors of ours through', () => {
		const error = new AuditError('CONFIG', 'text');
		assert.equal(convert(error), error);
	});

	it('shows one line of the body, cut after the secrets are gone', () => {
		const {message} = answered(500, `${secret} `.repeat(4000) + secret.slice(0, 8));
		assert.ok(message.length < 300);
		assert.doesNotMatch(message, /S3cr/);

		const long = `S3cr${'x'.repeat(176)}`;
		const body = Buffer.from(long.repeat(24));
		const error = new AttemptError('status', 'status 500', config, {status: 500, body});
		const hideSecrets = createSecretFilter([long]);
		assert.doesNotMatch(toAuditError(error, 'api', {method: 'GET', path: '/'}, endpoint, hideSecrets).message, /S3cr/);
	});

	it('cuts a location after the secrets are gone', () => {
		for (let length = 150; length < 250; length++) {
			const location = `https://evil.example/${'x'.repeat(length)}${secret}`;
			assert.doesNotMatch(answered(302, '', {location}).message, /S3cr/);
		}
	});
});

describe('toAuditError over HTTP', () => {
	const serve = scriptedServers();

	/** What a server may do with a credential that it was sent. */
	const echoes: Readonly<Record<string, (response: ServerResponse, text: string) => unknown>> = {
		status: (response, text) => response.writeHead(400, text.replaceAll(/[^ -~]/g, '?')).end(),
		body: (response, text) => response.writeHead(400).end(text),
		json: (response, text) => response.writeHead(500).end(JSON.stringify({error: JSON.stringify([text])})),
		page: (response, text) => response.writeHead(200, {'content-type': 'text/html'}).end(`<p>${text}</p>`),
		location: (response, text) =>
			response.writeHead(302, {location: `https://evil.example/${'x'.repeat(160)}${text}`}).end(),
		type: (response, text) => response.writeHead(200, {'content-type': text}).end('no JSON'),
		encoding: (response, text) => response.writeHead(200, {'content-encoding': text}).end('{}'),
		unauthorized: (response, text) => response.writeHead(401, {'www-authenticate': text}).end(text),
		forbidden: (response, text) => response.writeHead(403, {'x-token': text}).end(text),
		missing: (response, text) => response.writeHead(404).end(text),
		quota: (response, text) => response.writeHead(429, {'retry-after': '9999999', 'x-token': text}).end(text),
		protocol: (response, text) => response.socket?.end(`HTTP/1.1 200 OK\r\n${text}\r\n\r\n`),
		nonsense: (response, text) => response.socket?.end(text),
		reset: (response, text) => {
			response.writeHead(200, {'content-length': '9999'}).write(text);
			response.socket?.end();
		},
	};
	const spellings: readonly ((text: string) => string)[] = [
		text => text,
		encodeURIComponent,
		text => Buffer.from(text).toString('base64'),
		text => Buffer.from(text).toString('base64url'),
		text => encodeURIComponent(Buffer.from(text).toString('base64')),
	];
	const letters = fc.string({unit: fc.constantFrom(...'abcXYZ0189-._~+/=:%$&"\\\'{[<>'), minLength: 12, maxLength: 80});

	for (const scheme of ['bearer', 'basic'] as const) {
		it(`shows no ${scheme} credential, however the server repeats it`, async () => {
			let echo = (_response: ServerResponse): unknown => undefined;
			const server = await serve(response => echo(response));
			const kinds = fc.constantFrom(...Object.keys(echoes));
			await fc.assert(
				fc.asyncProperty(letters, kinds, fc.constantFrom(...spellings), async (token, kind, spell) => {
					const credentials = chooseCredentials('test-api', [scheme], {token, username: 'ann', password: token});
					const sent = (await credentials.header()).replace(/^\w+ /, '');
					echo = response => echoes[kind]!(response, `${spell(token)} ${spell(sent)}`);
					const error = await rejection(openClient(server.origin, {credentials, maxAttempts: 1}).get());
					assert.ok(error instanceof AuditError, inspect(error));
					const shown = [
						error.message,
						String(error.stack),
						inspect(error, {depth: 20, showHidden: true}),
						JSON.stringify(error),
						JSON.stringify(error, Object.getOwnPropertyNames(error)),
					].join('\n');
					for (const known of [token, sent]) {
						for (const encode of spellings) {
							for (const text of [encode(known), JSON.stringify(encode(known)).slice(1, -1)]) {
								assert.ok(!shown.includes(text), `${text} in ${shown}`);
							}
						}
					}
				}),
				{numRuns: 300},
			);
		});
	}
});
