import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import {letterLine, lettersFrom, sendersOf} from '../../lib/source/letters.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

describe('letters', () => {
	const folder = temporaryFolder();
	const fileOf = (lines: readonly string[]) => {
		const file = path.join(folder(), 'letters');
		fs.writeFileSync(file, lines.map(line => `${line}\n`).join(''));
		return file;
	};
	const letter = fc.record(
		{
			source: fc.constantFrom('a', 'b'),
			tenant: fc.constantFrom('t', 'ü'),
			id: fc.string(),
			record: fc.string({unit: 'grapheme', maxLength: 2000}),
		},
		{noNullPrototype: true},
	);

	it('are read as they were written, from each of them on', () => {
		fc.assert(
			fc.property(fc.array(letter, {minLength: 1, maxLength: 20}), written => {
				const file = fileOf(written.map(one => JSON.stringify(one)));
				const all = [...lettersFrom(file, 0)];
				assert.deepEqual(
					all.map(({name, tenant, id, text}) => ({source: name, tenant, id, record: text.toString()})),
					written,
				);
				assert.equal(all.at(-1)!.end, fs.statSync(file).size);
				for (const [index, {begin}] of all.entries()) assert.deepEqual([...lettersFrom(file, begin)], all.slice(index));
				const senders = new Set(written.map(({source, tenant}) => `${source}:${tenant}`));
				assert.deepEqual(
					sendersOf(file).map(({name, tenant}) => `${name}:${tenant}`),
					[...senders],
				);
			}),
			{numRuns: 50},
		);
	});

	it('may be much longer than what is read at once', () => {
		const record = 'ü'.repeat(3_000_000);
		const file = fileOf([
			JSON.stringify({source: 'a', tenant: 't', record}),
			JSON.stringify({source: 'b', tenant: 't', record: ''}),
		]);
		const [long, short] = [...lettersFrom(file, 0)];
		assert.equal(long!.text.toString(), record);
		assert.equal(short!.name, 'b');
	});

	it('keep every byte of a record, be it no text', () => {
		const texts = [Buffer.from('{"a":"\u0001 é'), Buffer.from([0x7b, 0xe4, 0x0a, 0xff, 0x00]), Buffer.alloc(0)];
		const sender = {name: 'a', tenant: 't'};
		const lines = texts.map(text => letterLine({text, reason: 'why'}, sender));
		assert.doesNotMatch(lines.join(''), /\ufffd/);
		assert.deepEqual(
			[...lettersFrom(fileOf(lines), 0)].map(({text}) => text),
			texts,
		);
	});

	it('say what is wrong, and where', () => {
		const good = JSON.stringify({source: 'a', tenant: 't', record: '{}'});
		for (const [bad, message] of [
			['{', /letters: expected a dead letter of rxaudit at byte \d+, got a line that is no JSON/],
			['null', /got a line without source, tenant and record/],
			['{"source":"a","tenant":"t","record":{}}', /got a line without source, tenant and record/],
		] as const) {
			assert.throws(() => [...lettersFrom(fileOf([good, bad]), 0)], {code: 'BAD_BODY', message});
		}
	});
});
