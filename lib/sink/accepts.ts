import {ConfigError} from '../model/errors.ts';
import type {Accepted, EventFormat, Sink} from './sink.ts';

/** Throws a ConfigError where a sink cannot take the events of this source in this format, or, without one, in any. */
export function checkAccepts(
	{name, accepts}: Pick<Sink, 'name' | 'accepts'>,
	source: string,
	format?: EventFormat,
): void {
	if (!accepts || accepts.some(accepted => fits(accepted, source, format))) return;
	const expected = accepts.map(said).join(' or ');
	const mapped =
		format !== undefined && format !== 'audit' && accepts.some(accepted => fits(accepted, source, 'audit'));
	const hint = !mapped
		? ''
		: format === 'selected'
			? '; leave --select out'
			: '; give --format audit, or in the library normalize()';
	throw new ConfigError(`${name}: expected ${expected}, got ${said({source, ...(format ? {format} : {})})}${hint}`);
}

function fits(accepted: Accepted, source: string, format: EventFormat | undefined): boolean {
	const isSource = accepted.source === undefined || accepted.source === source;
	return isSource && (accepted.format === undefined || format === undefined || accepted.format === format);
}

const formats: Readonly<Record<EventFormat, string>> = {
	audit: 'common',
	raw: 'raw',
	ecs: 'ECS',
	ocsf: 'OCSF',
	selected: 'selected parts of',
};

function said({source, format}: Accepted): string {
	const records = format === undefined ? 'records' : `${formats[format]} records`;
	return source === undefined ? records : `${records} of ${source}`;
}
