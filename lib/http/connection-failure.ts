import {proxyFailed, proxyRefused} from './agent.ts';
import {AttemptError} from './attempt.ts';

const ownAuthority = (flag: string) =>
	`if it is right, give the certificate of its authority with the option ca-file (${flag}ca-file FILE), or in NODE_EXTRA_CA_CERTS`;
const ownCertificate = (flag: string) =>
	`give one with the options client-cert-file and client-key-file (${flag}client-cert-file FILE …)`;

/**
 * Failures that never pass by themselves: a pattern of code and message, what it means, what to do. The first match
 * counts.
 */
const lasting: readonly (readonly [pattern: RegExp, means: string, advice: string | ((flag: string) => string)])[] = [
	[
		/\bDEPTH_ZERO_SELF_SIGNED_CERT\b/,
		"the server's certificate is signed by itself and not trusted here",
		ownAuthority,
	],
	[
		/\bSELF_SIGNED_CERT_IN_CHAIN\b|\bUNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT\w*)|\bCERT_(UNTRUSTED|REJECTED)\b|\bINVALID_(CA|PURPOSE)\b/,
		"the server's certificate is of an authority that is not trusted here, such as a company's or that of a proxy that reads along",
		ownAuthority,
	],
	[/\bCERT_HAS_EXPIRED\b/, "the server's certificate has expired", 'have it renewed, or set the clock of this machine'],
	[/\bCERT_NOT_YET_VALID\b/, "the server's certificate is not valid yet", 'set the clock of this machine'],
	[/\bCERT_REVOKED\b/, "the server's certificate was revoked", 'have it renewed'],
	[/\bERR_TLS_CERT_ALTNAME_INVALID\b/, "the server's certificate is of another host", 'check the host in the address'],
	[/ALERT_CERTIFICATE_REQUIRED|alert certificate required/i, 'the server wants a client certificate', ownCertificate],
	[
		/ALERT_(BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE)|alert (bad certificate|unknown ca|certificate \w+)/i,
		'the server refused the client certificate, or misses one',
		ownCertificate,
	],
	[
		/ALERT_HANDSHAKE_FAILURE|alert handshake failure/i,
		'the server ended the TLS handshake: it wants a client certificate, or other ciphers',
		ownCertificate,
	],
	[
		/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|protocol version|unsupported protocol/i,
		'the server speaks no TLS that is safe',
		'have it speak TLS 1.2 or newer',
	],
	[
		/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|wrong version number|packet length too long|ERR_SSL_HTTP_REQUEST/i,
		'the port speaks no TLS',
		'check the port, and whether the address begins with http://',
	],
	[/\bEXPECTED_TLS\b/, 'the port speaks TLS', 'write https:// in the address'],
	[/\bHPE_\w+/, 'what answers speaks no proper HTTP', 'check the port, and whether the address begins with https://'],
];

/**
 * What a broken connection is in words, with what to do; undefined where there is no more to say than its code. `flag`
 * is what the flags of its options begin with.
 */
export function explainConnection(code: string, message: string, flag = '--'): string | undefined {
	if (code === proxyFailed || code === proxyRefused) return /\bthe proxy \S+ of .*/s.exec(message)?.[0] ?? message;
	const [, means, advice] = lasting.find(([pattern]) => pattern.test(`${code} ${message}`)) ?? [];
	if (means === undefined) return undefined;
	const names = /cert's (?:altnames|list|CN): (.*)/.exec(message);
	const got = names?.[1] ? ` (${names[1]})` : '';
	return `${means}${got} (${code}); ${typeof advice === 'function' ? advice(flag) : advice}`;
}

/** What a connection without TLS becomes where TLS is spoken. */
export function expectedTls({config}: AttemptError): AttemptError {
	return new AttemptError('network', '', config, {cause: Object.assign(new Error(), {code: 'EXPECTED_TLS'})});
}

/** Whether another try can do no better. */
export function isLasting(code: string, message: string): boolean {
	return code !== proxyFailed && explainConnection(code, message) !== undefined;
}
