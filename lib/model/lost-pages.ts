import v8 from 'node:v8';
import vm from 'node:vm';
import {AuditError} from './errors.ts';

/** The error for a page that nothing is working on any more and that never reached a sink. */
export function unsettledPages(what: string): AuditError {
	return new AuditError(
		'E_UNSETTLED_PAGES',
		`a page was neither acknowledged nor handed to a sink: ${what}; an operator must pass on every page, even an empty one, or settle it with ack() or nack(); rxjs' filter(page => …) and skip() drop pages, page.filter() and filterEvents() drop events`,
	);
}

interface Watched {
	settled: boolean;
	readonly sequence: number;
	onForgotten(error: AuditError): void;
}

/** A page that nothing refers to can no longer be settled, so it was dropped for certain. */
const registry = new FinalizationRegistry<Watched>(({settled, sequence, onForgotten}) => {
	if (!settled) onForgotten(unsettledPages(`page ${sequence} was dropped`));
});

/** Watches a page by what all pages derived from it share. */
export function watchPage(shared: object, sequence: number, onForgotten: (error: AuditError) => void) {
	const watched: Watched = {settled: false, sequence, onForgotten};
	registry.register(shared, watched);
	return watched;
}

const firstHuntMs = 500;
const maxHuntMs = 60_000;

/**
 * While a source waits for its pages to be settled, looks now and then whether one was dropped. Dropped pages show
 * only when memory is collected, and a pipeline that stands still allocates nothing, so the collection is asked for.
 */
export function huntForgotten(): {stop(): void} {
	let delayMs = firstHuntMs;
	let timer: NodeJS.Timeout;
	const wait = () => {
		timer = setTimeout(() => {
			collectGarbage();
			delayMs = Math.min(delayMs * 2, maxHuntMs);
			wait();
		}, delayMs);
		timer.unref();
	};
	wait();
	return {stop: () => clearTimeout(timer)};
}

let collector: (() => void) | undefined;

function collectGarbage(): void {
	if (!collector) {
		v8.setFlagsFromString('--expose-gc');
		collector = vm.runInNewContext('gc') as () => void;
	}
	collector();
}

const idleCallbacks = new Set<() => void>();

function sayIdle(): void {
	for (const onIdle of idleCallbacks) onIdle();
}

/**
 * Calls back when nothing is pending in this process any more: no request, timer, write or promise that could settle
 * one. Without it, Node would end the process there, silently and with exit code 0; with it that is 1, whoever hears.
 */
export function reportIdle(onIdle: () => void): {stop(): void} {
	const report = () => {
		idleCallbacks.delete(report);
		process.exitCode ||= 1;
		onIdle();
	};
	if (idleCallbacks.size === 0) process.on('beforeExit', sayIdle);
	idleCallbacks.add(report);
	return {
		stop() {
			idleCallbacks.delete(report);
			if (idleCallbacks.size === 0) process.off('beforeExit', sayIdle);
		},
	};
}
