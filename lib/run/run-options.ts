import type {BudgetLimits} from '../model/budget.ts';
import type {Progress} from '../model/report.ts';
import type {CommitSize, Sink, SinkContext} from '../sink/sink.ts';
import type {StateStore} from '../state/state.ts';
import type {Follow} from './follow.ts';
import type {StopOptions} from './stopping.ts';

export interface RunOptions extends StopOptions {
	/** Where checkpoints live. Without one, a run begins at the beginning. */
	readonly state?: StateStore | undefined;
	/**
	 * Reads what is new again and again, until the signal aborts. Without a state, what was read is known as long as the
	 * process lives.
	 */
	readonly follow?: Follow | undefined;
	/** Whether nothing comes twice, as of the state, also where `dedupe()` stands nowhere. Default: true with a state. */
	readonly dedupe?: boolean | undefined;
	/** How much may be in memory between sources and sinks. Default: 4 pages, 16 MiB. */
	readonly budget?: Partial<BudgetLimits> | undefined;
	/** Called with the numbers so far, after each page and at each wait. */
	readonly onProgress?: ((progress: Progress) => void) | undefined;
	/** Called with what a sink reports that is no warning, such as the profiles it changed. */
	readonly onNote?: ((message: string) => void) | undefined;
	/** Where events go that cannot be processed; without it the first one ends the run (`POISON_EVENT`). */
	readonly deadLetters?: Sink | undefined;
	/** What may be written before a commit; default: what the sinks like, else 64 pages, 8 MiB or 5,000 ms. */
	readonly commitSize?: Partial<CommitSize> | undefined;
	/** What else the state belongs to, for example `{format: 'audit'}`. A run with another value is refused. */
	readonly binding?: Readonly<Record<string, string>> | undefined;
	/** Signs each entry of the manifests that sinks write, for example `signer(privateKey)`. */
	readonly sign?: SinkContext['sign'] | undefined;
}
