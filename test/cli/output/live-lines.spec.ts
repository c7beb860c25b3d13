import assert from 'node:assert/strict';
import {liveLines} from '../../../lib/cli/output/live-lines.ts';

/** What a terminal of so many rows and columns shows at the end; only the moves that live lines make are known. */
function screen(rows: number, columns: number) {
	let lines = [''];
	let row = 0;
	const write = (text: string) => {
		for (const [, up, down, moved] of text.matchAll(/\x1b\[(\d+)A|(\x1b\[J)|(\r|\n|[^\x1b\r\n]+)/g)) {
			if (up) row -= Number(up);
			else if (down) lines = [...lines.slice(0, row), ''];
			else if (moved === '\n') lines[++row] ??= '';
			else if (moved !== '\r') lines[row] = (lines[row] ?? '') + (moved ?? '');
		}
		return true;
	};
	const stream = {isTTY: true, rows, columns, write};
	return {stream: stream as unknown as NodeJS.WriteStream, shows: () => lines};
}

describe('liveLines', () => {
	it('keeps a line for each below what is said, in the order in which they came', () => {
		const {stream, shows} = screen(24, 80);
		const lines = liveLines(stream);
		lines.set('one', '1 page');
		lines.set('two', '2 pages');
		lines.say('begun\n');
		assert.deepEqual(shows(), ['begun', 'one: 1 page', 'two: 2 pages']);
		lines.set('one', '3 pages');
		lines.say('warned\n');
		assert.deepEqual(shows(), ['begun', 'warned', 'one: 3 pages', 'two: 2 pages']);
		lines.set('one', undefined);
		lines.say('done\n');
		assert.deepEqual(shows(), ['begun', 'warned', 'done', 'two: 2 pages']);
		lines.clear();
		assert.deepEqual(shows(), ['begun', 'warned', 'done', '']);
	});

	it('shows as many as there is room for, and no more of each than fits', () => {
		const {stream, shows} = screen(5, 12);
		const lines = liveLines(stream);
		for (const name of ['a', 'b', 'c', 'd', 'e']) lines.set(name, 'a long line');
		lines.say('x\n');
		assert.deepEqual(shows(), ['x', 'a: a long …', 'b: a long …', '… and 3 more']);
		lines.clear();
		assert.deepEqual(shows(), ['x', '']);
	});
});
