import type {Meter} from '../model/meter.ts';
import type {Credentials} from './credentials.ts';
import {createSecretFilter, excerpt} from './secrets.ts';

/**
 * Warns once a run where an answer says that what was asked for is going to end: by `Deprecation`, `Sunset` or a lasting
 * `Warning` (299).
 */
export function checkDeprecation(
	headers: Readonly<Record<string, unknown>>,
	{name, meter, credentials}: {readonly name: string; readonly meter: Meter; readonly credentials: Credentials},
): void {
	const said = announced(headers);
	if (said === '') return;
	const warning = `${name}: the API says that what is asked of it is going to end: `;
	if (meter.warnings.some(line => line.startsWith(warning))) return;
	meter.warn(warning + excerpt(createSecretFilter(credentials.secrets())(said)));
}

function announced(headers: Readonly<Record<string, unknown>>): string {
	const deprecation = textOf(headers['deprecation']);
	const lasting = /(?:^|,)\s*299 .*/s.exec(textOf(headers['warning']))?.[0].replace(/^,?\s*/, '');
	return [
		...(/^(false|\?0)?$/i.test(deprecation) ? [] : [`deprecation: ${dayOf(deprecation)}`]),
		...(textOf(headers['sunset']) === '' ? [] : [`sunset: ${textOf(headers['sunset'])}`]),
		...(lasting === undefined ? [] : [`warning: ${lasting}`]),
	].join('; ');
}

function textOf(header: unknown): string {
	return typeof header === 'string' ? header.trim() : '';
}

/** RFC 9745 writes a date as `@` and epoch seconds, which nobody reads. */
function dayOf(text: string): string {
	const [, seconds] = /^@(\d{1,10})$/.exec(text) ?? [];
	return seconds === undefined ? text : new Date(Number(seconds) * 1000).toISOString().slice(0, 10);
}
