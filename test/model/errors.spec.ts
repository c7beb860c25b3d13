import assert from 'node:assert/strict';
import * as errors from '../../lib/model/errors.ts';

const {AuditError, AuthError, ConfigError, RateLimitError, SinkError, SourceError, StateError, reasonOf} = errors;

describe('errors', () => {
	const cause = new Error('why');
	const all = [
		new AuditError('PAGING_NO_PROGRESS', 'text', {cause}),
		new ConfigError('text', {cause}),
		new AuthError('FORBIDDEN', 'text', {cause}),
		new RateLimitError('text', 5000, {cause}),
		new SourceError('HTTP_STATUS', 'text', {cause, status: 503}),
		new SinkError('SINK_FAILED', 'text', {cause}),
		new StateError('STATE_LOCKED', 'text', {cause}),
	];

	it('are AuditErrors with a name, a stable code, a text and a cause', () => {
		assert.deepEqual(
			all.map(({name, code}) => [name, code]),
			[
				['AuditError', 'PAGING_NO_PROGRESS'],
				['ConfigError', 'CONFIG'],
				['AuthError', 'FORBIDDEN'],
				['RateLimitError', 'RATE_LIMITED'],
				['SourceError', 'HTTP_STATUS'],
				['SinkError', 'SINK_FAILED'],
				['StateError', 'STATE_LOCKED'],
			],
		);
		for (const error of all) {
			assert.ok(error instanceof AuditError && error instanceof Error);
			assert.equal(error.message, 'text');
			assert.equal(error.cause, cause);
			assert.equal(String(error), `${error.name}: text`);
			assert.equal(error.constructor.name, error.name);
		}
	});

	it('are all here', () => {
		const classes = Object.values(errors).filter(one => one !== reasonOf && one !== errors.worded);
		assert.deepEqual(new Set<unknown>(all.map(error => error.constructor)), new Set<unknown>(classes));
	});

	it('say what a caller needs to know besides', () => {
		assert.equal(new RateLimitError('text', 5000).waitMs, 5000);
		assert.equal(new SourceError('HTTP_STATUS', 'text', {status: 503}).status, 503);
		assert.equal(new SourceError('UNREACHABLE', 'text').status, undefined);
		assert.equal('cause' in new ConfigError('text'), false);
	});

	it('call options as the library does, or as who shows them', () => {
		const error = new SourceError('TIMEOUT', spell => `raise ${spell('maxWait')}`);
		assert.equal(error.message, 'raise option maxWait');
		assert.equal(
			error.spelled(option => `--${option}`),
			'raise --maxWait',
		);
		error.message = `wrapped: ${error.message}`;
		assert.equal(
			error.spelled(option => `--${option}`),
			'wrapped: raise option maxWait',
		);
	});

	it('say in parts what is wrong with options', () => {
		const error = ConfigError.of('api', [
			{option: 'pageSize', expected: 'a number', got: '"x"', do: spell => `leave out ${spell('pageSize')}`},
			{expected: 'credentials'},
		]);
		assert.equal(
			error.message,
			'api: option pageSize: expected a number, got "x"; leave out option pageSize; api: expected credentials',
		);
		assert.deepEqual(error.issues, [
			{option: 'pageSize', expected: 'a number', got: '"x"', do: 'leave out option pageSize'},
			{expected: 'credentials'},
		]);
		assert.deepEqual(new ConfigError('text').issues, []);
	});
});

describe('reasonOf', () => {
	it('is the message of anything thrown', () => {
		assert.deepEqual([new TypeError('odd'), 'text', 7, undefined, null, Symbol('x')].map(reasonOf), [
			'odd',
			'text',
			'7',
			'undefined',
			'null',
			'Symbol(x)',
		]);
	});
});
