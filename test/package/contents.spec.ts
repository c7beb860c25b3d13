import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {posix} from 'node:path';
import {publint} from 'publint';
import {formatMessage} from 'publint/utils';
import {formatDocs} from '../support/format-docs.ts';
import {pages, pictures, rules} from '../support/doc-pages.ts';
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
		const docs = [...Object.keys(await formatDocs()), 'docs/api.md', 'docs/verify.md', ...pages, ...pictures, ...rules];
		const guides = ['AGENTS', 'CHANGELOG', 'CONTRIBUTING', 'DECISIONS', 'README', 'bench/README'].map(
			name => `${name}.md`,
		);
		const documents = ['LICENSE', 'llms.txt', ...guides, ...docs, 'package.json'];
		const there = pack.files.filter(file => !file.startsWith('examples/'));
		assert.deepEqual(there, [...built, ...documents].sort());
	});

	it('have links that lead to what is there', () => {
		const linked = pack.files
			.filter(file => /\.(md|txt)$/.test(file))
			.flatMap(file => {
				const links = [...textOf(file).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) =>
					posix.join(posix.dirname(file), link!),
				);
				return links.map(link => `${file}: ${link}`);
			});
		assert.ok(linked.length > 50);
		const isThere = (link: string) =>
			pack.files.some(file => file === link || file.startsWith(`${link.replace(/\/$/, '')}/`));
		assert.deepEqual(
			linked.filter(one => !isThere(one.slice(one.indexOf(': ') + 2))),
			[],
		);
	});

	it('satisfy publint', async () => {
		const manifest = JSON.parse(textOf('package.json')) as Record<string, unknown>;
		const tarball = new Uint8Array(readFileSync(pack.tarball)).buffer;
		const {messages} = await publint({pack: {tarball}, strict: true});
		const said = messages.map(message => formatMessage(message, manifest) ?? message.code);
		// an example is a package of its own
		assert.deepEqual(
			said.filter(text => !text.startsWith('./examples/')),
			[],
		);
	});

	it('have types that are right for ESM', async () => {
		const entries = ['.', './plugin', './testing', './redis', './emulator', ...plugins];
		await output(house, tool('attw'), pack.tarball, '--profile', 'esm-only', '--no-emoji', '--entrypoints', ...entries);
	});
});
