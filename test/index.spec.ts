import assert from 'node:assert/strict';
import * as rxaudit from '../lib/index.ts';

describe('rxaudit', () => {
	it('exports what the contract names, and nothing else', () => {
		assert.deepEqual(
			Object.keys(rxaudit).sort(),
			[
				...['run', 'paginate', 'normalize', 'dedupe', 'rateLimit', 'mapEvents', 'filterEvents', 'toEvents'],
				...['fileState', 'defineSource', 'defineSink'],
				...['AuditError', 'AuthError', 'ConfigError', 'RateLimitError', 'SinkError', 'SourceError', 'StateError'],
			].sort(),
		);
	});
});
