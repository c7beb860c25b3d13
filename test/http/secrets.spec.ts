import assert from 'node:assert/strict';
import fc from 'fast-check';
import {createSecretFilter, excerpt, printable} from '../../lib/http/secrets.ts';

const loneSurrogate = /\p{Surrogate}/u;

/** What libraries, logs and proxies do to a text on its way to a message. */
const encodings: Readonly<Record<string, (text: string) => string>> = {
	raw: text => text,
	json: text => JSON.stringify(text).slice(1, -1),
	jsonTwice: text => JSON.stringify(JSON.stringify(text)).slice(3, -3),
	jsonSlashes: text => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
	jsonEscapes: text => text.replace(/[^A-Za-z0-9]/g, unit => `\\u${hex(unit).padStart(4, '0')}`),
	url: text => encodeURIComponent(text),
	urlLowerCase: text => encodeURIComponent(text).replace(/%../g, escape => escape.toLowerCase()),
	urlForm: text => new URLSearchParams({x: text}).toString().slice(2),
	urlEverySign: text => encodeURIComponent(text).replace(/[-_.!~*'()]/g, sign => `%${hex(sign)}`),
	urlPath: text => encodeURI(text),
	base64: text => Buffer.from(text).toString('base64'),
	base64url: text => Buffer.from(text).toString('base64url'),
	base64InUrl: text => encodeURIComponent(Buffer.from(text).toString('base64')),
	base64InJson: text => Buffer.from(text).toString('base64').replaceAll('/', '\\/'),
	entities: text => everyUnit(text, unit => `&#x${hex(unit)};`),
	decimalEntities: text => text.replace(/[^A-Za-z0-9]/gu, char => `&#${char.codePointAt(0)};`),
	entitiesTwice: text => everyUnit(text, unit => `&amp;#x${hex(unit)};`),
	everyByte: text => Buffer.from(text).toString('hex').replace(/../g, '%$&'),
	urlTwice: text => encodeURIComponent(encodeURIComponent(text)),
	everyUnitEscaped: text => everyUnit(text, unit => `\\u${hex(unit).padStart(4, '0')}`),
	hex: text => Buffer.from(text).toString('hex'),
	hexWithColons: text =>
		Buffer.from(text)
			.toString('hex')
			.toUpperCase()
			.replace(/..(?=.)/g, '$&:'),
};

function everyUnit(text: string, spell: (char: string) => string): string {
	return Array.from({length: text.length}, (_, at) => spell(text[at]!)).join('');
}

function hex(unit: string): string {
	return unit.charCodeAt(0).toString(16);
}

const secret = fc
	.oneof(
		fc.string({unit: 'binary', minLength: 6}),
		fc.string({unit: fc.constantFrom(...'aZ0"\\/+ %.$^*?(){}|-_=&é😀\n\t\x01'), minLength: 6}),
		fc.base64String({minLength: 8}),
	)
	.filter(text => !loneSurrogate.test(text));

describe('createSecretFilter', () => {
	it('hides secrets under every encoding', () => {
		fc.assert(
			fc.property(fc.array(secret, {minLength: 1, maxLength: 4}), fc.string(), (secrets, between) => {
				const hideSecrets = createSecretFilter(secrets);
				for (const [name, encode] of Object.entries(encodings)) {
					const spelled = secrets.map(encode);
					const shown = hideSecrets(spelled.join(`,${between}`));
					for (const spelling of spelled) assert.ok(!shown.includes(spelling), `${name}: ${shown}`);
				}
			}),
			{numRuns: 200},
		);
	});

	const token = 's3cr3t-T0ken+/=xyzzy~99';
	const hidden = '(the answer is not shown, since it holds a part of a secret)';
	const cuts: Readonly<Record<string, string>> = {
		'the beginning': token.slice(0, 6),
		'the middle': token.slice(9, 15),
		'the end': token.slice(-6),
		'the end, backwards': 'zyx=/+',
		'another case': 'S3CR3T',
		'dots between': 's.3.c.r.3.t.-.T.0.k.e.n',
		'a template': 's3cr3t-T0ken&#x2B;&#x2F;&#x3D;xyzzy~99',
		'base64 of a whole header': Buffer.from(`Bearer ${token}`).toString('base64').slice(12, 28),
		'base64url behind one byte': Buffer.from(`x${token}`).toString('base64url'),
		'base64 cut into lines': Buffer.from(`xx${token}`).toString('base64').slice(3, 12).split('').join('\\n'),
		'hex, cut': Buffer.from(token).toString('hex').slice(6, 22),
		'percent, at odds': '%73%33cr%2533t',
	};
	for (const [what, cut] of Object.entries(cuts)) {
		it(`shows the first words alone of a text with ${what} of a secret`, () => {
			assert.equal(createSecretFilter(['other-one', token])(`bad token (${cut}) given`), `bad token ${hidden}`);
		});
	}

	it('shows a text that holds no more of a secret than chance gives', () => {
		const text = 'bad token s3cr3, no T0ken; see xyzzy';
		assert.equal(createSecretFilter([token])(text), text);
	});

	it('hides a short secret where it stands alone', () => {
		const hideSecrets = createSecretFilter(['ab', '']);
		for (const text of ['password=ab;', '"AB"', 'code YWI=', '%61b', '0x 6162'])
			assert.ok(hideSecrets(text).endsWith(hidden), text);
		assert.equal(hideSecrets('a table'), 'a table');
	});

	it('hides a secret whose base64 is signs in part, and one that our own words would complete', () => {
		assert.equal(createSecretFilter(['aa?aaa'])('code YWE/YWFh'), `code ${hidden}`);
		assert.equal(createSecretFilter(['aaaa\t('])('aaaa\t('), hidden);
	});

	it('takes no secret for a pattern', () => {
		assert.equal(createSecretFilter(['a.*cdefg', '$&$1$2$3'])('abbcdefg'), 'abbcdefg');
	});

	it('hides what is escaped so often that nobody means it', () => {
		assert.equal(createSecretFilter([token])(`see %${'25'.repeat(100)}41`), `see ${hidden}`);
	});

	it('changes nothing where there is nothing to hide', () => {
		const hideSecrets = createSecretFilter([]);
		for (const text of [
			'',
			'expected Basic authentication, got a Bearer token',
			'use basic auth.',
			'the author is unknown',
		]) {
			assert.equal(hideSecrets(text), text);
		}
	});

	const unknown: Readonly<Record<string, string>> = {
		'Bearer xxx': 'Bearer [secret]',
		'sent bearer abc.def-ghi~+/=, refused': 'sent bearer [secret], refused',
		'Basic dXNlcjpwYXNz': 'Basic [secret]',
		'Basic%20dXNlcjpwYXNz': 'Basic%20[secret]',
		'Bearer tokens3cr3t': 'Bearer [secret]',
		'Authorization: Token abc def\r\nAccept: */*': 'Authorization: [secret]\r\nAccept: */*',
		'{"authorization":"ApiKey abc","accept":"x"}': '{"authorization":"[secret]","accept":"x"}',
		'"{\\"Authorization\\":\\"Digest abc\\",\\"a\\":1}"': '"{\\"Authorization\\":\\"[secret]\\",\\"a\\":1}"',
		'Proxy-Authorization: Basic abc': 'Proxy-Authorization: [secret]',
	};
	for (const [text, expected] of Object.entries(unknown)) {
		it(`hides the credential that nobody told it of in ${JSON.stringify(text)}`, () => {
			assert.equal(createSecretFilter([])(text), expected);
		});
	}

	it('takes time in proportion to the text, whatever the text', () => {
		const hideSecrets = createSecretFilter(['\\"\\\\/\\"', '"""""', 'authorization', 'ab']);
		const startMs = performance.now();
		for (const unit of ['\\', '"', '\\"', 'authorization ', 'Basic ', 'Bearer\\', '%5c', '=']) {
			hideSecrets(unit.repeat(100_000));
		}
		assert.ok(performance.now() - startMs < 10_000);
	});
});

describe('printable', () => {
	it('escapes what drives a terminal or turns the direction of reading, within JSON too', () => {
		assert.equal(printable('a\tb\n\x1b[2Jc\r\x9b\u202e\x7fé😀'), 'a\tb\n\\u001b[2Jc\\r\\u009b\\u202e\\u007fé😀');
		const value = {id: '\x1b]0;x\x07\x85\u2066\u2028'};
		assert.deepEqual(JSON.parse(printable(JSON.stringify(value))), value);
	});
});

describe('excerpt', () => {
	it('makes control characters visible', () => {
		assert.equal(excerpt('a\r\n\tb\0\x1b[31m\x7f\x85'), 'a\\r\\n\\tb\\u0000\\u001b[31m\\u007f\\u0085');
		assert.equal(excerpt('\u2028\u202e\ud800é😀'), '\\u2028\\u202e\\ud800é😀');
	});

	it('cuts with an ellipsis, and only what is too long', () => {
		assert.equal(excerpt('abcde', 5), 'abcde');
		assert.equal(excerpt('abcdef', 5), 'abcd…');
		assert.equal(excerpt('abc\n\n', 6), 'abc\\n…');
		assert.equal(excerpt('x'.repeat(300)).length, 200);
	});

	it('is one well-formed line within the limit', () => {
		fc.assert(
			fc.property(fc.string({unit: 'binary'}), fc.integer({min: 1, max: 20}), (text, maxLength) => {
				const line = excerpt(text, maxLength);
				assert.ok(line.length <= maxLength);
				assert.doesNotMatch(line, loneSurrogate);
				assert.doesNotMatch(line, /[\p{Control}\u2028\u2029]/u);
			}),
		);
	});
});
