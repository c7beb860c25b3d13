import assert from 'node:assert/strict';
import {existsSync} from 'node:fs';
import {posix} from 'node:path';
import {filesOf, root, textOf} from './support/tree.ts';

/** Imports point down only, from a later line to an earlier one or within a line. */
const layers: readonly RegExp[] = [
	/^lib\/model\//,
	/^lib\/options\//,
	/^lib\/(http|state)\//,
	/^lib\/(source|sink)\//,
	/^lib\/(operators|schemas|redaction)\//,
	/^lib\/run\//,
	/^lib\/redis\//,
	/^lib\/queue\//,
	/^(sources|sinks)\//,
	/^lib\/(index|plugin|registry)\.ts$/,
	/^lib\/(emulator|cli)\//,
	/^lib\/testing\//,
];

/** What a folder may import besides its own files, where that is less than its layer allows. */
const narrow: readonly (readonly [files: RegExp, allowed: RegExp])[] = [
	[/^lib\/emulator\//, /^lib\/(emulator\/.+|model\/(errors|event)\.ts)$/],
	[/^sources\//, /^(lib\/.+|sources\/_[^/]+)$/],
	[/^sinks\//, /^(lib\/.+|sinks\/_.+)$/],
	[/^lib\//, /^lib\//], // sources and sinks are reached through the registry
];

/** Packages that one place owns; the rest of the code does not know of them. */
const owners: Readonly<Record<string, RegExp>> = {
	'@aws-sdk/client-s3': /^sinks\/(s3\.ts|_s3\/.+)$/,
	'@google-cloud/storage': /^sinks\/(gcs\.ts|_gcs\/.+)$/,
	'@nats-io/jetstream': /^sinks\/_nats\/.+$/,
	'@nats-io/transport-node': /^sinks\/_nats\/.+$/,
	axios: /^lib\/http\//,
	'axios-retry': /^lib\/http\//,
	'csv-stringify': /^sinks\/csv\.ts$/,
	bullmq: /^lib\/queue\//,
	ioredis: /^lib\/(redis|queue)\//,
	hyparquet: /^sinks\/_parquet\/.+$/,
	'hyparquet-writer': /^sinks\/_parquet\/.+$/,
	kafkajs: /^sinks\/_kafka\/.+$/,
	yaml: /^lib\/cli\/config\/document\.ts$/,
};

const files = filesOf('lib', 'sources', 'sinks');
const plugins = filesOf('sources', 'sinks')
	.filter(file => !file.includes('/_'))
	.map(file => posix.basename(file, '.ts'));
const imports = files.flatMap(file => importsOf(textOf(file)).map(name => ({file, name})));
const inner = imports
	.filter(({name}) => name.startsWith('.'))
	.map(({file, name}) => ({file, target: posix.join(posix.dirname(file), name)}));

function importsOf(code: string): string[] {
	return [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(match => match[1]!);
}

function layerOf(file: string): number {
	const layer = layers.findIndex(pattern => pattern.test(file));
	return layer < 0 ? Number.NaN : layer;
}

function arrow({file, target}: {file: string; target: string}): string {
	return `${file} (${layerOf(file)}) -> ${target} (${layerOf(target)})`;
}

describe('layers', () => {
	it('sees the imports', () => {
		assert.deepEqual(importsOf("import a, {b} from 'a';\nimport 'c';\nawait import('d');\nexport * from 'e';"), [
			'a',
			'c',
			'd',
			'e',
		]);
		assert.ok(inner.length > 0);
		assert.deepEqual(inner.filter(({target}) => !existsSync(new URL(target, root))).map(arrow), []);
	});

	it('import downwards only', () => {
		assert.deepEqual(inner.filter(({file, target}) => !(layerOf(target) <= layerOf(file))).map(arrow), []);
	});

	it('import no more than their folder may', () => {
		const tooMuch = inner.filter(({file, target}) => {
			const rule = narrow.find(([pattern]) => pattern.test(file));
			return rule !== undefined && !rule[1].test(target);
		});
		assert.deepEqual(tooMuch.map(arrow), []);
	});

	it('leave a package to its owner', () => {
		const strangers = imports.filter(({file, name}) => {
			const owner = Object.entries(owners).find(([owned]) => name === owned || name.startsWith(`${owned}/`));
			return owner !== undefined && !owner[1].test(file);
		});
		assert.deepEqual(strangers, []);
	});

	it('never branch on the name of a source or sink in lib', () => {
		const name = `['"\`](${plugins.join('|')})['"\`]`;
		const branch = new RegExp(`([=!]==?|\\bcase)\\s*${name}|${name}\\s*[=!]==?`);
		// what the emulator compares are words of the APIs
		const core = filesOf('lib').filter(file => !file.startsWith('lib/emulator/'));
		const branching = core.flatMap(file =>
			textOf(file)
				.split('\n')
				.filter(line => plugins.length > 0 && branch.test(line))
				.map(line => `${file}: ${line.trim()}`),
		);
		assert.deepEqual(branching, []);
	});

	it('wait for nothing real in unit tests', () => {
		const timer = /\b(setTimeout|setInterval|sleep)\(|\bsetTimeout\b.*timers\/promises/;
		const specs = filesOf('test').filter(file => !/^test\/(e2e|package|support)\//.test(file));
		assert.deepEqual(
			specs.filter(file => timer.test(textOf(file))),
			[],
		);
	});
});
