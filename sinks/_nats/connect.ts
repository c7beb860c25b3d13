import {readFileSync} from 'node:fs';
import {setImmediate as turn} from 'node:timers/promises';
import type {JetStreamClient, StreamInfo} from '@nats-io/jetstream';
import type {ConnectionOptions, MsgHdrs, NatsConnection} from '@nats-io/transport-node';
import {ConfigError, reasonOf} from '../../lib/model/errors.ts';
import type {Secret} from '../../lib/options/options.ts';
import {unlessAborted} from '../_objects/bucket-retry.ts';
import {secretReader} from '../_streams/connection.ts';
import {installed} from '../_streams/package.ts';
import {failureOf, natsError, type NatsFailure} from './errors.ts';
import {retried, type NatsRetry} from './retry.ts';

export interface NatsOptions extends NatsRetry {
	readonly needs: readonly string[];
	readonly subject: string;
	/** `host:port` each. */
	readonly servers: readonly string[];
	readonly tls: object | undefined;
	readonly username?: string | undefined;
	readonly password?: Secret | undefined;
	readonly token?: Secret | undefined;
	readonly credsFile?: string | undefined;
	readonly timeoutMs: number;
}

export interface NatsTarget {
	readonly stream: StreamInfo;
	readonly jetstream: JetStreamClient;
	headers(): MsgHdrs;
	failureOf(error: unknown): NatsFailure;
	/** Lets go of the connection; a second call does nothing. */
	close(): Promise<void>;
}

/** Connects to the stream that takes this subject. */
export async function connectNats(options: NatsOptions): Promise<NatsTarget> {
	const {name, subject, timeoutMs, signal} = options;
	const [transport, js] = await installed(name, options.needs, async () =>
		Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')]),
	);
	const secrets = secretReader(name);
	const explain = (error: unknown) => failureOf(error, secrets.quote);
	const errorOf = (failure: NatsFailure) => natsError(failure, `use ${subject}`, name, subject);

	async function credentials(): Promise<ConnectionOptions> {
		const {username, password, token, credsFile} = options;
		if (credsFile !== undefined) return {authenticator: transport.credsAuthenticator(readCreds(name, credsFile))};
		if (token !== undefined) return {token: await secrets.read(token)};
		if (username === undefined || password === undefined) return {};
		return {user: username, pass: await secrets.read(password)};
	}

	const connecting: ConnectionOptions = {
		name: 'rxaudit',
		servers: [...options.servers],
		tls: options.tls ?? null,
		...(await credentials()),
		timeout: Math.min(timeoutMs, maxConnectMs),
		maxReconnectAttempts: -1, // who sends counts the attempts
		reconnectTimeWait: options.retryBaseMs,
		reconnectJitter: options.retryBaseMs,
		noAsyncTraces: true,
	};
	const connection = await retried(options, explain, errorOf, async () => transport.connect(connecting));
	try {
		const manager = await js.jetstreamManager(connection, {checkAPI: false, timeout: timeoutMs});
		const stream = await retried(options, explain, errorOf, async () =>
			unlessAborted(
				manager.streams.find(subject).then(async found => manager.streams.info(found)),
				signal,
			),
		);
		const jetstream = js.jetstream(connection, {timeout: timeoutMs});
		return {stream, jetstream, headers: transport.headers, failureOf: explain, close: async () => close(connection)};
	} catch (error) {
		await close(connection);
		throw error;
	}
}

/** The longest wait for a connection. */
const maxConnectMs = 10_000;

async function close(connection: NatsConnection): Promise<void> {
	// what was published in this turn is written at its end: into a socket that is closed by then it would end the process
	await turn();
	await connection.close().catch(() => {});
}

function readCreds(name: string, file: string): Uint8Array {
	try {
		return readFileSync(file);
	} catch (cause) {
		throw ConfigError.of(name, [{option: 'credsFile', expected: `a file, but ${reasonOf(cause)}`}], {cause});
	}
}
