import {SourceError} from './errors.ts';

const gatewaySays = new Set([413, 502, 503, 504]);

/** Whether an answer was too large, or took too long: a smaller page may come where this one does not. */
export function isTooMuch(error: unknown): error is SourceError {
	if (!(error instanceof SourceError)) return false;
	const {code, status} = error;
	return (
		code === 'TIMEOUT' || code === 'BODY_TOO_LARGE' || (code === 'HTTP_STATUS' && gatewaySays.has(status ?? Number.NaN))
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
