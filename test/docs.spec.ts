import assert from 'node:assert/strict';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {formatDocs} from './support/format-docs.ts';
import {root} from './support/tree.ts';

describe('docs', () => {
	it('say what the code does: npm run docs writes them anew', async () => {
		for (const [file, expected] of Object.entries(await formatDocs())) {
			const place = new URL(file, root);
			if (process.env['RXAUDIT_WRITE_DOCS']) {
				mkdirSync(new URL('.', place), {recursive: true});
				writeFileSync(place, expected);
			}
			assert.ok(readFileSync(place, 'utf8') === expected, `${file} is not what the code says: npm run docs`);
		}
	});
});
