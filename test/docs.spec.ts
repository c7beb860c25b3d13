import assert from 'node:assert/strict';
import {existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {ecsOrigins} from '../lib/schemas/ecs-origins.ts';
import {objectLists} from './support/elastic-template.ts';
import {formatDocs} from './support/format-docs.ts';
import {pages, pictures, rules} from './support/doc-pages.ts';
import {exitCodeOf} from '../lib/cli/rxaudit.ts';
import {AuditError, type ErrorCode} from '../lib/model/errors.ts';
import {root, textOf} from './support/tree.ts';

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
		const written = [...Object.keys(generated), 'docs/verify.md', 'docs/api.md', ...pages, ...pictures, ...rules];
		const names = readdirSync(new URL('docs/', root), {recursive: true, encoding: 'utf8'});
		const there = names.filter(name => name.includes('.')).map(name => `docs/${name.replaceAll('\\', '/')}`);
		assert.deepEqual(there.sort(), written.sort());
	});

	it('have a template of Elasticsearch that maps each member of atlassian, and no list of objects as an object', () => {
		const {template} = JSON.parse(generated['docs/elastic-template.json']!) as {
			readonly template: {readonly mappings: Mapped};
		};
		const mapped = new Map(leavesOf(template.mappings, ''));
		const own = Object.keys(ecsOrigins).filter(path => path.startsWith('atlassian.'));
		assert.deepEqual([...mapped.keys()].sort(), own.sort());
		for (const [path, type] of mapped) {
			const isList = objectLists.includes(path.slice('atlassian.'.length));
			assert.equal(type, isList ? 'flattened' : 'keyword', path);
		}
	});

	it('have each error code, with its exit code', () => {
		const codes = [...textOf('lib/model/errors.ts').matchAll(/^\t\| '(\w+)'/gm)].map(([, code]) => code!);
		const rows = [...textOf('docs/errors.md').matchAll(/^\| `(\w+)` \|.*?\| (\d*) ?\|/gm)];
		const told = new Map(rows.map(([, code, exit]) => [code!, Number(exit || 1)]));
		assert.ok(codes.length > 20);
		assert.deepEqual([...told.keys()].sort(), codes.toSorted());
		for (const code of codes) assert.equal(told.get(code), exitCodeOf(new AuditError(code as ErrorCode, '')), code);
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

interface Mapped {
	readonly type?: string;
	readonly properties?: Readonly<Record<string, Mapped>>;
}

function leavesOf({type, properties = {}}: Mapped, path: string): [path: string, type: string][] {
	if (type) return [[path, type]];
	return Object.entries(properties).flatMap(([name, one]) => leavesOf(one, path ? `${path}.${name}` : name));
}

/** The files that a text links, or names as evidence, from the root of the project. */
function namedIn(file: string): string[] {
	const text = readFileSync(new URL(file, root), 'utf8');
	const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link]) => new URL(link!, new URL(file, root)));
	const evidence = text.match(/\b(?:test|bench|lib)\/[\w./-]+\.ts\b/g) ?? [];
	return [...links.map(({href}) => href.slice(root.href.length)), ...evidence];
}
