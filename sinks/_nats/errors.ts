import {type AuditError, AuthError, SinkError} from '../../lib/model/errors.ts';
import {member, text} from '../_objects/bucket-retry.ts';

/** What is known of something that the client of NATS threw. */
export interface NatsFailure {
	/** For people. */
	readonly message: string;
	/** `event`: the message itself is refused; `passing`: the same may do better in a while. */
	readonly verdict: 'event' | 'passing' | 'final';
	/** The class that the client has for it. */
	readonly type: string;
	/** JetStream's own number. */
	readonly code: number;
}

const messageTooLarge = 10054;
const otherStream = 10060;
const final = new Set([
	'AuthorizationError',
	'UserAuthenticationExpiredError',
	'PermissionViolationError',
	'ClosedConnectionError',
	'DrainingConnectionError',
	'InvalidSubjectError',
	'StreamNotFoundError',
]);

/** The innermost of the errors that the client wraps into each other. */
export function failureOf(error: unknown, quote: (text: string) => string): NatsFailure {
	let inner = error;
	while (member(inner, 'cause') instanceof Error) inner = member(inner, 'cause');
	const type = text(member(inner, 'name'));
	const code = Number(member(inner, 'code'));
	const message = quote(text(member(inner, 'message')) || type);
	const isRefusal = type === 'JetStreamApiError' && Number(member(inner, 'status')) < 500;
	const isEvent = code === messageTooLarge || /max_payload size exceeded/.test(message);
	return {message, type, code, verdict: isEvent ? 'event' : final.has(type) || isRefusal ? 'final' : 'passing'};
}

/** What a failure becomes for the world; `doing` as in "send to audit.events". */
export function natsError(failure: NatsFailure, doing: string, name: string, subject: string): AuditError {
	const {type, message} = failure;
	const said = `${name}: cannot ${doing}: ${message}`;
	if (type === 'AuthorizationError' || type === 'UserAuthenticationExpiredError') {
		return new AuthError('UNAUTHORIZED', `${said}; check username and password, token or credsFile`);
	}
	if (type === 'PermissionViolationError') {
		const rights = `publish to ${subject}, $JS.API.STREAM.NAMES and $JS.API.STREAM.INFO.*, and subscribe to _INBOX.>`;
		return new AuthError('FORBIDDEN', `${said}; give the user the rights to ${rights}`);
	}
	return new SinkError('SINK_FAILED', `${said}${adviceOf(failure, subject)}`);
}

function adviceOf({type, code, message}: NatsFailure, subject: string): string {
	if (type === 'StreamNotFoundError' || type === 'NoResponders') {
		const add = `nats stream add audit --subjects '${subject}' --storage file`;
		return `; no stream takes this subject, or JetStream is off (nats-server -js): make one with ${add}`;
	}
	if (code === otherStream) return '; another stream takes this subject now: run again';
	if (type === 'JetStreamApiError') return '; check the limits of the stream (nats stream info)';
	if (/certificate/i.test(message)) return '; check ca-file, with its authority, and the host in servers';
	return '; check servers, that they run, and tls; what was not acknowledged is sent again by the next run';
}
