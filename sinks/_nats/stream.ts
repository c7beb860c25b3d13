import type {StreamInfo} from '@nats-io/jetstream';
import type {SinkContext} from '../../lib/sink/sink.ts';
import {refused} from '../_files/file-errors.ts';

const nanosPerMs = 1_000_000;

/** Tells what a user must know of a stream. Throws where it would not say that it has an event. */
export function checkStream(
	{config}: StreamInfo,
	name: string,
	ageMs: number,
	{warn, note}: Pick<SinkContext, 'warn' | 'note'>,
): void {
	const title = `${name}: stream ${config.name}`;
	if (config.no_ack) throw refused(name, `stream ${config.name} acknowledges nothing (no_ack); set no_ack to false`);
	if (config.storage === 'memory') warn(`${title} is in memory: a restart of its servers loses all events`);
	if (config.max_msgs_per_subject > 0) {
		warn(`${title} keeps ${config.max_msgs_per_subject} messages of a subject, and deletes older events`);
	}
	const windowMs = config.duplicate_window / nanosPerMs;
	if (windowMs >= ageMs) return;
	note(
		`${title} knows duplicates for ${windowMs} ms, a commit may take ${ageMs} ms: ` +
			'what comes again after a kill may be there twice; raise its duplicate window (nats stream edit --dupe-window 2m)',
	);
}
