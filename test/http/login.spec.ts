import assert from 'node:assert/strict';
import {pageInstead, refusedLogin} from '../../lib/http/login.ts';
import {AuthError} from '../../lib/model/errors.ts';
import {scriptedServers} from '../support/scripted-server.ts';
import {openClient, rejection} from './open-client.ts';

describe('refusedLogin', () => {
	const refused: readonly (readonly [headers: Record<string, string>, words: RegExp])[] = [
		[{'x-seraph-loginreason': 'AUTHENTICATED_FAILED'}, /refused.*AUTHENTICATED_FAILED/],
		[{'x-seraph-loginreason': 'AUTHENTICATION_DENIED'}, /CAPTCHA.*browser/],
		[{'x-seraph-loginreason': 'AUTHORISATION_FAILED'}, /AUTHORISATION_FAILED/],
		[{'x-seraph-loginreason': 'out'}, /out/],
		[{'x-seraph-loginreason': 'OK, AUTHENTICATED_FAILED'}, /OK, AUTHENTICATED_FAILED/],
		[{'x-seraph-loginreason': 'OK', 'x-ausername': 'anonymous'}, /ignored.*nobody/],
		[{'x-ausername': 'admin, Anonymous'}, /nobody/],
		[
			{'x-authentication-denied-reason': 'CAPTCHA_CHALLENGE; login-url=https://jira.example.com/login.jsp'},
			/logged in at https:\/\/jira\.example\.com\/login\.jsp \(.*CAPTCHA_CHALLENGE/,
		],
	];
	for (const [headers, words] of refused) {
		it(`says what ${JSON.stringify(headers)} means`, () => assert.match(refusedLogin(headers) ?? '', words));
	}

	it('says nothing of a login that went well', () => {
		for (const reason of ['OK', 'ok', ' OK , OK ', ''])
			assert.equal(refusedLogin({'x-seraph-loginreason': reason}), undefined);
		assert.equal(refusedLogin({'x-ausername': 'anonymous.user', 'x-authentication-denied-reason': ''}), undefined);
	});
});

describe('pageInstead', () => {
	const logins = [
		'<!DOCTYPE html><title>Sign in to your account</title>',
		'\n<html><head><title>Acme\n SSO</title></head>',
		'<html><title>Acme</title><form><input name=p type="password"></form>',
		'<html><form action="https://idp.example.com/adfs/ls/"><input name="SAMLRequest" value="x"></form>',
	];
	for (const page of logins) {
		it(`knows a login page: ${JSON.stringify(page)}`, () =>
			assert.equal(pageInstead(Buffer.from(page), {})?.isLogin, true));
	}

	it('names any page by its title, on one line', () => {
		const page = '<html><title>Down\r\n for\u001b[31m maintenance</title><p>Please log out and in</p></html>';
		assert.deepEqual(pageInstead(Buffer.from(page), {}), {
			words: String.raw`a page for people ("Down for\u001b[31m maintenance")`,
			isLogin: false,
		});
	});

	it('takes nothing else for a page', () => {
		for (const body of ['{"html":"<html>"', '', 'login', '[<html>'])
			assert.equal(pageInstead(Buffer.from(body), {}), undefined);
		assert.ok(pageInstead(Buffer.from('<p>no'), {'content-type': 'text/html;charset=x'}));
	});
});

describe('a login that was refused', () => {
	const serve = scriptedServers();
	const seraph = {'x-seraph-loginreason': 'AUTHENTICATED_FAILED'};

	for (const status of [200, 302, 400, 403, 404]) {
		it(`ends the request at once, whatever the status: ${status}`, async () => {
			const server = await serve(response => response.writeHead(status, seraph).end('{}'));
			const error = await rejection(openClient(server.origin).get());
			assert.ok(error instanceof AuthError);
			assert.equal(error.code, 'UNAUTHORIZED');
			assert.match(error.message, new RegExp(`answered ${status}, but the credentials were refused .*; check that`));
			assert.equal(server.requests.length, 1);
		});
	}

	it('is known from several headers of one name', async () => {
		const server = await serve(response => response.setHeader('X-Seraph-LoginReason', ['OK', 'OUT']).end('{}'));
		assert.match((await rejection(openClient(server.origin).get())).message, /OK, OUT/);
	});

	it('does not make a failure that passes another one', async () => {
		const server = await serve((response, n) =>
			n < 4 ? response.writeHead([503, 429, 500][n - 1]!, {'x-seraph-loginreason': 'OUT'}).end() : response.end('{}'),
		);
		assert.deepEqual(await openClient(server.origin).get(), {});
	});

	it('is tried once more where there is another token by then', async () => {
		const server = await serve((response, _n, {headers}) =>
			response.writeHead(200, headers.authorization === 'Bearer new1' ? {} : seraph).end('{}'),
		);
		let n = 0;
		assert.deepEqual(await openClient(server.origin, {token: () => `new${n++}`}).get(), {});
		assert.equal(server.requests.length, 2);
	});

	it('is named where a page to log in comes, at once and without the page', async () => {
		const server = await serve(response =>
			response.end('<html><title>Log in - Acme</title><p>Bearer emulator</p></html>'),
		);
		const error = await rejection(openClient(server.origin).get());
		assert.equal(error['code'], 'UNAUTHORIZED');
		assert.match(error.message, /answered 200, but a login page \("Log in - Acme"\) came in place of the answer/);
		assert.doesNotMatch(error.message, /emulator/);
		assert.equal(server.requests.length, 1);
	});
});
