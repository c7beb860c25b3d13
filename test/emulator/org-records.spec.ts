import assert from 'node:assert/strict';
import {createByteWriter} from '../../lib/emulator/data/byte-writer.ts';
import {recordShape, type RecordOptions} from '../../lib/emulator/apis/org-records.ts';

const options: RecordOptions = {
	seed: 1,
	orgId: 'org',
	prettyPrint: false,
	missing: 'mixed',
	odd: false,
	renamed: new Map(),
};
const id = Buffer.from('the-id');

function texts(changed: Partial<RecordOptions> = {}, count = 1024): string[] {
	const writer = createByteWriter();
	return Array.from({length: count}, (_, number) => {
		recordShape({...options, ...changed}, number).write(writer, {json: id, url: id}, Buffer.from('the-time'));
		return writer.take().toString();
	});
}

interface Record {
	readonly id: string;
	readonly attributes: {
		readonly time: string;
		readonly action: string;
		readonly actor: {readonly id: string; readonly name: string; readonly email?: string | null};
		readonly context?: readonly {readonly type: string}[] | null | '';
		readonly location?: {readonly ip: string} | null | '';
	};
	readonly message: {readonly content: string};
}

describe('emulator/org-records', () => {
	const all = texts();
	const records = all.map(text => JSON.parse(text) as Record);

	it('are JSON with id and time where they belong, about 1.1 KB long', () => {
		for (const record of records) assert.deepEqual([record.id, record.attributes.time], ['the-id', 'the-time']);
		const mean = all.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / all.length;
		assert.ok(mean > 1000 && mean < 1300, String(mean));
	});

	it('agree with what the shape says of them', () => {
		for (const [number, {attributes}] of records.entries()) {
			const {action, actorId, ip} = recordShape(options, number);
			assert.deepEqual([action, actorId], [attributes.action, attributes.actor.id]);
			assert.equal(ip, attributes.location ? attributes.location.ip : undefined);
		}
	});

	it('are the same for the same seed only', () => {
		assert.deepEqual(texts({}, 20), all.slice(0, 20));
		assert.notDeepEqual(texts({seed: 2}, 20), all.slice(0, 20));
	});

	it('have what real ones have', () => {
		assert.ok(records.some(({attributes}) => attributes.actor.email === 'Atlassian app'));
		assert.ok(records.some(({attributes: {context}}) => context && context.length > 5));
		assert.ok(records.some(({attributes: {context}}) => context && context.length === 0));
		for (const part of ['\\ud800"', '\\u', '🦊', '\\"', '\\\\', '\\/', '"format":"text/plain"', '"onBehalfOf"']) {
			assert.ok(
				all.some(text => text.includes(part)),
				part,
			);
		}
	});

	it('leave members without a value out in the way that is asked for', () => {
		const kinds = (missing: RecordOptions['missing']) =>
			new Set(
				texts({missing}).map(text => {
					const {location} = (JSON.parse(text) as Record).attributes;
					return location === undefined ? 'absent' : location === null ? 'null' : location === '' ? 'empty' : 'given';
				}),
			);
		assert.deepEqual(kinds('absent'), new Set(['given', 'absent']));
		assert.deepEqual(kinds('null'), new Set(['given', 'null']));
		assert.deepEqual(kinds('empty'), new Set(['given', 'empty']));
		assert.equal(kinds('mixed').size, 4);
	});

	it('are odd when asked to be, and JSON all the same', () => {
		const odd = texts({odd: true}).filter(text => text.includes('9007199254740993'));
		assert.ok(odd.length > 250 && odd.length < 450, String(odd.length));
		for (const text of odd) {
			assert.match(text, /1\.0.*"twice":1,"twice":2.*"10":"ten","2":"two","__proto__"/);
			JSON.parse(text);
		}
		assert.ok(!all.some(text => text.includes('__proto__')));
	});

	it('show a changed display name, but not in what they say of it in words', () => {
		const renamed = texts({renamed: new Map([['Lila Smalls', 'Lila Large']])});
		assert.deepEqual(
			renamed.map(text => text.replaceAll('Lila Large', 'Lila Smalls')),
			all,
		);
		const messages = renamed.map(text => (JSON.parse(text) as Record).message.content);
		assert.ok(renamed.some(text => text.includes('"name":"Lila Large"')));
		assert.ok(messages.some(message => message.includes('Lila Smalls')));
		assert.ok(!messages.some(message => message.includes('Lila Large')));
	});
});
