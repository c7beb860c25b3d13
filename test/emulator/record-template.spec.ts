import assert from 'node:assert/strict';
import {createByteWriter} from '../../lib/emulator/data/byte-writer.ts';
import {createTemplate, hole, wordsOf} from '../../lib/emulator/data/record-template.ts';

describe('emulator/record-template', () => {
	it('fills the holes with JSON values', () => {
		const writer = createByteWriter();
		const record = {id: hole.id, at: hole.time, name: '"é"', none: undefined};
		createTemplate(record, false).write(writer, Buffer.from('7'), Buffer.from('"now"'));
		assert.equal(writer.take().toString(), '{"id":7,"at":"now","name":"\\"é\\""}');
		createTemplate({id: hole.id}, true).write(writer, Buffer.from('7'), Buffer.from('0'));
		assert.equal(writer.take().toString(), '{\n      "id": 7\n    }');
	});

	it('collects the texts for a search, not the keys', () => {
		assert.equal(wordsOf({key: 'Value', list: [{deep: 'Zoë'}, null, 1]}), 'value\nzoë');
	});
});
