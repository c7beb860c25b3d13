import {readdirSync} from 'node:fs';
import {root} from './tree.ts';

/** The pages of docs/ that are written by hand; the code writes the others. Each answers one question. */
export const pages = [
	'airbyte',
	'analyse',
	'archives',
	'command-line',
	'credentials',
	'deploy',
	'errors',
	'library',
	'log-files',
	'operate',
	'plug-ins',
	'privacy',
	'promises',
	'records',
	'report',
	'scale',
	'singer',
	'sinks',
	'sources',
	'when-it-fails',
].map(name => `docs/${name}.md`);

/** Pictures in docs/, by bench/screenshots.ts. */
export const pictures = ['docs/report-dark.png', 'docs/report-light.png'];

/** Rules of detection, a file each; test/rules.spec.ts runs them. */
export const rules = readdirSync(new URL('docs/rules/', root))
	.filter(name => name.endsWith('.yml'))
	.map(name => `docs/rules/${name}`);
