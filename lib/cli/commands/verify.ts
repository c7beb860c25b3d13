import fs from 'node:fs';
import {resolve} from 'node:path';
import {ConfigError, reasonOf, StateError} from '../../model/errors.ts';
import {chainIn, emptyChain} from '../../sink/manifest.ts';
import {keyOf} from '../../run/open-sinks.ts';
import {type GapReport, gapReport} from '../../model/meter.ts';
import {gapsIn} from '../../source/scan.ts';
import type {Source} from '../../source/define-source.ts';
import type {Checkpoint, Lack} from '../../state/state.ts';
import {readState, realFile} from '../../state/state-files.ts';
import {compareWithSource} from './against.ts';
import {credentialFlags} from '../flags/credentials.ts';
import {describeFlags, type Flags, type FlagValues, parseFlags, textIn, textsIn} from '../flags/flags.ts';
import {type LogFormat, logFormatOf, logLine, write} from '../output/log.ts';
import {publicKeyFrom} from '../flags/keys.ts';
import type {World} from '../world.ts';
import {coverageOf, spanFrom, unreadIn} from '../output/coverage.ts';
import {checkHeads, type ExpectedHead as Head, type Findings, verdict, verdictJson} from '../output/verdict.ts';
import {sourceFlags, sourceOptions} from '../flags/options.ts';
import {requiredSource} from '../flags/source-named.ts';
import {readTarget} from '../flags/sinks.ts';

const verifyFlags: Flags = {
	'expect-head': {
		value: 'HASH',
		repeat: true,
		help: 'a head that was noted earlier must be on the chain; of a target of several parts, one for each',
	},
	state: {
		value: 'FILE',
		repeat: true,
		help: 'the head that this state of a pull holds must be on the chain; of a target of several parts, one for each',
	},
	'public-key-file': {value: 'FILE', help: 'every entry must be signed by this Ed25519 key (PEM)'},
	against: {
		value: 'SOURCE',
		help:
			'count by day what the API still has, from the first event of the archive to its last, or from --since to ' +
			'--until; takes the options of that source',
	},
	complete: {
		value: 'SINCE..UNTIL',
		help: 'exit code 1 where some of that time was never read, or with a filter, or when the API had purged it',
	},
	quiet: {help: 'nothing but the answer'},
	'log-format': {value: 'text|json', help: 'of the answer, and of what is said on stderr (default: text)'},
	help: {help: 'this text'},
};

export function help(): string {
	return `Usage: rxaudit verify TARGET [options]

Reads an archive and its manifest from beginning to end, and compares them. TARGET is spelled as in --to. The answer is
on stdout, and says what was read of each source's time, and what was not. Exit code 0: intact; 1: something is missing,
changed, added or moved, and named; 2: nothing to verify.

${describeFlags(verifyFlags)}

Whoever can write to the archive can also write its whole manifest anew. That is found by a head that is kept elsewhere
(--expect-head, --state), or by signatures, with a key that is not on the machine of the archive:
  openssl genpkey -algorithm ed25519 -out sign.pem && openssl pkey -in sign.pem -pubout -out public.pem
  rxaudit pull … --sign-key-file sign.pem
  rxaudit verify … --public-key-file public.pem

Examples:
  rxaudit verify ndjson:audit.ndjson.gz --state audit.state
  rxaudit verify filesystem:backup --expect-head "$(cat head-of-last-month)"
  rxaudit verify filesystem:backup --complete 2026-08-01..2026-09-01
  rxaudit verify filesystem:backup --against atlassian-org-events --org-id ORG
  rxaudit verify filesystem:backup --against atlassian-org-events --org-id ORG --since 2026-01-01 --until 2026-02-01
`;
}

const progressEveryMs = 10_000;

/** `rxaudit verify TARGET`: whether an archive is what was written. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const source = await comparedSource(args, world);
	const more = source ? {...sourceFlags(source), ...credentialFlags} : {};
	const {values, rest} = parseFlags(args, {...more, ...verifyFlags}, 1, world);
	const format = logFormatOf(values);
	const [target] = rest;
	if (target === undefined) throw new ConfigError('verify: expected a target as in --to, got none');
	const found = await readTarget(target, world);
	const sourceGiven = source && {source, options: sourceOptions(source, values, world.env)};
	const onProgress = values['quiet'] ? () => {} : sayNowAndThen(format, world);
	const verified = await findingsOf('verify', found, values, world, onProgress);
	const comparison = sourceGiven
		? await compareWithSource(sourceGiven.source, sourceGiven.options, verified.sources)
		: {compared: [], damage: [], notes: []};
	const findings: Findings = {
		...verified,
		damage: [...verified.damage, ...comparison.damage],
		compared: comparison.compared,
		notes: [...verified.notes, ...comparison.notes],
	};
	await write(world.stdout, format === 'json' ? verdictJson(findings) : verdict(findings));
	return findings.damage.length === 0 && !findings.unread?.length ? 0 : 1;
}

/** What a target is, by its manifest and by what `--state`, `--expect-head` and `--public-key-file` expect of it. */
export async function findingsOf(
	command: string,
	{factory, options}: Awaited<ReturnType<typeof readTarget>>,
	values: FlagValues,
	world: Pick<World, 'now'>,
	onProgress: (path: string) => void = () => {},
): Promise<Findings> {
	if (!factory.verify) throw new ConfigError(`${command}: ${factory.name} keeps no manifest`);
	const key = keyOf(factory(options));
	const expected = expectedHeads(values, key);
	const publicKeyFile = textIn(values, 'public-key-file');
	const publicKey = publicKeyFile === undefined ? undefined : publicKeyFrom(publicKeyFile);
	const complete = textIn(values, 'complete');
	const asked = complete === undefined ? undefined : spanFrom('complete', complete, world.now());
	const verification = await factory.verify(options, {
		...(publicKey ? {publicKey} : {}),
		isExpected: expected.some(({head}) => head !== emptyChain.head),
		onProgress,
	});
	return {
		...verification,
		...checkHeads(verification, expected),
		coverage: coverageOf(verification),
		...(asked ? {unread: unreadIn(verification, asked)} : {}),
		target: key,
		isSignatureChecked: publicKey !== undefined,
		compared: [],
		lacks: expected.flatMap(({lacks = []}) => lacks),
		openGaps: expected.flatMap(({openGaps = []}) => openGaps),
	};
}

async function comparedSource(args: readonly string[], world: World): Promise<Source | undefined> {
	const at = args.findIndex(arg => arg === '--against' || arg.startsWith('--against='));
	if (at < 0) return undefined;
	const name = args[at]!.includes('=') ? args[at]!.slice('--against='.length) : (args[at + 1] ?? '-');
	return requiredSource('--against', 'a source', name, world);
}

interface ExpectedHead extends Head {
	/** What the target never got. */
	readonly lacks?: readonly Lack[];
	/** What no target has got yet, since it could not be read. */
	readonly openGaps?: readonly GapReport[];
}

function expectedHeads(values: FlagValues, key: string): ExpectedHead[] {
	const noted = textsIn(values, 'expect-head').map(text => {
		if (!/^[0-9a-f]{64}$/.test(text)) {
			throw new ConfigError('--expect-head: expected 64 hex digits, got something else');
		}
		return {head: text, from: '--expect-head', isClosed: () => true};
	});
	return [...noted, ...textsIn(values, 'state').map(file => headInState(file, key))];
}

/** Read without its lock: a pull may be going on. An archive that was copied elsewhere is told by its kind of sink. */
function headInState(file: string, key: string): ExpectedHead {
	const isFree = () => !fs.existsSync(`${realFile(resolve(file))}.lock`);
	const wasFree = isFree();
	const checkpoint = checkpointIn(file);
	const {sources, sinks, lacks = {}, pending, prepared} = checkpoint;
	const name = nameIn(checkpoint, key);
	// One that was left out from the first run on has written nothing.
	const chain = name === undefined ? undefined : (chainIn(sinks[name]) ?? (lacks[name] && emptyChain));
	if (name === undefined || !chain) {
		throw new ConfigError(
			`--state: ${file} knows no chain of ${key}, but ${Object.keys(sinks).join(', ') || 'no sink'}`,
		);
	}
	const from = name === key ? '--state' : `--state, which is of ${name},`;
	const isClosed = () => wasFree && isFree() && !pending && prepared?.[name] === undefined;
	return {head: chain.head, from, isClosed, lacks: lacks[name] ?? [], openGaps: gapsOf(sources)};
}

/**
 * Which `--state` is about which of several targets: that which it knows by its name. Throws a ConfigError for one that is
 * about none of them. Of one target all are.
 */
export function statesOf<T extends Awaited<ReturnType<typeof readTarget>>>(
	values: FlagValues,
	targets: readonly T[],
): Map<T, string[]> {
	const files = textsIn(values, 'state');
	if (targets.length === 1) return new Map([[targets[0]!, files]]);
	const knows = (file: string, key: string) => Object.hasOwn(checkpointIn(file).sinks, key);
	const found = new Map(
		targets.map(target => {
			const key = keyOf(target.factory(target.options));
			return [target, files.filter(file => knows(file, key))] as const;
		}),
	);
	const used = new Set([...found.values()].flat());
	const other = files.find(file => !used.has(file));
	if (other === undefined) return found;
	throw new ConfigError(`--state: expected a state that knows one of the targets, got ${other}, which knows none`);
}

/** As what a state knows a target, if it does. */
function nameIn({sinks, lacks = {}}: Checkpoint, key: string): string | undefined {
	const kind = key.slice(0, key.indexOf(':') + 1);
	const names = [...new Set([...Object.keys(sinks), ...Object.keys(lacks)])];
	const alike = names.filter(name => name.startsWith(kind));
	return names.includes(key) ? key : alike.length === 1 ? alike[0]! : undefined;
}

function gapsOf(sources: Checkpoint['sources']): GapReport[] {
	return Object.entries(sources).flatMap(([source, position]) => gapsIn(position).map(gap => gapReport(source, gap)));
}

function checkpointIn(file: string) {
	try {
		const {stored} = readState(resolve(file), false);
		if (stored) return stored.checkpoint;
	} catch (error) {
		if (!(error instanceof StateError)) throw new ConfigError(`--state: ${reasonOf(error)}`, {cause: error});
		throw new ConfigError(`--state: ${error.message}`, {cause: error});
	}
	throw new ConfigError(`--state: expected the state of a pull, but ${file} does not exist`);
}

function sayNowAndThen(format: LogFormat, {stderr}: World): (path: string) => void {
	let saidAt = performance.now();
	let count = 0;
	return path => {
		count++;
		if (performance.now() - saidAt < progressEveryMs) return;
		saidAt = performance.now();
		stderr.write(logLine(format, 'info', `${count} checked, at ${path}`));
	};
}
