import {defineDataCenter, endOf} from './_data-center.ts';

/** The audit log of a Confluence Data Center server, newest event first. */
export default defineDataCenter({
	name: 'confluence-data-center',
	product: 'Confluence',
	since: '7.5',
	operations: {},
	deprecations: endOf('Confluence'),
});
