import {AuditError, type ErrorCode} from '../../model/errors.ts';

/** 0 done, 3 partial and 130/143 stopped come from the report; these are the failures. Everything else is 1. */
const codes: Partial<Record<ErrorCode, number>> = {
	CONFIG: 2,
	TARGET_REFUSED: 2,
	UNAUTHORIZED: 4,
	FORBIDDEN: 4,
	STATE_DAMAGED: 5,
	STATE_FOREIGN: 5,
	STATE_LOCKED: 5,
	STATE_CONFLICT: 5,
	TARGET_CHANGED: 5,
	READER_GONE: 141,
};

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
	return error instanceof AuditError ? (codes[error.code] ?? 1) : 1;
}
