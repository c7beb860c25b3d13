import {defineDataCenter} from './_data-center.ts';
import {confluenceActions} from './_data-center-actions.ts';

/** The audit log of a Confluence Data Center server, newest event first. */
export default defineDataCenter({
	name: 'confluence-data-center',
	product: 'Confluence',
	since: '7.5',
	actions: confluenceActions,
	operations: {},
});
