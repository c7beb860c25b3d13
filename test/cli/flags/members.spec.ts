import assert from 'node:assert/strict';
import {checkMember} from '../../../lib/cli/flags/shape.ts';
import type {EventFormat} from '../../../lib/sink/sink.ts';

describe('checkMember', () => {
	it('lets members of the format pass, whole objects and places in lists too', () => {
		for (const [format, ...members] of [
			['audit', 'id', 'actor', 'actor.name', 'targets.name', 'targets.0.name', 'origin.ips.1', 'raw'],
			['ecs', '@timestamp', 'event', 'event.category', 'user.target.group.name', 'atlassian.targets.name'],
			['ocsf', 'class_uid', 'actor.user', 'unmapped', 'unmapped.targets.name', 'raw_data'],
			['raw', 'whatever.there.is'],
		] as const) {
			for (const member of members) checkMember('--where', member, format);
		}
	});

	it('refuses others, and says which one may be meant', () => {
		const refused = (member: string, format: EventFormat, message: RegExp) =>
			assert.throws(() => checkMember('--where', member, format), message);
		refused('outcome', 'ecs', /^ConfigError: --where: expected a member of the event in --format ecs, got "outcome"/);
		refused('actor.nam', 'audit', /got "actor.nam".*actor\.name/);
		refused('targets[].name', 'audit', /got "targets\[\]\.name"/);
		refused('actor.name', 'ocsf', /--format ocsf/);
		refused('', 'audit', /got ""/);
	});
});
