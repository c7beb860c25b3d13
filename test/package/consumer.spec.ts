import assert from 'node:assert/strict';
import {output, packed, tool} from './packed.ts';

/** What `import * from 'rxaudit'` gives at run time. Adding a name is a decision, removing one breaks somebody. */
const names = [
	'AuditError',
	'AuthError',
	'ConfigError',
	'RateLimitError',
	'SinkError',
	'SourceError',
	'StateError',
	'activities',
	'auditEvent',
	'deadLetters',
	'dedupe',
	'defineOperation',
	'defineSink',
	'defineSource',
	'ecs',
	'enrich',
	'fileState',
	'filterEvents',
	'fromWritable',
	'mapEvents',
	'normalize',
	'ocsf',
	'paginate',
	'rateLimit',
	'redact',
	'run',
	'select',
	'signer',
	'toAsyncIterable',
	'toEcs',
	'toEvents',
	'toOcsf',
	'toReadable',
	'toWebStream',
	'transactionalState',
];

const inside = ['rxaudit/sources/_x', 'rxaudit/sinks/_x', 'rxaudit/lib/run/run.js', 'rxaudit/dist/lib/index.js'];

describe('package consumer', function () {
	this.timeout(180_000);
	let folder: string;

	/** Runs code in the consumer's folder; resolves with the JSON that it prints. */
	async function evaluate(type: 'module' | 'commonjs', code: string): Promise<unknown> {
		return JSON.parse(await output(folder, process.execPath, `--input-type=${type}`, '--eval', code));
	}

	before(async () => {
		folder = (await packed()).consumer;
	});

	it('compiles under strict settings, and backs up what the emulator holds', async () => {
		await output(folder, tool('tsc'), '-p', '.');
		assert.deepEqual(JSON.parse(await output(folder, process.execPath, 'out/backup.js')), {
			held: 120,
			lines: 120,
			files: 120,
		});
	});

	it('gets exactly the public names', async () => {
		const code = "console.log(JSON.stringify(Object.keys(await import('rxaudit')).sort()))";
		assert.deepEqual(await evaluate('module', code), names);
	});

	it('may require() it', async () => {
		const code = `
			const {run} = require('rxaudit');
			const {startEmulator} = require('rxaudit/emulator');
			const kinds = [run, startEmulator, require('rxaudit/sinks/ndjson').default].map(value => typeof value);
			console.log(JSON.stringify(kinds));`;
		assert.deepEqual(await evaluate('commonjs', code), ['function', 'function', 'function']);
	});

	it('gets the JSON Schema of the common record', async () => {
		const code = "console.log(JSON.stringify(require('rxaudit/audit-event.schema.json').required))";
		assert.deepEqual(await evaluate('commonjs', code), ['id', 'time', 'source', 'tenant']);
	});

	it('gets the JSON Schema of a file of pipelines', async () => {
		const code = "console.log(JSON.stringify(require('rxaudit/rxaudit.schema.json').required))";
		assert.deepEqual(await evaluate('commonjs', code), ['pipelines']);
	});

	it('cannot reach what is inside', async () => {
		const code = `
			const codes = ${JSON.stringify(inside)}.map(name => import(name).catch(error => error.code));
			console.log(JSON.stringify(await Promise.all(codes)));`;
		assert.deepEqual(
			await evaluate('module', code),
			inside.map(() => 'ERR_PACKAGE_PATH_NOT_EXPORTED'),
		);
	});

	it('has the command', async () => {
		assert.match(await output(folder, 'node_modules/.bin/rxaudit', 'list'), /^ +atlassian-org-events\b/m);
	});
});
