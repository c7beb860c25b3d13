import fc from 'fast-check';

const words = [
	'',
	' ',
	' , ,',
	'203.0.113.5, ::1,',
	'__proto__',
	'constructor',
	'toString',
	'hasOwnProperty',
	'-1',
	'-2',
	'=1+1',
	'@',
	'a@b',
	'\ud800',
	'\udc00\ud800x',
	'\u0000\u001b[2J\u2028',
	'null',
	'_failed',
	'Group',
	'4375f4c3-7a5b-4c0e-8d11-0a1b2c3d4e5f; User: x',
	'Token Name',
	'9999-12-31T23:59:59-01:00',
	'x'.repeat(100_000),
];

const texts = [
	...words.map(word => JSON.stringify(word)),
	'null true false 0 -0 1 -1 1e308 1e400 9007199254740993 0.1 [] {} [[]] [{}] [null] [""] {"a":[]}'.split(' '),
	'{"__proto__":{"polluted":true},"constructor":{"prototype":1}}',
	'{"id":{},"name":[],"type":{"type":1},"email":["a@b"],"attributes":"x"}',
	'[{"__proto__":null},7,"x",[],{"name":{},"value":1,"nameI18nKey":"token.name"}]',
	'["a@b",{"name":"\\ud800"}]',
].flat();

/** The text of any JSON, that which people try first before all. */
export const hostileText = fc.oneof(
	{weight: 3, arbitrary: fc.constantFrom(...texts)},
	fc.json(),
	fc.string({unit: 'binary'}).map(text => JSON.stringify(text)),
);

/** Text that is nested so deep that what calls itself has no room for it. */
export const deepText = '['.repeat(50_000) + ']'.repeat(50_000);

/** What a place is marked with in a record, until its text is put in. */
const mark = 'hostile-text-here';

/** The text of a record with other texts at some of its places. */
export function withTexts(record: unknown, texts: ReadonlyMap<string, string>): string {
	const marked = (value: unknown, path: string): unknown => {
		if (texts.has(path)) return `${mark}${path}`;
		if (typeof value !== 'object' || value === null) return value;
		if (Array.isArray(value)) return value.map((one, index) => marked(one, `${path}/${index}`));
		return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, marked(one, `${path}/${key}`)]));
	};
	const text = JSON.stringify(marked(record, ''));
	return text.replace(new RegExp(`"${mark}([^"]*)"`, 'g'), (_, path: string) => texts.get(path)!);
}

/** The places of a record: `/a/0/b`. */
export function placesOf(value: unknown, path = ''): string[] {
	if (typeof value !== 'object' || value === null) return [path];
	const inner = Object.entries(value).flatMap(([key, one]) => placesOf(one, `${path}/${key}`));
	return path ? [path, ...inner] : inner;
}
