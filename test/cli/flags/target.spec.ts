import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import {assertRefused, commandLine, idsIn} from '../../support/command-line.ts';
import {testWorld} from '../../support/world.ts';
import {flagsOf} from '../../../lib/cli/flags/options.ts';
import {list, load} from '../../../lib/registry.ts';
import {makeTarget, readTarget, type TargetConnection} from '../../../lib/cli/flags/sinks.ts';

describe('makeTarget', () => {
	it('takes the target as it is, and decodes values', async () => {
		assert.equal((await makeTarget('ndjson:-', testWorld())).target, '-');
		assert.equal((await makeTarget('ndjson:/a%20b:c?mode=append', testWorld())).target, '/a%20b:c');
		const sink = await makeTarget('filesystem:/d?layout=%7Byear%7D/%7Bid%7D.json&durability=power', testWorld());
		assert.deepEqual(sink.layout, {layout: '{year}/{id}.json'});
	});

	it('hands address and credentials to sinks that write to an API', async () => {
		const text = 'atlassian-user-profile?set.extended_profile.department=R%26D&set.locale=nb-NO';
		const endpoint = 'http://127.0.0.1:9/proxy';
		const connection = {credentials: {token: 'secret'}, endpoint, vendor: 'https://api.atlassian.com'};
		const sink = await makeTarget(text, testWorld(), connection);
		assert.equal(sink.target, endpoint);
		assert.deepEqual(sink.layout, {apply: 'false', set: 'extended_profile.department=R&D&locale=nb-NO'});
		const target = text.replace('profile?', 'profile:http://127.0.0.1:9/other?');
		assert.equal((await makeTarget(target, testWorld(), connection)).target, 'http://127.0.0.1:9/other');
		await assert.rejects(makeTarget(text, testWorld()), /expected credentials of its own/);
		assert.equal((await makeTarget('ndjson:x', testWorld(), connection)).target, path.resolve('x'));
	});

	it('spells each option of a sink in one way', async () => {
		for (const name of list('sink')) {
			const {options} = await load('sink', name);
			assert.equal(Object.keys(flagsOf(options)).length, Object.keys(options.shape).length, name);
		}
	});

	it('finds files in the folder of the world', async () => {
		const world = testWorld({cwd: '/w'});
		assert.equal((await readTarget('ndjson:a/', world)).options['path'], '/w/a/');
		assert.equal((await readTarget('gcs:bucket?ca-file=c.pem', world)).options['caFile'], '/w/c.pem');
		assert.equal((await readTarget('ndjson:~/a', world)).options['path'], '~/a', 'which is refused');
	});

	for (const [text, message, connection] of [
		[
			'atlassian-user-profile?set.name=x&token=abc',
			/^--to atlassian-user-profile: a secret on the command line can be read by everybody(?!.*abc)/,
		],
		['atlassian-user-profile?set=x&set.name=y', /expected either set= or set\.name=, got both/],
		['atlassian-user-profile?set.__proto__.x=y', /expected options like/],
		[
			'atlassian-user-profile?set.constructor.x=y',
			/option set: expected some of name, .*, got constructor/,
			{credentials: {token: 'x'}, vendor: 'https://api.atlassian.com'},
		],
		['foo', /unknown sink "foo": expected one of .*ndjson.*; of a file or folder say what it holds: ndjson:FILE/],
		['ndjso:x', /unknown sink "ndjso": .* \(did you mean ndjson\?\)$/],
		['https://host/x', /unknown sink "https": .*; write http:https:\/\/…$/],
		['', /unknown sink "": expected one of/],
		['ndjson', /^--to ndjson: expected a target, got none: write ndjson:PATH$/],
		['filesystem:?durability=power', /^--to filesystem: expected a target, got none: write filesystem:DIR$/],
		['ndjson:x?mode', /^--to ndjson: expected options like \?key=value&key=value$/],
		['ndjson:x?mode=%zz', /write %25/],
		['crowd-changeset:x?token-file=y', /unknown option token-file: expected one of endpoint, /],
		['ndjson:x?constructor=y', /unknown option constructor: /],
		[
			'crowd-changeset:x?password=abc',
			/^--to crowd-changeset: a secret on the command line can be read by (?!.*abc).*give password-file=FILE$/,
		],
		['ndjson:x?mode=foo', /ndjson: option mode: expected one of "append"\|"replace", got "foo"/],
		['ndjson:x?mod=append', /^--to ndjson: unknown option mod \(did you mean mode\?\): expected one of path, .*mode/],
		[
			'crowd-changeset:https://crowd.example?page-size=5',
			/expected one of endpoint, .*username, password-file, .*max-wait/,
		],
		['filesystem:d?durability=x', /option durability: expected one of "process"\|"power"/],
		['filesystem:d?layout={foo}', /option layout: expected placeholders among .*\{id\}/],
		['filesystem:d?layout=x', /option layout: expected \{id\} in the file name/],
	] as readonly (readonly [string, RegExp, TargetConnection?])[]) {
		it(`refuses ${text || 'nothing'}`, async () => {
			await assert.rejects(makeTarget(text, testWorld(), connection), {name: 'ConfigError', message});
		});
	}
});

describe('--to', () => {
	const {pull, folder, held, emulator} = commandLine();
	const file = (name: string) => path.join(folder(), name);

	it('takes and names options in kebab case', async () => {
		assertRefused(
			await pull(['--to', 'ndjson:x?max-attempts=0']),
			2,
			/^rxaudit: --to ndjson: option max-attempts: expected a whole number from 1 to 100, got 0$/m,
		);
	});

	it('writes the same events to every sink', async () => {
		const {code, stdout} = await pull([
			'--to',
			'ndjson:-',
			'--to',
			'ndjson:a.gz',
			'--to',
			'filesystem:dir?layout={id}.json',
		]);
		assert.equal(code, 0);
		assert.deepEqual(idsIn(stdout), held());
		assert.equal(zlib.gunzipSync(fs.readFileSync(file('a.gz'))).toString(), stdout);
		assert.deepEqual(
			fs
				.readdirSync(file('dir'))
				.filter(name => name.endsWith('.json'))
				.sort(),
			held()
				.map(id => `${id}.json`)
				.sort(),
		);
	});

	it('keeps what a file holds unless it is told what to do', async () => {
		fs.writeFileSync(file('a.ndjson'), 'evidence\n');
		assertRefused(
			await pull(['--to', 'ndjson:a.ndjson']),
			2,
			/not empty.*a file of its own.*\?mode=append.*\?mode=replace/,
		);
		assert.equal(fs.readFileSync(file('a.ndjson'), 'utf8'), 'evidence\n');
		assert.equal(emulator().requestCount, 0);

		assert.equal((await pull(['--to', 'ndjson:a.ndjson?mode=append'])).code, 0);
		assert.match(fs.readFileSync(file('a.ndjson'), 'utf8'), /^evidence\n\{/);
		assert.equal((await pull(['--to', 'ndjson:a.ndjson?mode=replace'])).code, 0);
		assert.deepEqual(idsIn(fs.readFileSync(file('a.ndjson'), 'utf8')), held());
	});

	it('never lets two writers at one file', async () => {
		fs.writeFileSync(file('a'), 'evidence\n');
		for (const more of [
			['--to', 'ndjson:./a?mode=append'],
			['--state', 'a'],
			['--dead-letter', './a'],
		]) {
			const {code, stderr} = await pull(['--to', 'ndjson:a?mode=replace', ...more]);
			assert.equal(code, 2);
			assert.match(stderr, /expected a file of its own for each --to, --state and --dead-letter, .*got .*\/a twice/);
		}
		assertRefused(await pull(['--to', 'ndjson:-', '--to', 'ndjson:-']), 2, /got - twice/);
		assert.equal(fs.readFileSync(file('a'), 'utf8'), 'evidence\n');
	});

	it('says what is wrong with a place that cannot be written', async () => {
		fs.writeFileSync(file('file'), 'evidence\n');
		fs.mkdirSync(file('folder'));
		for (const [to, message] of [
			['ndjson:file/a', /cannot open .*file\/a: ENOTDIR/],
			['ndjson:folder', /folder is a folder, expected a file; write ndjson:.*folder\//],
			['filesystem:file', /file is not a folder/],
			['filesystem:file/sub', /cannot use .*file\/sub: ENOTDIR/],
		] as const) {
			assertRefused(await pull(['--to', to]), 2, message);
		}
		assert.equal(emulator().requestCount, 0);
		assert.equal(fs.readFileSync(file('file'), 'utf8'), 'evidence\n');
	});
});
