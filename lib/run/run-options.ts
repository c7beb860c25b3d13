import type {Progress} from '../model/report.ts';
import type {CommitSize, Sink, SinkContext} from '../sink/sink.ts';
import type {StateStore} from '../state/state.ts';
import type {StopOptions} from './stopping.ts';

export interface RunOptions extends StopOptions {
	/** Where checkpoints live. Without one, a run begins at the beginning. */
	readonly state?: StateStore;
	/** Called with the numbers so far, after each page and at each wait. */
	readonly onProgress?: (progress: Progress) => void;
	/** Called with what sinks say they have done, such as what they changed, where that is no warning. */
	readonly onNote?: (message: string) => void;
	/** Where events go that cannot be processed; without it the first one ends the run (`POISON_EVENT`). */
	readonly deadLetters?: Sink;
	/** What may be written before a commit; default: what the sinks like, else 64 pages, 8 MiB or 5,000 ms. */
	readonly commitSize?: Partial<CommitSize>;
	/** What else the state belongs to, for example `{format: 'audit'}`. A run with another value is refused. */
	readonly binding?: Readonly<Record<string, string>>;
	/** Signs each entry of the manifests that sinks write, for example `signer(privateKey)`. */
	readonly sign?: SinkContext['sign'];
}
