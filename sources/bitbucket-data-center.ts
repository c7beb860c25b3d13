import {defineDataCenter} from './_data-center.ts';

/** The audit log of a Bitbucket Data Center server, newest event first. */
export default defineDataCenter({
	name: 'bitbucket-data-center',
	product: 'Bitbucket',
	since: '7.0',
	operations: {},
});
