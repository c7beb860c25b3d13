import type {Report} from './report.ts';

/** Everything that rxaudit throws on purpose is an {@link AuditError}: a stable `code`, a `cause`, and no secrets. */

export type ErrorCode =
	| 'CONFIG'
	| 'UNAUTHORIZED'
	| 'FORBIDDEN'
	| 'RATE_LIMITED'
	| 'NOT_FOUND'
	| 'UNREACHABLE'
	| 'HTTP_STATUS'
	| 'TIMEOUT'
	| 'BAD_BODY'
	| 'BODY_TOO_LARGE'
	| 'REDIRECT_REFUSED'
	| 'PAGING_NO_PROGRESS'
	| 'SOURCE_CHANGED'
	| 'E_UNSETTLED_PAGES'
	| 'ABORTED'
	| 'POISON_EVENT'
	| 'SINK_FAILED'
	| 'TARGET_REFUSED'
	| 'TARGET_CHANGED'
	| 'TARGET_LOCKED'
	| 'READER_GONE'
	| 'STATE_FAILED'
	| 'STATE_DAMAGED'
	| 'STATE_FOREIGN'
	| 'STATE_LOCKED'
	| 'STATE_CONFLICT';

/** How an option is called: `option pageSize` by the library, `--page-size` by a command line. */
export type Spelling = (option: string) => string;

/** A sentence that names options. */
export type Wording = string | ((spell: Spelling) => string);

const inLibrary: Spelling = option => `option ${option}`;

/** A sentence as the library says it, or as somebody does who calls options otherwise. */
export function worded(wording: Wording, spell: Spelling = inLibrary): string {
	return typeof wording === 'string' ? wording : wording(spell);
}

/** The base of all errors of this library. `code` is stable, `message` is for people. */
export class AuditError extends Error {
	override name = 'AuditError';
	readonly code: ErrorCode;
	/** What the run had done that rejects with this error; else undefined. */
	declare report?: Report;

	readonly #message: Wording;

	constructor(code: ErrorCode, message: Wording, options?: ErrorOptions) {
		super(worded(message), options);
		this.code = code;
		this.#message = message;
	}

	/** The message where options are called otherwise. */
	spelled(spell: Spelling): string {
		const isOwn = this.message === worded(this.#message); // else somebody has said more
		return isOwn ? worded(this.#message, spell) : this.message;
	}
}

/** What is wrong with the options, in parts. */
export interface ConfigIssue {
	/** In camelCase; behind a dot a member of its value. Absent where no option alone is to blame. */
	readonly option?: string;
	readonly expected: string;
	readonly got?: string | undefined;
	/** How to go on. */
	readonly do?: string | undefined;
}

/** Bad usage: an option, a name or a combination that cannot work. Nothing was requested or touched. */
export class ConfigError extends AuditError {
	override name = 'ConfigError';
	/** The same in parts; empty where nothing but the message says it. */
	readonly issues: readonly ConfigIssue[];

	constructor(message: Wording, options: ErrorOptions & {readonly issues?: readonly ConfigIssue[]} = {}) {
		super('CONFIG', message, options);
		this.issues = options.issues ?? [];
	}

	/** The options of `of`, such as a source, cannot work. */
	static of(
		of: string,
		issues: readonly (Omit<ConfigIssue, 'do'> & {readonly do?: Wording | undefined})[],
		options?: ErrorOptions,
	): ConfigError {
		const said = (spell: Spelling) =>
			issues.map(({option, expected, got, do: advice}) => {
				const library = of === '' || spell !== inLibrary ? '' : `${of}: `;
				const subject = option === undefined ? of && `${of}: ` : `${library}${spell(option)}: `;
				const end = advice === undefined ? '' : `; ${worded(advice, spell)}`;
				return `${subject}expected ${expected}${got === undefined ? '' : `, got ${got}`}${end}`;
			});
		return new ConfigError(spell => said(spell).join('; '), {
			...options,
			issues: issues.map(({do: advice, ...issue}) => (advice === undefined ? issue : {...issue, do: worded(advice)})),
		});
	}
}

/** The API refused the credentials: `UNAUTHORIZED` (401) or `FORBIDDEN` (403). */
export class AuthError extends AuditError {
	override name = 'AuthError';
}

/** The API asked for a wait longer than `maxWait`. The state is kept; run again later. */
export class RateLimitError extends AuditError {
	override name = 'RateLimitError';
	/** How long the API asked to wait, in milliseconds. */
	readonly waitMs: number;

	constructor(message: Wording, waitMs: number, options?: ErrorOptions) {
		super('RATE_LIMITED', message, options);
		this.waitMs = waitMs;
	}
}

/** An audit API failed for good: after its retries, or in a way that no retry mends. */
export class SourceError extends AuditError {
	override name = 'SourceError';
	/** The HTTP status that the API answered with, where it did. */
	readonly status: number | undefined;

	constructor(code: ErrorCode, message: Wording, options?: ErrorOptions & {status?: number | undefined}) {
		super(code, message, options);
		this.status = options?.status;
	}
}

/** A destination failed, refused or was changed by somebody else. */
export class SinkError extends AuditError {
	override name = 'SinkError';
}

/** The state is damaged, of another pipeline, in use, or could not be written. */
export class StateError extends AuditError {
	override name = 'StateError';
}

/** The message of anything thrown, for a sentence. */
export function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
