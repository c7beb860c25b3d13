// Behind tsc: the descriptions of options become JSDoc in the types of each source and sink, so that an editor shows them.
import {readFileSync, writeFileSync} from 'node:fs';
import {list, load} from './dist/lib/registry.js';

for (const kind of ['source', 'sink']) {
	for (const name of list(kind)) {
		const {shape} = (await load(kind, name)).options;
		const file = new URL(`dist/${kind}s/${name}.d.ts`, import.meta.url);
		const documented = readFileSync(file, 'utf8').replace(/^ {4}(\w+)\??: /gm, (line, option) => {
			const text = shape[option] && docOf(shape[option]);
			return text ? `    /** ${text.replaceAll('*/', '*\\/')} */\n${line}` : line;
		});
		writeFileSync(file, documented);
	}
}

function docOf(type) {
	const {success, data} = type.safeParse(undefined);
	const standard = success && data !== undefined ? ` Default: ${JSON.stringify(data)}.` : '';
	const text = type.description ?? '';
	return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}${standard}`;
}
