import {z} from 'zod';
import {defineSink} from '../lib/sink/define-sink.ts';
import {ConfigError, SinkError, SourceError} from '../lib/model/errors.ts';
import {connectionOptions, secret, tokenOption, trueOrFalse, wholeNumber} from '../lib/options/options.ts';
import {bodyFormat, type BodyName, bodyNames, optionsOf} from './_http/bodies.ts';
import {startDelivery} from './_http/delivery.ts';
import {connectReceiver} from './_http/receiver.ts';

const name = 'http';
const authOf = {ndjson: 'Bearer', json: 'Bearer', hec: 'Splunk', elastic: 'ApiKey'} as const;

/**
 * Posts events to a receiver: the lines of a page as one request, or as several where it is large.
 *
 * It is at least once, since no receiver can be cut: after a kill the page that was being sent comes again. Each request
 * carries an `Idempotency-Key` that is the same then, so that a receiver that knows it keeps each event once.
 */
export default defineSink({
	name,
	docs:
		'Posts events to a URL: a webhook, Splunk (--http-body hec), Elasticsearch or OpenSearch (--http-body elastic). ' +
		'All that follows http: is the URL, with its query; https, or plain http where no secret is sent or ' +
		'--http-insecure true allows it. ' +
		'At least once: what a killed run had sent and not committed (a page, where this is the only sink) comes again, ' +
		'under the same Idempotency-Key; a receiver that knows this header keeps each event once, and so does an index of Elasticsearch, ' +
		'where each event has an id of its own (not with --http-ids false). A 2xx is taken for the word of the receiver that it holds the events, unless its JSON tells of a failure or of fewer ' +
		'events than were sent, which ends the run: a Splunk token with indexer acknowledgment is not asked what it has indexed. ' +
		'An event that is refused (400, 413, 422) is a dead letter. ' +
		'What passes by itself (429, 5xx, an index that is read-only while a disk is full) is tried again, and then ends the run. ' +
		'The token is RXAUDIT_HTTP_TOKEN or in --http-token-file; none is needed. Other headers, such as API keys, are ' +
		'--http-header NAME=FILE or NAME=env:VARIABLE. A URL may hold a secret in its query, ' +
		'which is then shown nowhere, but for the command line itself. ' +
		"Example: rxaudit pull atlassian-org-events --org-id ORG --to 'http:https://splunk.example:8088/services/collector/event' " +
		'--http-body hec --state splunk.state',
	target: 'endpoint',
	wholeTarget: true,
	options: z.object({
		endpoint: z.string().min(1).describe('where to post to, like https://host/path?query'),
		body: z
			.enum(bodyNames)
			.default('ndjson')
			.describe(
				'ndjson: one event per line; json: a list; hec: what the event endpoint of a Splunk HTTP Event Collector ' +
					'takes; elastic: what _bulk of Elasticsearch and OpenSearch takes',
			),
		auth: z
			.enum(['Bearer', 'Splunk', 'ApiKey', 'Basic'])
			.optional()
			.describe(
				'Bearer, Splunk, ApiKey or Basic (the token is user:password), in front of the token; default: Splunk for ' +
					'hec, ApiKey for elastic',
			),
		token: tokenOption.token.describe('the token of the receiver, or a function that gives one'),
		header: z
			.record(z.string(), secret)
			.optional()
			.meta({secret: true, named: true})
			.describe('a header for each request, such as an API key; may be given several times'),
		insecure: trueOrFalse
			.default(false)
			.describe('true: secrets may travel in the clear, by plain http within a network that you trust'),
		gzip: trueOrFalse.default(true).describe('false: bodies are sent as they are, for a receiver that takes no gzip'),
		sourcetype: z.string().min(1).optional().describe("of hec: the events' sourcetype; default: that of the token"),
		index: z
			.string()
			.min(1)
			.optional()
			.describe('of hec and elastic: the index of the events; default: that of the token, or of the URL'),
		ids: trueOrFalse
			.optional()
			.describe(
				'of elastic: false sends events without ids, where a data stream or an alias takes none; a page that comes ' +
					'again is then there twice; default: true',
			),
		maxBytes: wholeNumber(1, 1_073_741_824)
			.default(1024 * 1024)
			.describe('the largest body that is sent, before compression, in bytes; a larger event goes alone'),
		maxEvents: wholeNumber(1, 1_000_000).default(5000).describe('how many events are sent at once at most'),
		maxRefused: wholeNumber(0, 1_000_000)
			.default(10)
			.describe('how many events in a row may be refused before the run ends'),
		...connectionOptions,
	}),
	create({
		body,
		auth = authOf[body],
		gzip,
		maxBytes,
		maxEvents,
		maxRefused,
		sourcetype,
		index,
		ids,
		header = {},
		...connection
	}) {
		const particular = {sourcetype, index, ids};
		checkParticular(body, particular);
		const receiver = connectReceiver(name, {...connection, header, auth});
		const {maxAttempts, retryBaseMs, retryMaxMs} = connection;
		return {
			target: receiver.shown,
			layout: {body},
			commitSize: {pages: 1},
			async open({signal, warn}) {
				if (receiver.warning !== undefined) warn(receiver.warning);
				const deliver = startDelivery({
					name,
					receiver,
					gzip,
					maxBytes,
					maxEvents,
					maxRefused,
					maxAttempts,
					signal,
					format: bodyFormat(body, particular),
					backoff: {baseMs: retryBaseMs, maxMs: retryMaxMs},
				});
				return {
					write: async batch => deliver(batch).catch(asSinkError),
					flush: async () => ({}),
					close: async () => {},
				};
			},
		};
	},
});

/** Throws a ConfigError for an option that the format of the body does not have. */
function checkParticular(body: BodyName, given: Readonly<Partial<Record<keyof typeof optionsOf, unknown>>>): void {
	for (const [option, bodies] of Object.entries(optionsOf)) {
		if (given[option as keyof typeof optionsOf] === undefined || bodies.includes(body)) continue;
		throw ConfigError.of(name, [{option, expected: `body ${bodies.join(' or ')} beside it`, got: body}]);
	}
}

function asSinkError(error: unknown): never {
	if (!(error instanceof SourceError)) throw error;
	const advice =
		error.status === 415
			? '; check the body option, and gzip=false'
			: error.code === 'TIMEOUT'
				? '; the receiver did not answer in time: look there, or raise its timeoutMs and idleTimeoutMs'
				: '';
	throw new SinkError('SINK_FAILED', error.message + advice, {cause: error});
}
