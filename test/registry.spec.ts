import assert from 'node:assert/strict';
import {readdirSync} from 'node:fs';
import {ConfigError} from '../lib/model/errors.ts';
import {type Kind, list, load} from '../lib/registry.ts';

for (const kind of ['source', 'sink'] as const satisfies readonly Kind[]) {
	describe(`registry of ${kind}s`, () => {
		const files = readdirSync(new URL(`../${kind}s/`, import.meta.url));

		it('is the folder, without what is shared in it', () => {
			const names = list(kind);
			assert.ok(names.length > 0);
			assert.deepEqual(
				names,
				files
					.filter(file => !file.startsWith('_'))
					.map(file => file.replace('.ts', ''))
					.sort(),
			);
		});

		it('loads each under its own name', async () => {
			for (const name of list(kind)) {
				const plugin = await load(kind, name);
				assert.equal(typeof plugin, 'function');
				assert.equal(plugin.name, name);
				assert.ok(plugin.docs.length > 20);
			}
		});

		it('says what there is where a name is not known, and loads no other file', async () => {
			const shared = files.find(file => file.startsWith('_'))?.replace('.ts', '') ?? '_shared';
			for (const name of ['nope', '', '__proto__', 'constructor', shared, '../lib/index', `./${list(kind)[0]}`]) {
				await assert.rejects(load(kind, name), (error: unknown) => {
					assert.ok(error instanceof ConfigError);
					assert.equal(
						error.message,
						`unknown ${kind} ${JSON.stringify(name)}: expected one of ${list(kind).join(', ')}`,
					);
					return true;
				});
			}
		});
	});
}
