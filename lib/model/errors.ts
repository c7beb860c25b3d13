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
	| 'CURSOR_REFUSED'
	| 'PAGING_NO_PROGRESS'
	| 'E_UNSETTLED_PAGES'
	| 'POISON_EVENT'
	| 'SINK_FAILED'
	| 'TARGET_REFUSED'
	| 'TARGET_CHANGED'
	| 'READER_GONE'
	| 'STATE_FAILED'
	| 'STATE_DAMAGED'
	| 'STATE_FOREIGN'
	| 'STATE_LOCKED'
	| 'STATE_CONFLICT';

/** The base of all errors of this library. `code` is stable, `message` is for people. */
export class AuditError extends Error {
	override name = 'AuditError';
	readonly code: ErrorCode;
	/** What the run had done that rejects with this error; else undefined. */
	declare report?: Report;

	constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}

/** Bad usage: an option, a name or a combination that cannot work. Nothing was requested or touched. */
export class ConfigError extends AuditError {
	override name = 'ConfigError';

	constructor(message: string, options?: ErrorOptions) {
		super('CONFIG', message, options);
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

	constructor(message: string, waitMs: number, options?: ErrorOptions) {
		super('RATE_LIMITED', message, options);
		this.waitMs = waitMs;
	}
}

/** An audit API failed for good: after its retries, or in a way that no retry mends. */
export class SourceError extends AuditError {
	override name = 'SourceError';
	/** The HTTP status that the API answered with, where it did. */
	readonly status: number | undefined;

	constructor(code: ErrorCode, message: string, options?: ErrorOptions & {status?: number | undefined}) {
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
