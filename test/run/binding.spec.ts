import assert from 'node:assert/strict';
import {checkBinding} from '../../lib/run/binding.ts';

describe('checkBinding', () => {
	const refused = (stored: Record<string, string>, given: Record<string, string>, message: RegExp) =>
		assert.throws(() => checkBinding(stored, given), {code: 'STATE_FOREIGN', message});

	it('takes what is the same, and any key for a signature whose key is not known', () => {
		checkBinding({source: 'x', signed: 'yes'}, {signed: 'abc', source: 'x'});
		refused({signed: 'abc'}, {signed: 'def'}, /: signed: expected abc, got def; sign with that key/);
	});

	it('says what came in place of another address or target, where that is in the name of what is bound', () => {
		refused(
			{'some-api:a.test/x endpoint': 'https://a.test/x', 'some-api:a.test/x orgId': '"o"'},
			{'some-api:b.test/x orgId': '"o"', 'some-api:b.test/x endpoint': 'https://b.test/x'},
			/some-api:a\.test\/x endpoint: expected https:\/\/a\.test\/x, got https:\/\/b\.test\/x; /,
		);
		refused(
			{'sink csv:/a b': '/a b', 'sink ndjson:/x': '/x'},
			{'sink csv:/a b': '/a b', 'sink ndjson:/y c': '/y c'},
			/: sink ndjson:\/x: expected \/x, got \/y c; .*rebind STATE --to SINK/,
		);
	});

	it('says that nothing came where that is so', () => {
		refused({'--format': 'raw'}, {}, /: --format: expected raw, got nothing; /);
		refused({}, {'--where': 'a=1'}, /: --where: expected nothing, got a=1; /);
		refused(
			{'some-api:o endpoint': 'https://a.test'},
			{'other-api:o endpoint': 'https://a.test'},
			/some-api:o endpoint: expected https:\/\/a\.test, got nothing; /,
		);
	});
});
