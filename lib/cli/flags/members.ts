import {commonMembers} from '../../model/event.ts';
import {ConfigError} from '../../model/errors.ts';
import {ecsOrigins} from '../../schemas/ecs-origins.ts';
import {ocsfOrigins} from '../../schemas/ocsf-origins.ts';
import type {EventFormat} from '../../sink/sink.ts';
import {nearest} from './flags.ts';

/** The members that events of a format can have, dotted; undefined where only the API knows. */
function membersOf(format: EventFormat): readonly string[] | undefined {
	if (format === 'audit') return commonMembers();
	if (format === 'raw') return undefined;
	return Object.keys(format === 'ecs' ? ecsOrigins : ocsfOrigins);
}

/**
 * Throws a ConfigError for a member that no event of the format can have: a name that is spelled wrong would leave all
 * events out, or everything but it.
 */
export function checkMember(flag: string, member: string, format: EventFormat): void {
	const known = membersOf(format);
	// the places in a list have no names
	const path = member
		.split('.')
		.filter(part => !/^\d+$/.test(part))
		.join('.');
	if (!known || known.some(one => one === path || one.startsWith(`${path}.`))) return;
	// of what is named as a whole, the parts are not listed
	const whole = known.find(one => path.startsWith(`${one}.`) && !known.some(part => part.startsWith(`${one}.`)));
	if (whole !== undefined) return;
	throw new ConfigError(
		`${flag}: expected a member of the event in --format ${format}, got ${JSON.stringify(member)}${nearest(path, known)}`,
	);
}
