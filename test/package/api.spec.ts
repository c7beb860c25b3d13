import assert from 'node:assert/strict';
import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import type TypeScript from '../../node_modules/@microsoft/api-extractor/node_modules/typescript/lib/typescript.js';
import {Extractor, ExtractorConfig, ExtractorLogLevel} from '@microsoft/api-extractor';
import {list} from '../../lib/registry.ts';
import {house} from './packed.ts';

/** The compiler that API Extractor brings: the one that builds has no programming interface. */
const ts = createRequire(createRequire(import.meta.url).resolve('@microsoft/api-extractor'))(
	'typescript',
) as typeof TypeScript;

const place = path.join(house, 'docs/api.md');
const entries = {
	rxaudit: 'lib/index',
	plugin: 'lib/plugin',
	redis: 'lib/redis/index',
	testing: 'lib/testing/index',
	emulator: 'lib/emulator/index',
};
const compilerOptions = {
	module: 'nodenext',
	moduleResolution: 'nodenext',
	target: 'es2022',
	strict: true,
	skipLibCheck: true,
	types: ['node'],
	allowImportingTsExtensions: true,
	noEmit: true,
};

describe('the surface of the library', function () {
	this.timeout(120_000);
	let scratch: string;

	before(() => {
		scratch = fs.mkdtempSync(path.join(house, 'test/.api-'));
	});
	after(() => fs.rmSync(scratch, {recursive: true}));

	it('is that of docs/api.md: npm run docs writes it anew', () => {
		const file = path.join(scratch, 'index.d.ts');
		const camel = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
		const plugins = (kind: 'source' | 'sink') =>
			list(kind).map(name => `export {default as ${camel(name)}} from '../../dist/${kind}s/${name}.js';\n`);
		const spaces = Object.entries(entries).map(
			([name, entry]) => `export * as ${name} from '../../dist/${entry}.js';\n`,
		);
		for (const kind of ['source', 'sink'] as const)
			fs.writeFileSync(path.join(scratch, `${kind}s.d.ts`), plugins(kind).join(''));
		fs.writeFileSync(
			file,
			[...spaces, "export * as sources from './sources.js';\nexport * as sinks from './sinks.js';\n"].join(''),
		);
		const config = ExtractorConfig.prepare({
			configObject: {
				projectFolder: house,
				mainEntryPointFilePath: file,
				compiler: {overrideTsconfig: {compilerOptions, files: [file]}},
				apiReport: {
					enabled: true,
					reportFolder: scratch,
					reportTempFolder: scratch,
					reportFileName: 'api',
					includeForgottenExports: true,
				},
				docModel: {enabled: false},
				dtsRollup: {enabled: false},
				tsdocMetadata: {enabled: false},
				newlineKind: 'lf',
				messages: {
					extractorMessageReporting: {default: {logLevel: ExtractorLogLevel.None}},
					tsdocMessageReporting: {default: {logLevel: ExtractorLogLevel.None}},
				},
			} as never,
			configObjectFullPath: path.join(house, 'api-extractor.json'),
			packageJsonFullPath: path.join(house, 'package.json'),
		});
		const errors: string[] = [];
		Extractor.invoke(config, {
			localBuild: true,
			messageCallback(message) {
				message.handled = true;
				if (message.category === 'Compiler') errors.push(message.text);
			},
		});
		assert.deepEqual(errors, []);
		const report = fs.readFileSync(path.join(scratch, 'api.api.md'), 'utf8');
		if (process.env['RXAUDIT_WRITE_DOCS']) fs.writeFileSync(place, report);
		assert.ok(fs.readFileSync(place, 'utf8') === report, 'docs/api.md is not what the code exports: npm run docs');
	});

	it('shows what an option is, in an editor', () => {
		const file = path.join(scratch, 'editor.ts');
		const text = `import orgEvents from '../../dist/sources/atlassian-org-events.js';
import ndjson from '../../dist/sinks/ndjson.js';
orgEvents({orgId: 'acme', since: '30d'});
ndjson({path: 'x', rollAge: '1h', delivery: 'best-effort'});
`;
		fs.writeFileSync(file, text);
		const options = ts.convertCompilerOptionsFromJson(compilerOptions, house).options;
		const service = ts.createLanguageService({
			getCompilationSettings: () => options,
			getScriptFileNames: () => [file],
			getScriptVersion: () => '1',
			getScriptSnapshot: name =>
				fs.existsSync(name) ? ts.ScriptSnapshot.fromString(fs.readFileSync(name, 'utf8')) : undefined,
			getCurrentDirectory: () => house,
			getDefaultLibFileName: ts.getDefaultLibFilePath,
			fileExists: ts.sys.fileExists,
			readFile: ts.sys.readFile,
			directoryExists: ts.sys.directoryExists,
		});
		assert.deepEqual(service.getSemanticDiagnostics(file), []);
		for (const option of ['orgId', 'since', 'path', 'rollAge', 'delivery']) {
			const shown = service.getQuickInfoAtPosition(file, text.indexOf(`${option}:`))?.documentation ?? [];
			assert.match(ts.displayPartsToString(shown), /^\w.{10,}/, option);
		}
	});
});
