import assert from 'node:assert/strict';
import {exitCodeOf} from '../../../lib/cli/output/exit-code.ts';
import {
	AuditError,
	AuthError,
	ConfigError,
	RateLimitError,
	SinkError,
	SourceError,
	StateError,
} from '../../../lib/model/errors.ts';

describe('exitCodeOf', () => {
	for (const [code, ...errors] of [
		[
			1,
			new Error('x'),
			'x',
			undefined,
			new SourceError('NOT_FOUND', ''),
			new RateLimitError('', 1),
			new SinkError('SINK_FAILED', ''),
		],
		[
			1,
			new AuditError('E_UNSETTLED_PAGES', ''),
			new StateError('STATE_FAILED', ''),
			new SourceError('PAGING_NO_PROGRESS', ''),
		],
		[2, new ConfigError(''), new SinkError('TARGET_REFUSED', '')],
		[4, new AuthError('UNAUTHORIZED', ''), new AuthError('FORBIDDEN', '')],
		[5, new StateError('STATE_DAMAGED', ''), new StateError('STATE_FOREIGN', ''), new StateError('STATE_LOCKED', '')],
		[5, new StateError('STATE_CONFLICT', ''), new SinkError('TARGET_CHANGED', '')],
		[141, new SinkError('READER_GONE', '')],
	] as const) {
		const names = errors.map(error => (error instanceof AuditError ? error.code : String(error)));
		it(`is ${code} for ${names.join(', ')}`, () => {
			for (const error of errors) assert.equal(exitCodeOf(error), code);
		});
	}
});
