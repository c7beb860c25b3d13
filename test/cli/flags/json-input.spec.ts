import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {Readable} from 'node:stream';
import {jsonInput} from '../../../lib/cli/flags/json-input.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

const nothing = Readable.from([]);
const read = async (place: string, stdin = nothing) => (await jsonInput(place, stdin, '--body')).value;
const typed = (...chunks: (string | Buffer)[]) => read('-', Readable.from(chunks.map(chunk => Buffer.from(chunk))));

describe('jsonInput', () => {
	const folder = temporaryFolder();

	it('is the JSON of a file or of standard input', async () => {
		const file = path.join(folder(), 'body.json');
		fs.writeFileSync(file, '{"a": [1, "é"]}\n');
		assert.deepEqual(await read(file), {a: [1, 'é']});
		assert.equal((await jsonInput(file, nothing, 'x')).text, '{"a": [1, "é"]}\n');
		const bytes = Buffer.from('\ufeff"é"');
		assert.equal(await typed(bytes.subarray(0, 5), bytes.subarray(5)), 'é', 'with a byte order mark, cut anywhere');
	});

	for (const [text, got] of [
		['', 'its end at line 1, column 1'],
		['{"a": 1\n', 'its end at line 2, column 1'],
		['{\n  "password": "S3CR3T" S3CR3T\n}', '"S" at line 2, column 24'],
		['{"password": S3CR3T}', '"S" at line 1, column 14'],
		['["\u0007S3CR3T"]', String.raw`"\u0007" at line 1, column 3`],
		['[🙂]', '"🙂" at line 1, column 2'],
	] as const) {
		it(`says where ${JSON.stringify(text)} is no JSON, and shows one character`, async () => {
			await assert.rejects(typed(text), (error: Error) => {
				assert.equal(error.name, 'ConfigError');
				assert.equal(error.message, `--body: expected JSON, got ${got}`);
				assert.equal(error.cause, undefined, "the parser's message shows more");
				return true;
			});
		});
	}

	it('refuses bytes that are no UTF-8, and files that cannot be read', async () => {
		await assert.rejects(typed(Buffer.from([0x22, 0xff, 0x22])), {
			message: '--body: expected JSON in UTF-8, got bytes that are not UTF-8',
		});
		await assert.rejects(read(path.join(folder(), 'none')), {
			name: 'ConfigError',
			message: /^--body: expected a file with JSON, or -, but ENOENT: /,
		});
		await assert.rejects(read(folder()), /but EISDIR/);
	});
});
