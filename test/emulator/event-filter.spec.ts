import assert from 'node:assert/strict';
import {shapeMatcher, textMatcher, type EventFilter} from '../../lib/emulator/apis/event-filter.ts';

const shape = {action: 'user_login', actorId: 'a1', ip: '203.0.113.1', text: '{"name":"Zoë"}', write() {}};
const matches = (filter: EventFilter) => shapeMatcher(filter)(shape);

describe('emulator/event-filter', () => {
	it('asks for action, any of the actors, any of the addresses, and the text', () => {
		assert.ok(matches({}));
		assert.ok(matches({action: 'user_login', actor: ['a0', 'a1'], ip: ['203.0.113.1'], q: 'ZOË'}));
		assert.ok(!matches({action: 'user_logi'}));
		assert.ok(!matches({actor: ['a']}));
		assert.ok(!matches({ip: ['203.0.113.2']}));
		assert.ok(!matches({q: 'Bob'}));
		assert.ok(!shapeMatcher({ip: ['203.0.113.1']})({...shape, ip: undefined}));
	});

	it('asks each shape once', () => {
		const matcher = shapeMatcher({action: 'user_login'});
		const counted = {
			...shape,
			asked: 0,
			get action() {
				this.asked++;
				return 'user_login';
			},
		};
		assert.ok(matcher(counted) && matcher(counted));
		assert.equal(counted.asked, 1);
	});

	it('knows of a bare text only what is in it', () => {
		assert.ok(textMatcher({q: 'zoë'})(shape.text));
		assert.ok(!textMatcher({q: 'bob'})(shape.text));
		assert.ok(!textMatcher({action: 'user_login'})(shape.text));
	});
});
