import {z} from 'zod';

/** Option pieces that all sources share, under the names that all sources use. Flags are their kebab-case. */

/** A secret, or a function that returns it, which is called again when the API refuses the value. */
export type Secret = string | (() => string | Promise<string>);

const time = z.union([z.string(), z.number(), z.date()], {error: 'expected a time'});
const span = z.union([z.string(), z.number().nonnegative()], {error: 'expected a span like 60m'});
const file = z.string().min(1, {error: 'expected the name of a file'});
/** A text that is never shown, or a function that gives it. */
export const secret = z.custom<Secret>(
	value => (typeof value === 'string' && value !== '') || typeof value === 'function',
	{
		error: 'expected a non-empty string, or a function that gives one',
	},
);

/** A whole number, also as text, as a command line gives it. */
export function wholeNumber(min: number, max: number) {
	const error = `expected a whole number from ${min} to ${max}`;
	return z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)], {error}).pipe(wholeJsonNumber(min, max));
}

/** True or false, also as text, as a command line gives it. */
export const trueOrFalse = z.union([z.boolean(), z.enum(['true', 'false']).transform(text => text === 'true')], {
	error: 'expected true or false',
});

/** A whole number in JSON, where a text of digits is another value. */
export function wholeJsonNumber(min: number, max: number) {
	const error = `expected a whole number from ${min} to ${max}`;
	return z.number({error}).int({error}).min(min, {error}).max(max, {error});
}

export const tokenOption = {
	token: secret
		.optional()
		.meta({secret: true})
		.describe(
			'API token, or a function that gives one (asked again after a 401); flag: --token-file, or RXAUDIT_TOKEN',
		),
};

export const basicOptions = {
	username: z.string().min(1).optional().describe('user name for Basic authentication'),
	password: secret
		.optional()
		.meta({secret: true})
		.describe('password or API token for Basic authentication; flag: --password-file, or RXAUDIT_PASSWORD'),
};

export const scanOptions = {
	since: time
		.optional()
		.describe('from this time on, inclusive: ISO 8601, epoch milliseconds, or a span back from now like 30d'),
	until: time.optional().describe("up to this time, exclusive; default: now minus the source's lag"),
	order: z
		.enum(['newest', 'oldest'], {error: 'expected newest or oldest'})
		.optional()
		.describe(
			'which events come first; default: as the API gives them. The other order needs up to twice as many requests, as each stretch of time is read to its end and turned round',
		),
	concurrency: wholeNumber(1, 64)
		.optional()
		.meta({value: 'N'})
		.describe(
			'how many windows of the time are read side by side, on one limit of requests; default: 4, or 1 where the published limit allows fewer requests than one reader makes, or the heap is limited to less than 128 MB',
		),
	overlap: span
		.default('60m')
		.describe('with a state: how far a new run reads back behind the newest record, for records that arrive late'),
};

/** Of everything that connects to somebody. */
export const certificateOptions = {
	caFile: file
		.optional()
		.describe('PEM file with certificates of authorities to trust beside the well-known ones, such as a company has'),
	clientCertFile: file.optional().describe('PEM file with the client certificate that a server asks for'),
	clientKeyFile: file
		.optional()
		.describe('PEM file with the key of the client certificate, without a passphrase; default: in clientCertFile'),
};

/** Of everything that tries again what failed. */
export const backoffOptions = {
	retryBaseMs: wholeNumber(0, 60_000)
		.default(500)
		.describe('the first backoff after a failure; doubles, in milliseconds'),
	retryMaxMs: wholeNumber(0, 3_600_000)
		.default(30_000)
		.describe('the longest backoff after a failure, in milliseconds'),
};

/** Of everything that talks to an API. */
export const connectionOptions = {
	...certificateOptions,
	rate: z
		.string()
		.regex(/^(off|[1-9]\d*\/(s|sec|min|h|hour))$/, {error: 'expected N/min, N/s, N/h or off'})
		.optional()
		.describe(
			"requests at most, like 10/min, or off; default: the published limit at the vendor's own host, and what the API is seen to allow",
		),
	maxWait: span.default('1h').describe('the longest wait that the API may ask for; a longer one ends the run'),
	timeoutMs: wholeNumber(1, 86_400_000)
		.default(60_000)
		.describe('the longest that one attempt may take, in milliseconds'),
	idleTimeoutMs: wholeNumber(1, 86_400_000)
		.default(20_000)
		.describe('the longest silence within one attempt, in milliseconds'),
	maxAttempts: wholeNumber(1, 100).default(6).describe('how often a failing request is sent at most'),
	...backoffOptions,
	maxBodyBytes: wholeNumber(1, 1_073_741_824)
		.default(32 * 1024 * 1024)
		.describe('the largest answer that is read, unpacked, in bytes'),
};

export const httpOptions = {
	pageSize: wholeNumber(1, 10_000)
		.optional()
		.describe('events asked for with one request; default: the largest page that the API serves'),
	...connectionOptions,
	maxEventBytes: wholeNumber(1, 1_073_741_824)
		.default(16 * 1024 * 1024)
		.describe('the largest record that is let through, in bytes; a larger one is a dead letter'),
};

const ratePerMs: Record<string, number> = {s: 1000, sec: 1000, min: 60_000, h: 3_600_000, hour: 3_600_000};

/** `10/min` → 10 requests per 60,000 ms; `off` → undefined. */
export function parseRate(text: string): {requests: number; perMs: number} | undefined {
	if (text === 'off') return undefined;
	const [requests, unit] = text.split('/');
	return {requests: Number(requests), perMs: ratePerMs[unit!]!};
}
