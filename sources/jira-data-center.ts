import {defineDataCenter, endOf} from './_data-center.ts';
import {fileRetentionOf} from './_data-center-configuration.ts';

const name = 'jira-data-center';

/** The audit log of a Jira Data Center server, newest event first. */
export default defineDataCenter({
	name,
	product: 'Jira',
	since: '8.8',
	operations: fileRetentionOf(name),
	deprecations: endOf('Jira'),
});
