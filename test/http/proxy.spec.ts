import assert from 'node:assert/strict';
import {proxyRules} from '../../lib/http/proxy.ts';

function shown(env: NodeJS.ProcessEnv, host = 'api.corp.test', port = 443): string {
	const proxy = proxyRules('https:', env)(host, port);
	if (!proxy) return 'direct';
	const login = proxy.authorization && Buffer.from(proxy.authorization.slice(6), 'base64').toString();
	return [proxy.variable, proxy.url.origin, ...(login ? [login] : [])].join(' ');
}

describe('proxyRules', () => {
	it('take the variable of the protocol, in either case, else the one for all', () => {
		assert.equal(shown({}), 'direct');
		assert.equal(shown({HTTPS_PROXY: 'http://p:1'}), 'HTTPS_PROXY http://p:1');
		assert.equal(shown({https_proxy: 'http://p:1', ALL_PROXY: 'http://q:1'}), 'https_proxy http://p:1');
		assert.equal(shown({all_proxy: 'https://q'}), 'all_proxy https://q');
		assert.equal(shown({HTTP_PROXY: 'http://p:1', HTTPS_PROXY: ' '}), 'direct');
	});

	it('take an address without a scheme for http', () => {
		assert.equal(shown({HTTPS_PROXY: 'p:3128'}), 'HTTPS_PROXY http://p:3128');
		assert.equal(shown({HTTPS_PROXY: 'us:pw@p:3128'}), 'HTTPS_PROXY http://p:3128 us:pw');
	});

	it('decode the credentials', () => {
		assert.equal(shown({HTTPS_PROXY: 'http://us%20er:p%40%3Ass@p:1'}), 'HTTPS_PROXY http://p:1 us er:p@:ss');
		assert.equal(shown({HTTPS_PROXY: 'http://u:100%@p:1'}), 'HTTPS_PROXY http://p:1 u:100%');
	});

	for (const address of ['socks5://u:S3CR3T@p:1080', 'http://', 'http://u:S3CR3T@', 'ftp://p']) {
		it(`refuse ${address}, and name the variable and what is supported`, () => {
			const refused = (error: Error) => {
				assert.match(error.message, /^HTTPS_PROXY: expected .* like http:\/\/host:3128, got (one of|something)/);
				assert.doesNotMatch(error.message, /S3CR3T/);
				return true;
			};
			assert.throws(() => proxyRules('https:', {HTTPS_PROXY: address}), refused);
		});
	}

	const excepted: readonly (readonly [list: string, host: string, isDirect: boolean])[] = [
		['corp.test', 'api.corp.test', true],
		['corp.test', 'corp.test', true],
		['corp.test', 'mycorp.test', false],
		['.corp.test', 'api.corp.test', true],
		['*.corp.test', 'a.api.corp.test', true],
		['other, CORP.test', 'API.corp.test', true],
		['other corp.test', 'api.corp.test.', true],
		['corp.test:443', 'api.corp.test', true],
		['corp.test:8443', 'api.corp.test', false],
		['*', 'api.corp.test', true],
		['10.0.0.0/8', '10.1.2.3', true],
		['10.0.0.0/8', '11.1.2.3', false],
		['10.1.2.3', '10.1.2.3', true],
		['[fd00::]/8', 'fd12::1', true],
		['', 'localhost', true],
		['', '127.0.0.1', true],
		['', '::1', true],
	];
	for (const [list, host, isDirect] of excepted) {
		it(`go ${isDirect ? 'directly' : 'through the proxy'} to ${host} with NO_PROXY=${list}`, () => {
			assert.equal(shown({HTTPS_PROXY: 'http://p:1', NO_PROXY: list}, host) === 'direct', isDirect);
		});
	}
});
