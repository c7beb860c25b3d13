import assert from 'node:assert/strict';
import {isAuthorized} from '../../lib/emulator/server/authorization.ts';
import {basic, bearer, call, withEmulator} from './ask.ts';

const credentials = {token: 't', username: 'u', password: 'p:q'};

describe('emulator/authorization', () => {
	it('takes the schemes of the API only', () => {
		const password = basic('u', 'p:q').authorization;
		assert.ok(isAuthorized('Bearer t', ['bearer'], credentials));
		assert.ok(isAuthorized(password, ['bearer', 'basic'], credentials));
		assert.ok(!isAuthorized(password, ['bearer'], credentials));
		assert.ok(!isAuthorized('Bearer t', ['basic'], credentials));
		assert.ok(!isAuthorized('Bearer p:q', ['bearer', 'basic'], credentials));
		assert.ok(!isAuthorized(undefined, ['bearer', 'basic'], credentials));
	});

	it('is as strict as each API', () =>
		withEmulator({token: 'key', username: 'me', password: 'secret', events: 1}, async emulator => {
			const both = [
				'/wiki/rest/api/audit',
				'/jira/rest/auditing/1.0/events',
				'/confluence/rest/auditing/1.0/events',
				'/bitbucket/rest/auditing/1.0/events',
				'/rest/api/3/auditing/record',
			];
			const bearerOnly = ['events', 'events-stream', 'users'].map(name => `/admin/v1/orgs/x/${name}`);
			const basicOnly = ['/crowd/rest/admin/1.0/auditlog/configuration'];
			const status = async (path: string, headers: {authorization: string}) =>
				(await call(emulator, path, {headers})).status;
			for (const path of [...both, ...bearerOnly, ...basicOnly]) {
				assert.equal(await status(path, bearer('key')), basicOnly.includes(path) ? 401 : 200, path);
				assert.equal(await status(path, basic('me', 'secret')), bearerOnly.includes(path) ? 401 : 200, path);
				assert.equal(await status(path, basic('me', 'key')), 401, path);
			}
		}));
});
