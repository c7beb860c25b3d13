import assert from 'node:assert/strict';
import {existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {formatDocs} from './support/format-docs.ts';
import {pages} from './support/doc-pages.ts';
import {root} from './support/tree.ts';

describe('docs', () => {
	let generated: Record<string, string>;

	before(async () => {
		generated = await formatDocs();
	});

	it('say what the code does: npm run docs writes them anew', () => {
		for (const [file, expected] of Object.entries(generated)) {
			const place = new URL(file, root);
			if (process.env['RXAUDIT_WRITE_DOCS']) {
				mkdirSync(new URL('.', place), {recursive: true});
				writeFileSync(place, expected);
			}
			assert.ok(readFileSync(place, 'utf8') === expected, `${file} is not what the code says: npm run docs`);
		}
	});

	it('are written by the code or by hand, and nothing else lies there', () => {
		const written = [...Object.keys(generated), 'docs/verify.md', ...pages];
		const entries = readdirSync(new URL('docs/', root), {withFileTypes: true});
		const there = entries.filter(entry => entry.isFile()).map(({name}) => `docs/${name}`);
		assert.deepEqual(there.sort(), written.sort());
	});

	it('that are written by hand are linked from the README, and name only files that are there', () => {
		const linked = namedIn('README.md');
		for (const page of pages) assert.ok(linked.includes(page), `${page} is not linked from the README`);
		const named = [...linked, ...pages.flatMap(namedIn)];
		assert.deepEqual(
			named.filter(file => !existsSync(new URL(file, root))),
			[],
		);
	});
});

/** The files that a text links, or names as evidence, from the root of the project. */
function namedIn(file: string): string[] {
	const text = readFileSync(new URL(file, root), 'utf8');
	const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link]) => new URL(link!, new URL(file, root)));
	const evidence = text.match(/\b(?:test|bench|lib)\/[\w./-]+\.ts\b/g) ?? [];
	return [...links.map(({href}) => href.slice(root.href.length)), ...evidence];
}
