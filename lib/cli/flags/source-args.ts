import type {Source} from '../../source/define-source.ts';
import type {World} from '../world.ts';
import {credentialFlags} from './credentials.ts';
import {type Flags, type FlagValues, parseFlags, refuseSecrets} from './flags.ts';
import {sourceFlags} from './options.ts';
import {sinkFlags} from './sinks.ts';
import {noSuchSource, sourceIn} from './source-named.ts';

/** A source, and what the flags of a command say. */
export interface SourceArgs {
	/** How the source is named. */
	readonly name: string;
	readonly source: Source;
	readonly values: FlagValues;
	/** Of each sink whose options are flags, those flags. */
	readonly flagged: Readonly<Record<string, Flags>>;
}

/** The arguments of a command that takes a source, with its options, those of sinks and the flags of the command. */
export async function sourceArgs(
	command: string,
	args: readonly string[],
	flags: Flags,
	world: Pick<World, 'cwd'>,
): Promise<SourceArgs> {
	const named = await sourceIn(args, world);
	if (!named) {
		refuseSecrets(args, {...credentialFlags, ...flags});
		throw noSuchSource(command, args[0], world);
	}
	const {name, source} = named;
	const flagged = await sinkFlags(args, world);
	const ofSinks = Object.assign({}, ...Object.values(flagged)) as Flags;
	const {values, rest} = parseFlags(args, {...sourceFlags(source), ...credentialFlags, ...flags, ...ofSinks}, 1, world);
	if (rest[0] !== name) throw noSuchSource(command, rest[0], world);
	return {name, source, values, flagged};
}
