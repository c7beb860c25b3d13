import type {Source} from '../../source/define-source.ts';
import {inFlags, optionsFromFlags, requiredFlagsOf} from './options.ts';
import type {FlagValues} from './flags.ts';
import type {World} from '../world.ts';

/** The flags without which a source cannot work. */
export function requiredFlags({options}: Source): string[] {
	return requiredFlagsOf(options);
}

/** The same and the address, where there is none that everybody uses: what a command line has at least. */
export function leastFlags({options, endpoint}: Pick<Source, 'options' | 'endpoint'>): string[] {
	const own = requiredFlagsOf(options);
	return Object.hasOwn(options.shape, 'endpoint') && endpoint === undefined ? [...own, 'endpoint'] : own;
}

/** A source's options, checked, from flags and environment; what it does not take is left out. */
export function sourceOptions(source: Source, values: FlagValues, env: World['env']): Record<string, unknown> {
	const options = optionsFromFlags(source, source.options, values, env);
	inFlags([source.name], Object.keys(source.options.shape), () => source(options as never));
	return options;
}
