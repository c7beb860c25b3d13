import assert from 'node:assert/strict';
import {connectionOptions} from '../../lib/options/options.ts';
import {list, load} from '../../lib/registry.ts';
import {describeSource} from '../../lib/testing/index.ts';
import {assertTextualDefaults} from '../../lib/testing/textual-defaults.ts';
import {assertOptions} from './option-names.ts';
import {apiSources} from '../support/api-sources.ts';
import {subjects} from './subjects.ts';

for (const {source, api} of subjects) describeSource(source as never, api);

describe('conformance of sources: options', () => {
	for (const name of list('source')) {
		it(`of ${name} have the names of the house`, async () => {
			const source = await load('source', name);
			assertOptions(source.options);
			assertTextualDefaults(source.options);
			for (const {options} of Object.values(source.operations)) assertOptions(options);
		});
	}
});

describe('conformance of sources: those without an API', () => {
	const isApi = new Set(apiSources.map(({name}) => name));
	for (const name of list('source').filter(other => !isApi.has(other))) {
		it(`${name} offers nothing that only an API has`, async () => {
			const {auth, endpoint, rate, operations, options, docs, reference} = await load('source', name);
			assert.deepEqual([auth, endpoint, rate, operations], [[], undefined, undefined, {}]);
			const ofApis = ['overlap', 'pageSize', ...Object.keys(connectionOptions), 'endpoint', 'token', 'password'];
			assert.deepEqual(
				ofApis.filter(option => Object.hasOwn(options.shape, option)),
				[],
			);
			assert.match(docs, /^[A-Z].{20,}\.$/s);
			assert.match(reference, /^https:\/\//);
		});
	}
});
