import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {publint} from 'publint';
import {formatMessage} from 'publint/utils';
import {formatDocs} from '../support/format-docs.ts';
import {pages, rules} from '../support/doc-pages.ts';
import {filesOf, textOf} from '../support/tree.ts';
import {house, output, packed, tool} from './packed.ts';
import type {Packed} from './packed.ts';

/** Every file name of these folders is an import path; `_x` is private. */
const plugins = filesOf('sources', 'sinks')
	.filter(file => !file.includes('/_'))
	.map(file => `./${file.replace(/\.ts$/, '')}`);

describe('package contents', function () {
	this.timeout(180_000);
	let pack: Packed;

	before(async () => {
		pack = await packed();
	});

	it('are the built files and the documents, and nothing else', async () => {
		const built = filesOf('lib', 'sources', 'sinks')
			.map(file => `dist/${file.replace(/\.ts$/, '')}`)
			.flatMap(file => [`${file}.js`, `${file}.d.ts`]);
		const docs = [...Object.keys(await formatDocs()), 'docs/verify.md', ...pages, ...rules];
		const documents = ['CHANGELOG.md', 'LICENSE', 'README.md', ...docs, 'package.json'];
		assert.deepEqual(pack.files, [...built, ...documents].sort());
	});

	it('satisfy publint', async () => {
		const manifest = JSON.parse(textOf('package.json')) as Record<string, unknown>;
		const tarball = new Uint8Array(readFileSync(pack.tarball)).buffer;
		const {messages} = await publint({pack: {tarball}, strict: true});
		assert.deepEqual(
			messages.map(message => formatMessage(message, manifest)),
			[],
		);
	});

	it('have types that are right for ESM', async () => {
		const entries = ['.', './plugin', './testing', './emulator', ...plugins];
		await output(house, tool('attw'), pack.tarball, '--profile', 'esm-only', '--no-emoji', '--entrypoints', ...entries);
	});
});
