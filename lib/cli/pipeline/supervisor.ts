import {AuditError} from '../../model/errors.ts';
import type {NamedPipeline} from '../config/pipelines-of.ts';
import type {Watched} from '../monitor/metrics.ts';
import {type Ending, withPing} from '../monitor/ping.ts';
import {watchRun} from '../monitor/watch.ts';
import type {ProgressOutput} from '../output/progress.ts';
import {sentenceOf} from '../output/sentence.ts';
import type {Stop, World} from '../world.ts';
import {runPipeline} from './run-pipeline.ts';

interface Setting {
	readonly world: World;
	readonly signals: Stop;
	/** Shows the progress of a pipeline. */
	show(pipeline: NamedPipeline): ProgressOutput;
	/** The exit code of what a pipeline failed with. */
	codeOf(error: unknown): number;
}

/** What became of pipelines by {@link Supervisor.replace}: their names. */
export interface Replaced {
	readonly started: readonly string[];
	readonly changed: readonly string[];
	readonly stopped: readonly string[];
	/** They did not change, had failed and began again. */
	readonly retried: readonly string[];
}

interface Running {
	readonly named: NamedPipeline;
	readonly stop: AbortController;
	readonly force: AbortController;
	readonly watched: Watched;
	/** Resolves when it is over, whatever became of it. */
	readonly over: Promise<void>;
	/** Its exit code when it is over. */
	code?: number;
	leave?: (() => void) | undefined;
}

/** Runs pipelines side by side: whatever becomes of one, the others go on. */
export class Supervisor {
	/** What is watched from outside: those that run and those that are over. */
	readonly watched: Watched[] = [];
	readonly #setting: Setting;
	readonly #running = new Map<string, Running>();
	#replacing: Promise<Replaced> | undefined;

	constructor(setting: Setting) {
		const {stop, force} = setting.signals;
		this.#setting = setting;
		stop.addEventListener('abort', () => this.#all(one => one.stop.abort(stop.reason)), {once: true});
		force.addEventListener('abort', () => this.#all(one => one.force.abort(force.reason)), {once: true});
	}

	/** Runs them until all are over; resolves with the exit code of all of them. */
	async run(pipelines: readonly NamedPipeline[]): Promise<number> {
		for (const named of pipelines) this.#start(named);
		for (;;) {
			await Promise.all([...this.#running.values()].map(({over}) => over));
			if (!this.#replacing) break;
			await this.#replacing;
		}
		const all = [...this.#running.values()];
		const codes = all.map(({code = 0}) => code);
		all.find(({leave}) => leave)?.leave?.();
		const signalled = this.#setting.signals.exitCode();
		return signalled !== undefined && codes.includes(signalled) ? signalled : codeOfAll(codes);
	}

	/**
	 * Runs these from now on: one that did not change goes on, or begins again where it failed; the others are stopped
	 * as by a signal before anything new is started, since that may write where they did.
	 */
	async replace(pipelines: readonly NamedPipeline[]): Promise<Replaced> {
		const before = this.#replacing;
		const replacing = (async () => {
			await before;
			const next = new Map(pipelines.map(named => [named.name, named]));
			const gone = [...this.#running.values()].filter(({named}) => next.get(named.name)?.key !== named.key);
			for (const {stop} of gone) stop.abort(new Error('stopped: the configuration is another one'));
			await Promise.all(gone.map(({over}) => over));
			for (const one of gone) this.#forget(one);
			const names = gone.map(({named}) => named.name);
			const stopped = names.filter(name => !next.has(name));
			const changed = names.filter(name => next.has(name));
			const started: string[] = [];
			const retried: string[] = [];
			if (this.#setting.signals.stop.aborted) return {started, changed: [], stopped: names, retried};
			for (const named of pipelines) {
				const one = this.#running.get(named.name);
				if (one && (one.code === undefined || one.code === 0)) continue;
				if (one) this.#forget(one);
				if (!changed.includes(named.name)) (one ? retried : started).push(named.name);
				this.#start(named);
			}
			return {started, changed, stopped, retried};
		})();
		this.#replacing = replacing;
		const replaced = await replacing;
		if (this.#replacing === replacing) this.#replacing = undefined;
		return replaced;
	}

	#all(action: (one: Running) => void): void {
		for (const one of this.#running.values()) action(one);
	}

	#forget({named, watched}: Running): void {
		this.#running.delete(named.name);
		this.watched.splice(this.watched.indexOf(watched), 1);
	}

	#start(named: NamedPipeline): void {
		const {world, signals, show, codeOf} = this.#setting;
		const {name, pipeline, monitor} = named;
		const [stop, force] = [new AbortController(), new AbortController()];
		const progress = show(named);
		const watch = watchRun({
			pipeline: name,
			maxDurationMs: monitor.maxDurationMs,
			alertSilenceMs: pipeline.follow?.alertSilenceMs,
			stop: stop.signal,
			clock: () => world.now(),
			note: progress.note,
		});
		const exitCode = () => (signals.stop.aborted ? signals.exitCode() : undefined);
		const isUrgent = () => signals.exitCode() !== undefined;
		const work = withPing(
			monitor.ping,
			{env: world.env, warn: progress.warn, isUrgent},
			async (beat): Promise<Ending> => {
				const {leave, ...ending} = await runPipeline(pipeline, {
					progress,
					beat,
					stop: watch.signal,
					force: force.signal,
					exitCode,
					leave: () => signals.leave(world.stdout),
					now: () => world.now(),
					begun: watch.show,
				});
				running.leave = leave;
				watch.ended(ending.code === 0 ? undefined : (ending.reason ?? `exit code ${ending.code}`));
				return ending;
			},
		);
		const over = work.then(
			code => void (running.code = code),
			(error: unknown) => {
				const sentence = sentenceOf(error, Boolean(world.env['RXAUDIT_DEBUG']));
				running.code = codeOf(error);
				watch.ended(sentence);
				progress.fail(sentence, error instanceof AuditError ? {code: error.code} : {});
			},
		);
		const running: Running = {named, stop, force, watched: watch, over};
		this.#running.set(name, running);
		this.watched.push(watch);
	}
}

/** 0, or 3 where some failed, or that of all where all failed alike. */
export function codeOfAll(codes: readonly number[]): number {
	const [first = 0] = codes;
	return codes.every(code => code === first) ? first : 3;
}
