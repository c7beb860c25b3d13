import assert from 'node:assert/strict';
import {PassThrough, Writable} from 'node:stream';
import {takeForeignOutput, write} from '../../../lib/cli/output/log.ts';

describe('write', () => {
	it('resolves when the text is out', async () => {
		const stream = new PassThrough();
		await write(stream, 'text');
		assert.equal(stream.read()?.toString(), 'text');
	});

	it('lets nothing through that drives a terminal', async () => {
		const stream = new PassThrough();
		await write(stream, 'a\x1b[2J\x9b\u202e\n');
		assert.equal(stream.read()?.toString(), 'a\\u001b[2J\\u009b\\u202e\n');
	});

	it('takes a gone reader for no error', async () => {
		const gone = new Writable({write: (_chunk, _encoding, done) => done(new Error('EPIPE'))});
		await write(gone, 'text');
	});
});

/** What is written while other code warns and prints. */
async function written(argv: readonly string[]): Promise<string[]> {
	const lines: string[] = [];
	const undo = takeForeignOutput(argv, {write: (text: string) => lines.push(text) > 0});
	try {
		process.emitWarning('will no longer support\nthis version', 'NodeDeprecationWarning');
		console.warn('%d left', 3);
		console.log({a: '\u001b[2J'});
		await new Promise(resolve => setImmediate(resolve));
	} finally {
		undo();
	}
	return lines;
}

describe('takeForeignOutput', () => {
	it('makes one line of our own of each thing that others print, on stderr', async () => {
		const lines = await written(['pull']);
		assert.deepEqual(lines.toSorted(), [
			'rxaudit: 3 left\n',
			'rxaudit: NodeDeprecationWarning: will no longer support\\nthis version\n',
			String.raw`rxaudit: { a: '\x1B[2J' }` + '\n',
		]);
	});

	it('keeps to JSON, and to silence', async () => {
		const members = (await written(['pull', '--log-format=json'])).map(line => JSON.parse(line) as {level: string});
		assert.deepEqual(members.map(({level}) => level).toSorted(), ['info', 'warn', 'warn']);
		assert.deepEqual(await written(['pull', '--quiet']), []);
	});
});
