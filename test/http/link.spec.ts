import assert from 'node:assert/strict';
import fc from 'fast-check';
import {cursorInLink, linkOf} from '../../lib/http/link.ts';

describe('linkOf', () => {
	const next = 'https://api.example.com/log?after=MS4x&before=';

	const headers: readonly (readonly [header: string | undefined, link: string | undefined])[] = [
		[undefined, undefined],
		[`<${next}>; rel="next"`, next],
		[`<${next}>; rel=next`, next],
		[`<${next}> ; title="a, b; rel=prev" ; Rel="last NEXT"`, next],
		[`<https://x.example/a>; rel="prev", <${next}>; rel="next", <https://x.example/c>; rel="last"`, next],
		['<https://x.example/a>; rel="prev"', undefined],
		['<https://x.example/a>; rel="nextish"', undefined],
		['<https://x.example/a>; title="rel=next"', undefined],
		[`<https://x.example/a>; rel="next"; anchor="/other", <${next}>; rel="next", <${next}>; rel="next"`, next],
	];
	for (const [header, link] of headers) {
		it(`finds the next page in ${header}`, () => assert.equal(linkOf(header), link));
	}

	it('finds another relation', () => {
		assert.equal(linkOf('<a>; rel="prev", <b>; rel="next"', 'prev'), 'a');
	});

	it('throws for what cannot be read, which would be taken for the end', () => {
		for (const header of [
			'',
			' ',
			'<a>; rel=next, <b>; rel=next',
			'next',
			'<a; rel="next"',
			'<a>; rel="next',
			`<a>; rel="prev" <${next}>; rel="next"`,
		]) {
			assert.throws(() => linkOf(header), {message: /^expected (a Link header|one link)/}, header);
		}
	});

	it('takes time by the length of the header', () => {
		const header = `${'<a>; rel="prev", '.repeat(2000)}<b>; rel="next"`;
		assert.equal(linkOf(header), 'b');
		for (const hostile of [
			'<a>' + '; a'.repeat(20_000) + '"',
			'<a>' + ' '.repeat(50_000) + 'x',
			'<a>;' + ' ;'.repeat(20_000),
		]) {
			assert.throws(() => linkOf(hostile));
		}
	});
});

describe('cursorInLink', () => {
	it('gives the parameter of an absolute or a relative address, or the bare cursor', () => {
		for (const link of ['https://x.example/log?a=1&cursor=C%2B1', '/log?cursor=C%2B1#x', '?cursor=C%2B1', 'C+1']) {
			assert.equal(cursorInLink(link), 'C+1', link);
		}
		assert.equal(cursorInLink('/log?after=B', 'after'), 'B');
	});

	it('gives nothing where there is no link, and throws for one that names no place', () => {
		for (const none of [undefined, null, '']) assert.equal(cursorInLink(none), undefined);
		for (const link of ['/log', '/log?after=', '/log?after=1&after=2', 'https://x.example/', '?x=1']) {
			assert.throws(() => cursorInLink(link, 'after'), {message: /expected (one )?"after" in the link/}, link);
		}
	});

	it('gives back whatever was put in', () => {
		fc.assert(
			fc.property(fc.string({minLength: 1, unit: 'grapheme'}), cursor => {
				assert.equal(cursorInLink(`/log?${new URLSearchParams({cursor}).toString()}`), cursor);
			}),
		);
	});
});
