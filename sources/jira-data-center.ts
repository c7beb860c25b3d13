import {defineDataCenter} from './_data-center.ts';
import {jiraActions} from './_data-center-actions.ts';
import {fileRetentionOf} from './_data-center-configuration.ts';

const name = 'jira-data-center';

/** The audit log of a Jira Data Center server, newest event first. */
export default defineDataCenter({
	name,
	product: 'Jira',
	since: '8.8',
	actions: jiraActions,
	operations: fileRetentionOf(name),
});
