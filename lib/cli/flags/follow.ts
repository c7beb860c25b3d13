import {ConfigError} from '../../model/errors.ts';
import type {Follow} from '../../run/follow.ts';
import type {Sink} from '../../sink/sink.ts';
import {type Flags, type FlagValues, textIn} from './flags.ts';
import {spanIn} from './options.ts';

export const followFlags: Flags = {
	follow: {
		help: 'read what is new for ever, until a signal or --max-duration stops it; what fails is tried again',
	},
	every: {value: 'SPAN', help: 'with --follow: from the beginning of a round to that of the next (default: 60s)'},
	'alert-silence': {
		value: 'SPAN',
		help: 'with --follow: no longer well when the newest event is older, for /healthz, --ping and stderr',
	},
};

const defaultEveryMs = 60_000;

export interface FollowFlags extends Follow {
	/** How old the newest event may be. */
	readonly alertSilenceMs: number | undefined;
}

/** What the flags ask for; undefined without `--follow`. Throws a ConfigError for what cannot work beside it. */
export function followFrom(values: FlagValues): FollowFlags | undefined {
	if (values['follow'] !== true) {
		const orphan = ['every', 'alert-silence'].find(flag => values[flag] !== undefined);
		if (orphan) throw new ConfigError(`--${orphan}: expected --follow beside it, got none`);
		return undefined;
	}
	if (textIn(values, 'until') !== undefined) {
		throw new ConfigError('--until: expected none beside --follow, which never ends by itself, got one');
	}
	return {everyMs: spanIn(values, 'every', 1) ?? defaultEveryMs, alertSilenceMs: spanIn(values, 'alert-silence')};
}

/** Throws a ConfigError where a follow that is started again could not go on in its targets. */
export function checkFollowState(state: string | undefined, sinks: readonly Sink[]): void {
	const target = sinks.find(({target}) => target !== '-');
	if (state !== undefined || !target) return;
	throw new ConfigError(
		`--follow: expected --state FILE beside --to ${target.name}:${target.target}, got none; only a state lets ` +
			'a run that is started again go on there',
	);
}
