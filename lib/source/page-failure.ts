import {SourceError} from '../model/errors.ts';

const mayBeTooMuch = new Set([413, 500, 502, 503, 504]);

/** Whether a smaller page may come where this one does not: it was too large, took too long, or holds what the server cannot give. */
export function isTooMuch(error: unknown): error is SourceError {
	if (!(error instanceof SourceError)) return false;
	const {code, status} = error;
	return (
		code === 'TIMEOUT' ||
		code === 'BODY_TOO_LARGE' ||
		(code === 'HTTP_STATUS' && mayBeTooMuch.has(status ?? Number.NaN))
	);
}

/**
 * Whether a failure may be that of this page alone, so that other times are worth a request: not credentials that are
 * refused, not a server that nobody reaches.
 */
export function concernsPage(error: unknown): error is SourceError {
	if (!(error instanceof SourceError)) return false;
	const {code, status = 0} = error;
	const answered = code === 'HTTP_STATUS' && (status >= 500 || status === 408);
	return answered || code === 'BAD_BODY' || code === 'PAGING_NO_PROGRESS' || isTooMuch(error);
}
