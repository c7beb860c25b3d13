import type {Secret} from '../../lib/options/options.ts';
import {type Client, type ClientOptions, createClient} from '../../lib/http/client.ts';
import type {ClientRequest} from '../../lib/http/request.ts';
import {chooseCredentials} from '../../lib/http/credentials.ts';
import {parseEndpoint} from '../../lib/http/endpoint.ts';
import {Limiter} from '../../lib/http/limiter.ts';
import {Meter} from '../../lib/model/meter.ts';
import {VirtualClock} from '../support/virtual-clock.ts';

export const orgEvents = '/admin/v1/orgs/org/events';

export interface OpenClient {
	readonly client: Client;
	readonly clock: VirtualClock;
	readonly limiter: Limiter;
	readonly meter: Meter;
	/** One request; the clock skips its waits. */
	get(request?: Partial<ClientRequest>): Promise<unknown>;
}

/** A client on a virtual clock for any of the local servers, with the emulator's token and without a rate. */
export function openClient(
	endpoint: string,
	{token = 'emulator', ...options}: Partial<ClientOptions> & {token?: Secret} = {},
): OpenClient {
	const clock = (options.clock as VirtualClock | undefined) ?? new VirtualClock();
	const meter = options.meter ?? new Meter();
	const limiter = options.limiter ?? new Limiter(clock);
	const client = createClient({
		name: 'test-api',
		endpoint: parseEndpoint('test-api', endpoint),
		credentials: chooseCredentials('test-api', ['bearer'], {token}),
		timeoutMs: 20_000,
		idleTimeoutMs: 10_000,
		maxBodyBytes: 2 ** 20,
		maxAttempts: 4,
		maxWaitMs: 3_600_000,
		backoff: {baseMs: 500, maxMs: 30_000},
		random: () => 0.5,
		...options,
		clock,
		meter,
		limiter,
	});
	return {
		client,
		clock,
		limiter,
		meter,
		get: request => clock.run(async () => (await client({method: 'GET', path: orgEvents, ...request})).content),
	};
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
	try {
		await promise;
	} catch (error) {
		return error as Error & Record<string, unknown>;
	}
	throw new Error('expected a rejection, but it was fulfilled');
}
