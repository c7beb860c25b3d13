import assert from 'node:assert/strict';
import {AuthError, ConfigError} from '../../lib/model/errors.ts';
import {
	type AuthScheme,
	chooseCredentials,
	type CredentialOptions,
	tokenCredentials,
} from '../../lib/http/credentials.ts';
import {rejection} from './open-client.ts';

const all: CredentialOptions = {token: 'T0ken', username: 'ann', password: 'pä ss:word'};
const basic = `Basic ${Buffer.from('ann:pä ss:word').toString('base64')}`;

function choose(schemes: readonly AuthScheme[], options: CredentialOptions = all) {
	return chooseCredentials('api', schemes, options);
}

describe('chooseCredentials', () => {
	const choices: readonly (readonly [schemes: AuthScheme[], options: CredentialOptions, header: string])[] = [
		[['bearer', 'basic'], all, 'Bearer T0ken'],
		[['basic', 'bearer'], all, basic],
		[['bearer'], all, 'Bearer T0ken'],
		[['basic'], all, basic],
		[['basic', 'bearer'], {token: 'T0ken', username: 'ann'}, 'Bearer T0ken'],
		[['basic', 'bearer'], {token: 'T0ken', password: 'p'}, 'Bearer T0ken'],
		[['bearer', 'basic'], {...all, token: ''}, basic],
		[['bearer'], {token: () => 'T0ken\n'}, 'Bearer T0ken'],
		[['bearer'], {token: async () => ' T0ken'}, 'Bearer T0ken'],
	];
	for (const [schemes, options, header] of choices) {
		it(`gives ${header} for ${schemes.join(' or ')} of ${Object.keys(options).join(', ')}`, async () => {
			assert.equal(await choose(schemes, options).header(), header);
		});
	}

	it('says what to set where something is missing', () => {
		for (const options of [{}, {username: 'ann'}, {password: 'p'}, {token: '', username: '', password: ''}]) {
			assert.throws(
				() => choose(['bearer', 'basic'], options),
				(error: unknown) => {
					assert.ok(error instanceof ConfigError);
					assert.match(error.message, /^api: .*option token, or give the options username and password/);
					return true;
				},
			);
		}
	});

	for (const token of ['two words', 'line\nbreak', 'ümlaut', '\t', 'T0ken\r\nx: y']) {
		it(`refuses the token ${JSON.stringify(token)} and does not repeat it`, async () => {
			for (const secret of [token, () => token]) {
				const error = await rejection(choose(['bearer'], {token: secret}).header());
				assert.ok(error instanceof AuthError);
				assert.match(error.message, /^api: the token is empty or holds spaces/);
				assert.ok(!error.message.includes(token));
			}
		});
	}

	it('has one key for one credential', () => {
		const read = () => 'T0ken';
		assert.equal(choose(['bearer'], {token: read}).key, choose(['bearer'], {token: read}).key);
		assert.equal(choose(['bearer']).key, choose(['bearer']).key);
		const others = [
			choose(['bearer']),
			choose(['basic']),
			choose(['basic'], {...all, username: 'bob'}),
			choose(['bearer'], {token: 'T1ken'}),
			choose(['bearer'], {token: read}),
			choose(['bearer'], {token: () => 'T0ken'}),
		];
		assert.equal(new Set(others.map(({key}) => key)).size, others.length);
	});

	it('names every secret that was used, in the forms that were sent', async () => {
		let n = 0;
		const rotating = choose(['bearer'], {token: () => `T${n++}`});
		assert.deepEqual(rotating.secrets(), []);
		await rotating.refresh(await rotating.header());
		assert.deepEqual(rotating.secrets(), ['T0', 'T1']);
		const named = choose(['basic']);
		await named.header();
		assert.deepEqual(named.secrets(), ['pä ss:word', basic.slice('Basic '.length)]);
	});
});

describe('tokenCredentials', () => {
	it('puts the word of the API in front of the token', async () => {
		const {header, secrets} = tokenCredentials('api', 'Splunk', 'T0ken');
		assert.equal(await header(), 'Splunk T0ken');
		assert.deepEqual(secrets(), ['T0ken']);
	});

	it('has nothing to send where there is no token', async () => {
		const {header, refresh, secrets} = tokenCredentials('api', 'Splunk', undefined);
		assert.deepEqual([await header(), await refresh(''), secrets()], ['', false, []]);
	});
});

describe('credentials that are asked for', () => {
	it('are asked for once, however many wait for the answer', async () => {
		let asked = 0;
		const {header} = choose(['bearer'], {token: async () => `T${++asked}`});
		assert.deepEqual(await Promise.all([header(), header(), header()]), Array(3).fill('Bearer T1'));
		assert.equal(await header(), 'Bearer T1');
		assert.equal(asked, 1);
	});

	it('are asked for again after a refusal, once for all requests that were refused', async () => {
		let asked = 0;
		const {header, refresh} = choose(['bearer'], {token: async () => `T${++asked}`});
		const old = await header();
		assert.deepEqual(await Promise.all([refresh(old), refresh(old)]), [true, true]);
		assert.equal(await refresh(old), true, 'refused later, but sent with the same one');
		assert.equal(await header(), 'Bearer T2');
		assert.equal(asked, 2);
	});

	it('are not refreshed where the same ones come again, or where they are fixed', async () => {
		for (const token of ['T0ken', () => 'T0ken']) {
			const {header, refresh} = choose(['bearer'], {token});
			assert.equal(await refresh(await header()), false);
		}
	});

	it('fail with a reason and without the error of whoever keeps them', async () => {
		const failure = Object.assign(new Error('vault is sealed'), {config: {headers: 'X-Vault-Token: v4ult'}});
		const {header} = choose(['bearer'], {token: () => Promise.reject(failure)});
		const error = await rejection(header());
		assert.ok(error instanceof AuthError);
		assert.equal(error.message, 'api: the credentials could not be had: vault is sealed');
		assert.equal(error.cause, undefined);
	});

	it('fail with an error of ours as it is', async () => {
		const failure = new ConfigError('no such file');
		const token = () => {
			throw failure;
		};
		assert.equal(await rejection(choose(['bearer'], {token}).header()), failure);
	});

	it('are asked for again after a failure', async () => {
		let asked = 0;
		const token = () => (asked++ ? 'T0ken' : Promise.reject(new Error('not yet')));
		const {header} = choose(['bearer'], {token});
		await assert.rejects(header());
		assert.equal(await header(), 'Bearer T0ken');
	});
});
