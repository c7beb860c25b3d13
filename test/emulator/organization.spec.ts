import assert from 'node:assert/strict';
import {organization} from '../../lib/emulator/apis/organization.ts';
import {newSetting} from './new-setting.ts';

describe('emulator/organization', () => {
	it('has one set of events in two orders', () => {
		const {parts} = organization(newSetting({events: 50}));
		const [events, stream] = [parts['atlassian-org-events'].held, parts['atlassian-org-events-stream'].held];
		const idsOf = (held: typeof events) => Array.from(held.records(), ({id}) => id);
		const [inserted] = events.insert([{timeMs: 5}]);
		assert.equal(idsOf(stream)[0], inserted?.id, 'late, so processed last');
		assert.equal(idsOf(events).at(-1), inserted?.id);
		const [other] = stream.insert([{timeMs: 4}]);
		assert.equal(idsOf(events).at(-1), other?.id);
		assert.deepEqual(new Set(idsOf(events)), new Set(idsOf(stream)));
		assert.ok(other?.text.includes('processedAt') && !inserted?.text.includes('processedAt'));
	});

	it('removes from both', () => {
		const {parts} = organization(newSetting({events: 50}));
		const [events, stream] = [parts['atlassian-org-events'].held, parts['atlassian-org-events-stream'].held];
		const [first, second] = events.records();
		assert.deepEqual(
			events.remove((_, index) => index < 2),
			[first, second],
		);
		const [last] = stream.records();
		assert.deepEqual(
			stream.remove(({id}) => id === last?.id).map(({id}) => id),
			[last?.id],
		);
		assert.equal(Array.from(events.records()).length, 47);
		assert.equal(Array.from(stream.records()).length, 47);
	});
});
