import assert from 'node:assert/strict';
import {inspect} from 'node:util';
import fc from 'fast-check';
import {ConfigError} from '../../lib/model/errors.ts';
import {isLoopback, parseEndpoint, urlBelow} from '../../lib/http/endpoint.ts';

describe('parseEndpoint', () => {
	for (const [text, href] of [
		['https://api.atlassian.com', 'https://api.atlassian.com/'],
		['https://API.atlassian.com:443/', 'https://api.atlassian.com/'],
		['https://proxy.example:8443/jira/prefix//', 'https://proxy.example:8443/jira/prefix'],
		['http://localhost:8080/x', 'http://localhost:8080/x'],
		['http://127.0.0.1:1', 'http://127.0.0.1:1/'],
		['http://127.9.9.9', 'http://127.9.9.9/'],
		['http://[::1]:80/', 'http://[::1]/'],
		['https://127.0.0.1.example', 'https://127.0.0.1.example/'],
	] as const) {
		it(`takes ${text}`, () => {
			assert.equal(parseEndpoint('api', text).href, href);
		});
	}

	for (const text of [
		'',
		'api.atlassian.com',
		'https://',
		'ftp://localhost',
		'file:///etc/passwd',
		'http://api.atlassian.com',
		'http://127.0.0.1.example',
		'http://localhost.example',
		'http://127.1.example',
		'http://0.0.0.0',
		'http://[::ffff:127.0.0.1]',
		'https://host/?a=1',
		'https://host/#a',
	]) {
		it(`refuses ${text || 'nothing'}, with the name of the option`, () => {
			assert.throws(
				() => parseEndpoint('api', text),
				(error: unknown) => error instanceof ConfigError && error.message.startsWith('api: option endpoint: expected '),
			);
		});
	}

	for (const text of [
		'https://user:S3cretS3cret@host',
		'https://S3cretS3cret@host/path',
		'http://user:S3cretS3cret@host',
		'https://user:S3cretS3cret@host:99999',
		'https://user:S3cretS3cret@',
		'//user:S3cretS3cret@host',
		'user:S3cretS3cret@host',
		'https://host/?token=S3cretS3cret',
		'https://host:x/?token=S3cretS3cret',
		'https://host/#S3cretS3cret',
	]) {
		it(`refuses ${text} without repeating the secret`, () => {
			assert.throws(
				() => parseEndpoint('api', text),
				(error: unknown) =>
					error instanceof ConfigError && !inspect(error, {depth: 20, showHidden: true}).includes('S3cret'),
			);
		});
	}

	it('takes only what stays on this machine for loopback', () => {
		fc.assert(
			fc.property(fc.webUrl(), url => {
				assert.equal(isLoopback(new URL(url)), false);
			}),
		);
	});
});

describe('urlBelow', () => {
	const endpoint = new URL('https://host:8443/prefix');

	it('puts path and query below the endpoint', () => {
		assert.equal(urlBelow(endpoint, '/a/b%2Fc/~d', []), 'https://host:8443/prefix/a/b%2Fc/~d');
		assert.equal(urlBelow(new URL('https://host'), '/a', [['q', '1']]), 'https://host/a?q=1');
		const query = [
			['q', 'a&b=c#d?é +'],
			['q', ''],
		] as const;
		assert.deepEqual([...new URL(urlBelow(endpoint, '/a', query)).searchParams], query);
		assert.equal(urlBelow(endpoint, '/a', '?x=%20+&y#'), 'https://host:8443/prefix/a?x=%20+&y%23');
	});

	for (const path of [
		'',
		'a',
		'@evil.example/a',
		'.evil.example/a',
		':1/a',
		'\\evil.example',
		'/../a',
		'/..',
		'/a/../../../a',
		'/a/%2e%2E/%2e./b',
		'/./a',
		'/a\\..\\b',
		'/a?b=c',
		'/a#b',
		'/a b',
		'/a\nb',
		'/é',
	]) {
		it(`refuses the path ${JSON.stringify(path)}`, () => {
			assert.throws(() => urlBelow(endpoint, path, []), ConfigError);
		});
	}

	it('never leaves the endpoint, and says what it was told, whatever that is', () => {
		const hostile = fc.string({
			unit: fc.constantFrom(
				'/',
				'\\',
				'.',
				'..',
				'%2e',
				'%2F',
				'@',
				':',
				'?',
				'#',
				';',
				'&',
				'=',
				'\t',
				'\n',
				'a',
				'é',
				' ',
				'%',
				'\0',
			),
		});
		const pairs = fc.array(fc.tuple(hostile, hostile), {maxLength: 3});
		let taken = 0;
		fc.assert(
			fc.property(fc.constantFrom('', '/', '/x/'), hostile, pairs, (start, rest, query) => {
				const path = start + rest;
				let url: URL;
				try {
					url = new URL(urlBelow(endpoint, path, query));
				} catch (error) {
					assert.ok(error instanceof ConfigError);
					return;
				}
				taken++;
				assert.equal(url.origin, endpoint.origin);
				assert.equal(url.username + url.password + url.hash, '');
				assert.equal(url.pathname, `/prefix${path}`);
				assert.deepEqual([...url.searchParams], query);
			}),
			{numRuns: 1000},
		);
		assert.ok(taken > 20, `${taken} paths taken`);
	});

	it('takes every segment that is percent-encoded, except those that mean a folder', () => {
		fc.assert(
			fc.property(fc.string({unit: 'grapheme', minLength: 1}), segment => {
				fc.pre(!/^\.{1,2}$/.test(segment));
				const url = urlBelow(endpoint, `/orgs/${encodeURIComponent(segment)}/events`, []);
				assert.equal(decodeURIComponent(new URL(url).pathname.split('/')[3]!), segment);
			}),
		);
	});
});
