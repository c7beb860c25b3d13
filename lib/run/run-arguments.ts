import {isObservable, type Observable} from 'rxjs';
import {ConfigError} from '../model/errors.ts';
import {Page} from '../model/page.ts';
import type {Start} from '../model/start.ts';
import {excerpt} from '../http/secrets.ts';
import type {RunOptions} from './run-options.ts';

const build = 'source(options).pipe(normalize())';

/** The options that `run()` knows. It refuses others: a misspelt `state` would be left out in silence. */
const optionNames = Object.keys({
	state: true,
	signal: true,
	forceSignal: true,
	graceMs: true,
	onProgress: true,
	onNote: true,
	deadLetters: true,
	commitSize: true,
	binding: true,
	sign: true,
	dedupe: true,
	budget: true,
	follow: true,
} satisfies Record<keyof RunOptions, true>);

/** Throws a ConfigError where `run()` cannot work with what it was given; types alone do not keep it away. */
export function checkRunArguments(pages: unknown, sinks: readonly unknown[], options: unknown): void {
	if (typeof pages !== 'function' && !isObservable(pages)) {
		throw misused(`expected an Observable of pages (${build}), or a function that makes one, got ${kindOf(pages)}`);
	}
	if (typeof options !== 'object' || options === null) throw misused(`expected options, got ${kindOf(options)}`);
	for (const name of Object.keys(options)) {
		if (optionNames.includes(name)) continue;
		throw misused(`unknown option ${excerpt(name)}: expected one of ${optionNames.join(', ')}`);
	}
	if (sinks.length === 0) throw misused('expected at least one sink, got none');
	for (const sink of sinks) {
		if (hasMethods(sink, 'open')) continue;
		throw misused(`expected a sink, such as ndjson({path}), got ${kindOf(sink)}`);
	}
	const {state, deadLetters, follow} = options as {readonly [option in keyof RunOptions]?: unknown};
	const everyMs: unknown = follow && (follow as {readonly everyMs?: unknown}).everyMs;
	if (follow !== undefined && !(typeof everyMs === 'number' && everyMs > 0)) {
		const got = typeof everyMs === 'number' ? `${everyMs}` : kindOf(everyMs ?? follow);
		throw ConfigError.of('run', [{option: 'follow', expected: '{everyMs}, milliseconds above 0', got}]);
	}
	if (state !== undefined && !hasMethods(state, 'load', 'commit')) {
		throw misused(
			`expected state to be a store with load() and commit(), such as fileState(file), got ${kindOf(state)}`,
		);
	}
	if (deadLetters !== undefined && !hasMethods(deadLetters, 'open')) {
		throw misused(`expected deadLetters to be a sink, such as ndjson({path}), got ${kindOf(deadLetters)}`);
	}
}

/** What a builder gave, as long as it is a stream. */
export function builtPages(built: unknown): Observable<Page> {
	if (isObservable(built)) return built as Observable<Page>;
	const wayOut =
		built === undefined ? '; is there a return?' : hasMethods(built, 'then') ? '; it must not be async' : '';
	throw misused(`expected the function to return an Observable of pages, got ${kindOf(built)}${wayOut}`);
}

/** The error for what is no page of this run. */
export function misuseOf(page: unknown, run: Start): ConfigError | undefined {
	if (!Page.is(page)) {
		return misused(
			`expected pages, got ${kindOf(page)}; leave out what takes pages apart (toEvents(), toArray(), bufferCount()), ` +
				'and use page.map(), page.filter() and page.flatMap(), or mapEvents() and filterEvents(), never a spread',
		);
	}
	if (!page.stream || page.run === run) return undefined;
	const {name} = page.source;
	return misused(
		`expected the pages of ${name} to be of this run, got those of another one; subscribe to the source within the run, or make it with its start: run(start => source(options, start), …)`,
	);
}

function misused(message: string): ConfigError {
	return new ConfigError(`run: ${message}`);
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
	if (typeof value !== 'object' || value === null) return false;
	return names.every(name => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function');
}

function kindOf(value: unknown): string {
	if (value === undefined || value === null) return String(value);
	if (Array.isArray(value)) return 'an array';
	if (isObservable(value)) return 'an Observable';
	if (hasMethods(value, 'then')) return 'a promise';
	return typeof value === 'object' ? 'an object of another kind' : `a ${typeof value}`;
}
