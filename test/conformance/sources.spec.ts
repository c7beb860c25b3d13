import {describeSource} from '../../lib/testing/index.ts';
import {assertOptions, assertTextualDefaults} from './option-names.ts';
import {describeEachSource, subjects} from './subjects.ts';

for (const {source, api} of subjects) describeSource(source as never, api);

describeEachSource('options', ({source}) => {
	it('have the names of the house', () => {
		assertOptions(source.options);
		assertTextualDefaults(source.options);
		for (const {options} of Object.values(source.operations)) assertOptions(options);
	});
});
