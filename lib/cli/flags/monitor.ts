import {ConfigError} from '../../model/errors.ts';
import type {Address} from '../monitor/server.ts';
import {type Flags, type FlagValues, textIn} from './flags.ts';
import {spanIn} from './options.ts';

/** How a run is bounded and watched from outside. */
export const monitorFlags: Flags = {
	'max-duration': {
		value: 'SPAN',
		help: 'stop after so long, as by Ctrl-C, with what was fetched committed; the next run goes on, the exit code is 0',
	},
	metrics: {
		value: '[HOST:]PORT',
		help: 'serve /metrics for Prometheus and /healthz while the run goes on (HOST by default: 127.0.0.1)',
	},
	ping: {
		value: 'URL',
		help: 'ask for URL/start at the beginning, then URL, or URL/fail with the reason, as healthchecks.io has it',
	},
};

export interface MonitorOptions {
	readonly metrics: Address | undefined;
	readonly ping: URL | undefined;
	readonly maxDurationMs: number | undefined;
}

/** Throws a ConfigError for what cannot work. */
export function monitorFrom(values: FlagValues): MonitorOptions {
	const [metrics, ping] = [textIn(values, 'metrics'), textIn(values, 'ping')];
	return {
		metrics: metrics === undefined ? undefined : parseAddress(metrics),
		ping: ping === undefined ? undefined : parsePing(ping),
		maxDurationMs: spanIn(values, 'max-duration', 1),
	};
}

function parseAddress(text: string): Address {
	const [, bracketed, plain, digits = ''] = /^(?:(?:\[([\da-f:.]+)\]|([\w.-]+)):)?(\d{1,5})$/i.exec(text) ?? [];
	const port = digits === '' ? Number.NaN : Number(digits);
	if (port <= 65_535) return {host: bracketed ?? plain ?? '127.0.0.1', port};
	throw new ConfigError(
		`--metrics: expected PORT or HOST:PORT, such as 9464, 0.0.0.0:9464 or [::1]:9464, got ${JSON.stringify(text)}`,
	);
}

/** Whoever knows the address can say that all is well, so that it is not shown. */
function parsePing(text: string): URL {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url && /^https?:$/.test(url.protocol)) return url;
	throw new ConfigError('--ping: expected a URL that begins with https:// or http://, got another, which is not shown');
}
