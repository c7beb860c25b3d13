import {X509Certificate} from 'node:crypto';
import fs from 'node:fs';
import tls, {type SecureContext} from 'node:tls';
import {ConfigError, reasonOf} from '../model/errors.ts';

export interface CertificateOptions {
	readonly caFile?: string | undefined;
	readonly clientCertFile?: string | undefined;
	readonly clientKeyFile?: string | undefined;
}

/**
 * The certificates of a connection: the authorities that Node trusts and those in `caFile`, and the client's own.
 * Undefined where no option is given. Throws a ConfigError for a file that holds no certificate or key.
 */
export function readCertificates(name: string, options: CertificateOptions): SecureContext | undefined {
	const {caFile, clientCertFile, clientKeyFile} = options;
	if (caFile === undefined && clientCertFile === undefined && clientKeyFile === undefined) return undefined;
	if (clientCertFile === undefined && clientKeyFile !== undefined) {
		const expected = 'the certificate of the key in clientKeyFile';
		throw ConfigError.of(name, [{option: 'clientCertFile', expected, got: 'nothing'}]);
	}
	const ca = caFile === undefined ? undefined : [...trusted(), readPem(name, 'caFile', caFile, 'CERTIFICATE')];
	const cert = clientCertFile && readPem(name, 'clientCertFile', clientCertFile, 'CERTIFICATE');
	// one file may hold both
	const key = clientCertFile && readPem(name, 'clientKeyFile', clientKeyFile ?? clientCertFile, 'PRIVATE KEY');
	try {
		return tls.createSecureContext({...(ca ? {ca} : {}), ...(cert && key ? {cert, key} : {})});
	} catch (cause) {
		const expected = `a certificate and its own key, without a passphrase, but ${reasonOf(cause)}`;
		throw ConfigError.of(name, [{option: cert ? 'clientKeyFile' : 'caFile', expected}], {cause});
	}
}

/** What Node trusts, which a list of one's own would replace. */
function trusted(): readonly string[] {
	const {getCACertificates} = tls as {getCACertificates?: (type: 'default') => readonly string[]};
	if (getCACertificates) return getCACertificates('default');
	const extra = process.env['NODE_EXTRA_CA_CERTS'];
	// Node itself goes on without a file that it cannot read
	return [...tls.rootCertificates, ...(extra && fs.existsSync(extra) ? [fs.readFileSync(extra, 'utf8')] : [])];
}

function readPem(name: string, option: string, file: string, label: 'CERTIFICATE' | 'PRIVATE KEY'): string {
	const refusal = (but: string, cause?: unknown) =>
		ConfigError.of(name, [{option, expected: `a PEM file with a ${label.toLowerCase()}, ${but}`}], {cause});
	let text: string;
	try {
		text = fs.readFileSync(file, 'utf8');
	} catch (cause) {
		throw refusal(`but ${reasonOf(cause)}`, cause);
	}
	const blocks =
		text.match(new RegExp(`-----BEGIN [A-Z ]*${label}-----[\\s\\S]*?-----END [A-Z ]*${label}-----`, 'g')) ?? [];
	if (blocks.length === 0) throw refusal(`got none in ${JSON.stringify(file)}`);
	if (label === 'CERTIFICATE') {
		for (const block of blocks) {
			try {
				new X509Certificate(block);
			} catch (cause) {
				throw refusal(`but ${JSON.stringify(file)} holds one that cannot be read`, cause);
			}
		}
	}
	return blocks.join('\n');
}
