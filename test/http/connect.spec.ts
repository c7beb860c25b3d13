import assert from 'node:assert/strict';
import {z} from 'zod';
import {type ApiFacts, connect, type ConnectOptions, parsed} from '../../lib/http/connect.ts';
import {ConfigError} from '../../lib/model/errors.ts';
import {tokenCredentials} from '../../lib/http/credentials.ts';
import {Meter} from '../../lib/model/meter.ts';
import {basicOptions, httpOptions, tokenOption} from '../../lib/options/options.ts';
import {withJsonServer} from '../support/json-server.ts';

const facts: ApiFacts = {name: 'some-api', auth: ['bearer']};
const schema = z.object({...httpOptions, ...tokenOption, ...basicOptions, endpoint: z.string().optional()});
let tokens = 0;

function optionsOf(given: object = {}): ConnectOptions {
	// a credential of its own: limiters are shared by those who use the same one
	return schema.parse({token: `token-${tokens++}`, ...given});
}

function fails(given: Partial<ApiFacts>, options: object, message: RegExp): void {
	assert.throws(
		() => connect({...facts, ...given}, optionsOf(options), new Meter()),
		(error: unknown) => {
			assert.ok(error instanceof ConfigError, String(error));
			assert.match(error.message, message);
			assert.doesNotMatch(error.message, /token-\d/);
			return true;
		},
	);
}

/** How many attempts the limiter lets through at once. */
async function freeSlots(given: Partial<ApiFacts>, options: object): Promise<number> {
	const {limiter} = connect({...facts, ...given}, optionsOf(options), new Meter());
	let free = 0;
	for (; free < 9; free++) {
		const isFree = limiter.acquire(facts.name, new Meter()).then(ended => (ended(), true));
		if (!(await Promise.race([isFree, new Promise(resolve => setImmediate(() => resolve(false)))]))) break;
	}
	return free;
}

describe('connect', () => {
	it('goes to the endpoint that is given, or to the vendor', () => {
		const address = (given: Partial<ApiFacts>, options: object) =>
			connect({...facts, ...given}, optionsOf(options), new Meter()).endpoint.href;
		assert.equal(address({endpoint: 'https://api.example.com'}, {}), 'https://api.example.com/');
		assert.equal(
			address({endpoint: 'https://api.example.com'}, {endpoint: 'https://other.example.com/pre/'}),
			'https://other.example.com/pre',
		);
		fails({}, {}, /^some-api: option endpoint: expected the address of the server, got nothing$/);
		fails({}, {endpoint: 'http://example.com'}, /^some-api: option endpoint: expected https/);
	});

	it('adds the context that all addresses of the API have, where it is missing', () => {
		for (const [endpoint, href] of [
			['https://a.example.com', 'https://a.example.com/wiki'],
			['https://a.example.com/', 'https://a.example.com/wiki'],
			['https://a.example.com/wiki', 'https://a.example.com/wiki'],
			['https://a.example.com/wiki/', 'https://a.example.com/wiki'],
			['https://a.example.com/ex/1', 'https://a.example.com/ex/1/wiki'],
		]) {
			const {endpoint: url} = connect({...facts, context: '/wiki'}, optionsOf({endpoint}), new Meter());
			assert.equal(url.href, href);
		}
	});

	it('refuses credentials and waits that cannot work, naming the option', () => {
		const endpoint = 'https://a.example.com';
		fails({}, {endpoint, token: undefined}, /^some-api: expected credentials, got none; give the option token$/);
		fails(
			{auth: ['basic']},
			{endpoint},
			/^some-api: expected credentials, got none; give the options username and password$/,
		);
		fails({}, {endpoint, maxWait: '5'}, /^some-api: option maxWait: expected a span .*add the unit/);
	});

	it("keeps the published rate at the vendor's own host, and any that is asked for", async () => {
		const vendor = {endpoint: 'https://api.example.com', rate: {requests: 3, perMs: 3_600_000}};
		assert.equal(await freeSlots(vendor, {}), 3);
		assert.equal(await freeSlots(vendor, {endpoint: 'https://api.example.com:443/pre'}), 3);
		assert.equal(await freeSlots(vendor, {endpoint: 'https://other.example.com'}), 9);
		assert.equal(await freeSlots(vendor, {rate: 'off'}), 9);
		assert.equal(await freeSlots(vendor, {rate: '5/h'}), 5);
		assert.equal(await freeSlots(vendor, {endpoint: 'https://other.example.com', rate: '2/h'}), 2);
	});

	it('shares the limiter of a credential', () => {
		const limiterOf = (given: object) => connect(facts, optionsOf(given), new Meter()).limiter;
		const one = {endpoint: 'https://a.example.com', token: 'same'};
		assert.equal(limiterOf(one), limiterOf({...one, endpoint: 'https://a.example.com/other'}));
		assert.notEqual(limiterOf(one), limiterOf({...one, token: 'other'}));
		assert.notEqual(limiterOf(one), limiterOf({...one, endpoint: 'https://b.example.com'}));
	});

	it('takes credentials that were chosen elsewhere', async () => {
		await withJsonServer(
			() => 401,
			async origin => {
				const own = tokenCredentials(facts.name, 'Odd', 'own-token');
				const {client} = connect({...facts, auth: []}, schema.parse({endpoint: origin}), new Meter(), own);
				await assert.rejects(client({method: 'GET', path: '/x'}), /answered 401/);
				assert.deepEqual(own.secrets(), ['own-token'], 'it was sent');
			},
		);
	});

	it('gives a client for that API, counted by the meter', async () => {
		await withJsonServer(
			() => ({fine: true}),
			async (origin, served) => {
				const meter = new Meter();
				const {client} = connect(facts, optionsOf({endpoint: `${origin}/pre`}), meter);
				const {content} = await client({method: 'GET', path: '/x', query: [['a', 'b&c']]});
				assert.deepEqual(content, {fine: true});
				assert.equal(served[0]!.url, '/pre/x?a=b%26c');
				assert.equal(meter.requests, 1);
			},
		);
	});
});

describe('parsed', () => {
	it('says which option a complaint is about, and leaves other errors alone', () => {
		assert.equal(
			parsed('some-api', 'since', () => 5),
			5,
		);
		const fail = (error: Error) =>
			parsed('some-api', 'since', () => {
				throw error;
			});
		assert.throws(() => fail(new ConfigError('expected a time')), {
			name: 'ConfigError',
			message: 'some-api: option since: expected a time',
		});
		const odd = new TypeError('odd');
		assert.throws(
			() => fail(odd),
			(error: unknown) => error === odd,
		);
	});
});
