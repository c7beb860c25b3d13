import {z} from 'zod';
import {defineSink} from '../lib/sink/define-sink.ts';
import {ConfigError} from '../lib/model/errors.ts';
import {tokenOption} from '../lib/options/options.ts';
import {connectNats} from './_nats/connect.ts';
import {startDelivery} from './_nats/delivery.ts';
import {checkStream} from './_nats/stream.ts';
import {brokerOptions, checkUser, encryptionOf, serversIn} from './_streams/connection.ts';
import {messagesOf} from './_streams/message.ts';

const name = 'nats';
const needs = ['@nats-io/jetstream', '@nats-io/transport-node'];
/** What is sent again behind a kill is as old as this, and as the time until the next run. */
const ageMs = 5000;

/**
 * Publishes each event to a subject that a stream of NATS JetStream takes; a write resolves when the stream has acknowledged it.
 *
 * It is exactly once within the duplicate window of the stream: what comes again after a kill has the same `Nats-Msg-Id`.
 * Behind that window it is at least once. Needs `npm install @nats-io/jetstream @nats-io/transport-node`.
 */
export default defineSink({
	name,
	docs:
		'Publishes events to a subject of NATS JetStream, nats:SUBJECT?servers=HOST:PORT,HOST:PORT, one message each. ' +
		'Exactly once where a killed run is run again within the duplicate window of the stream (2 minutes by default), else ' +
		"at least once: what was sent and not committed (a page, where this is the only sink) comes again. Nats-Msg-Id is the event's id " +
		'(SOURCE:TENANT:ID where ids are unique within a tenant only; all but visible ASCII is percent-encoded): of one event in ' +
		'two formats the stream keeps one within that window, so give each format a stream of its own. ' +
		'A write is over when the stream has acknowledged each event: they are as durable as its storage and replicas make ' +
		"them, and stay for as long as its limits say. The value is the event's line, the headers rxaudit-source, rxaudit-tenant and rxaudit-time say where and when it occurred. " +
		'Events are in order, but for those that came again. An event larger than server or stream take is a dead letter. ' +
		'A stream must take the subject: nats stream add audit --subjects audit.events --storage file. ' +
		'User and password: username=NAME and password-file=FILE, or RXAUDIT_NATS_PASSWORD; a token: token-file=FILE, or ' +
		'RXAUDIT_NATS_TOKEN; or creds-file=FILE. Needs npm install @nats-io/jetstream @nats-io/transport-node. ' +
		"Example: rxaudit pull atlassian-org-events --org-id ORG --to 'nats:audit.events?servers=nats.example' --state nats.state",
	target: 'subject',
	options: z.object({
		subject: z.string().min(1).describe('the subject, which a stream must take'),
		servers: z
			.string()
			.min(1)
			.default('localhost:4222')
			.describe('the servers: host:port, several with commas between them'),
		...brokerOptions,
		token: tokenOption.token.describe('the token of the server, or a function that gives it'),
		credsFile: z.string().min(1).optional().describe('file with the credentials of a user, as nsc makes it'),
	}),
	create({subject, servers: given, ...options}) {
		if (!/^(?![/$])[!-)+-\-/-=?-~]+(?:\.[!-)+-\-/-=?-~]+)*$/.test(subject)) {
			const expected =
				'a subject like audit.events: visible ASCII in parts between dots, without wildcards, not under $';
			throw ConfigError.of(name, [{option: 'subject', expected, got: JSON.stringify(subject)}]);
		}
		checkUser(name, options);
		const {password, token, credsFile} = options;
		const ways = [password, token, credsFile].filter(way => way !== undefined).length;
		if (ways > 1) {
			throw ConfigError.of(name, [{expected: 'one of password, token and credsFile', got: String(ways)}]);
		}
		const servers = serversIn(name, 'servers', given, 4222);
		const encryption = encryptionOf(name, servers, options, ways > 0);
		return {
			target: subject,
			needs,
			opensUnchanged: true,
			commitSize: {pages: 1, ageMs},
			async open({signal, warn, note}) {
				if (encryption.warning !== undefined) warn(encryption.warning);
				const connection = {...options, name, needs, subject, servers, tls: encryption.tls, signal, warn};
				const target = await connectNats(connection);
				try {
					checkStream(target.stream, name, ageMs, {warn, note});
				} catch (error) {
					await target.close();
					throw error;
				}
				const {deliver, takeDuplicates} = startDelivery(connection, target);
				return {
					write: async batch => deliver(messagesOf(batch)),
					async flush() {
						const count = takeDuplicates();
						if (count > 0) note(`nats: stream ${target.stream.config.name} had ${count} of the events already`);
						return {};
					},
					close: target.close,
				};
			},
		};
	},
});
