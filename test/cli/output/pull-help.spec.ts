import assert from 'node:assert/strict';
import {pullHelp} from '../../../lib/cli/output/pull-help.ts';
import {load} from '../../../lib/registry.ts';
import {runCli} from '../../support/cli.ts';
import {shownIn} from '../../support/examples.ts';

const flags = {quiet: {help: 'silence'}};
const events = await load('source', 'atlassian-org-events');

describe('pullHelp', () => {
	it('names the sources, or the options of one', () => {
		const general = pullHelp(undefined, flags, events);
		assert.match(general, /^Usage: rxaudit pull <source> \[options\]/);
		assert.match(general, /^Sources: .*atlassian-org-events/m);
		const own = pullHelp(events, flags);
		assert.match(own, /^Usage: rxaudit pull atlassian-org-events --org-id ORG \[options\]/);
		assert.match(own, /^ {2}--org-id VALUE +the organization id; required$/m);
		assert.match(own, /^ {2}--token-file FILE/m);
		assert.doesNotMatch(own, /--password-file|--token /);
		assert.deepEqual(shownIn(general), shownIn(own));
	});

	it('comes with and without a source, on stdout', async () => {
		for (const args of [
			['pull', '--help'],
			['pull', '-h'],
			['help', 'pull'],
			['pull', 'atlassian-org-events', '--help'],
		]) {
			const {code, stdout, stderr} = await runCli(args);
			assert.deepEqual([code, stderr], [0, '']);
			assert.match(stdout, /^Usage: rxaudit pull/);
		}
	});

	it('shows no examples of what is no source of the registry', () => {
		assert.doesNotMatch(pullHelp({...events, name: 'file', reference: ''} as never, flags), /Examples/);
	});
});
