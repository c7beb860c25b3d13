import assert from 'node:assert/strict';
import {speaksTls} from '../../lib/http/speaks-tls.ts';
import {localServers, pair} from '../support/tls-server.ts';

describe('speaksTls', () => {
	const {api} = localServers();

	it('knows a port that speaks TLS, whoever it is, from one that does not and one where nothing is', async () => {
		assert.equal(await speaksTls(new URL(`http://127.0.0.1:${await api(pair('expired'))}`)), true);
		assert.equal(await speaksTls(new URL(`http://127.0.0.1:${await api()}`)), false);
		assert.equal(await speaksTls(new URL('http://127.0.0.1:9')), false);
	});
});
