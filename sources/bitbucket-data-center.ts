import {defineDataCenter} from './_data-center.ts';
import {bitbucketActions} from './_data-center-actions.ts';

/** The audit log of a Bitbucket Data Center server, newest event first. */
export default defineDataCenter({
	name: 'bitbucket-data-center',
	product: 'Bitbucket',
	since: '7.0',
	actions: bitbucketActions,
	operations: {},
});
