import assert from 'node:assert/strict';
import fc from 'fast-check';
import {createRedactor, excerpt} from '../lib/redact.ts';

const mask = '[secret]';
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
};

function hex(unit: string): string {
	return unit.charCodeAt(0).toString(16);
}

/** Secrets without brackets, which a mask next to other text could spell. */
const secret = fc
	.oneof(
		fc.string({unit: 'binary', minLength: 4}),
		fc.string({unit: fc.constantFrom(...'aZ0"\\/+ %.$^*?(){}|-_=&é😀\n\t\x01'), minLength: 4}),
		fc.base64String({minLength: 8}),
	)
	.filter(text => !loneSurrogate.test(text) && !/[[\]]/.test(text) && !mask.includes(text));

describe('createRedactor', () => {
	it('hides secrets under every encoding', () => {
		fc.assert(
			fc.property(fc.array(secret, {minLength: 1, maxLength: 4}), fc.string(), (secrets, between) => {
				const redact = createRedactor(secrets);
				for (const [name, encode] of Object.entries(encodings)) {
					const spelled = secrets.map(encode);
					const redacted = redact(spelled.join(`,${between}`));
					for (const spelling of spelled) assert.ok(!redacted.includes(spelling), `${name}: ${redacted}`);
				}
			}),
			{numRuns: 200},
		);
	});

	it('leaves the rest of the text', () => {
		const redact = createRedactor(['s3cr3t-token']);
		assert.equal(redact('GET /x?token=s3cr3t-token&page=2: 404'), 'GET /x?token=[secret]&page=2: 404');
		assert.equal(redact('s3cr3t-toke s3cr3t'), 's3cr3t-toke s3cr3t');
	});

	it('hides all of a secret that begins with another one', () => {
		assert.equal(createRedactor(['pass', 'password123'])('password123 pass'), '[secret] [secret]');
	});

	it('hides a short secret where it stands alone', () => {
		const redact = createRedactor(['ab', '']);
		assert.equal(redact('password=ab; "ab" table YWI='), 'password=[secret]; "[secret]" table [secret]');
	});

	it('takes no secret for a pattern', () => {
		assert.equal(createRedactor(['a.*c', '$&$1'])('abbc a.*c $&$1'), 'abbc [secret] [secret]');
	});

	it('changes nothing where there is nothing to hide', () => {
		const redact = createRedactor([]);
		for (const text of [
			'',
			'expected Basic authentication, got a Bearer token',
			'use basic auth.',
			'the author is unknown',
		]) {
			assert.equal(redact(text), text);
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
			assert.equal(createRedactor([])(text), expected);
		});
	}

	it('takes time in proportion to the text, whatever the text', () => {
		const redact = createRedactor(['\\"\\\\/\\"', '"""""', 'authorization']);
		const startMs = performance.now();
		for (const unit of ['\\', '"', '\\"', 'authorization ', 'Basic ', 'Bearer\\', '%5c', '=']) {
			redact(unit.repeat(100_000));
		}
		assert.ok(performance.now() - startMs < 10_000);
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
