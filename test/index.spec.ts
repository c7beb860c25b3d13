import assert from 'node:assert/strict';
import * as rxaudit from '../lib/index.ts';

describe('rxaudit', () => {
	it('exports what users rely on, and nothing else', () => {
		const functions =
			'run paginate normalize dedupe rateLimit mapEvents filterEvents toEvents fileState transactionalState defineSource defineSink ' +
			'deadLetters defineOperation signer ecs ocsf enrich redact select toEcs toOcsf ' +
			'toAsyncIterable toReadable toWebStream fromWritable';
		const definitions = 'auditEvent activities';
		const errors = 'AuditError AuthError ConfigError RateLimitError SinkError SourceError StateError';
		assert.deepEqual(Object.keys(rxaudit).sort(), `${functions} ${definitions} ${errors}`.split(' ').sort());
	});
});
