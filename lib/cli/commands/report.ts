import {resolve, sep} from 'node:path';
import {AuditError, ConfigError, reasonOf} from '../../model/errors.ts';
import {parseTime} from '../../options/time.ts';
import {redactionOf} from '../../redaction/redaction.ts';
import {keyFingerprint} from '../../sink/manifest.ts';
import {describeFlags, type Flags, type FlagValues, parseFlags, textIn} from '../flags/flags.ts';
import {publicKeyFrom} from '../flags/keys.ts';
import {inFlags} from '../flags/options.ts';
import {redactFlags, redactionFrom} from '../flags/redact.ts';
import {readTarget} from '../flags/sinks.ts';
import {sinceKnown} from '../output/coverage.ts';
import {logFormatOf, logLine, write} from '../output/log.ts';
import type {CoverageSpan} from '../report/segments.ts';
import {Digest} from '../report/digest.ts';
import {page, type ReportedTarget} from '../report/page.ts';
import {checkPage, replacePage} from '../report/page-file.ts';
import type {World} from '../world.ts';
import {findingsOf, statesOf} from './verify.ts';

const {redact, 'redact-key-file': redactKeyFile} = redactFlags;

const reportFlags: Flags = {
	output: {value: 'FILE', help: 'also -o: the page that is written, - for standard output; required'},
	top: {help: 'name actors, targets and addresses; without it they are counted only'},
	since: {value: 'TIME', help: 'count events from this time on: 2026-08-01, or 30d for 30 days back from now'},
	until: {value: 'TIME', help: 'count events before this time'},
	redact: {...redact!, help: `${redact!.help.split('.')[0]!}, of what is shown`},
	'redact-key-file': redactKeyFile!,
	state: {value: 'FILE', repeat: true, help: 'the head that this state of a pull holds must be on the chain'},
	'public-key-file': {value: 'FILE', help: 'every entry must be signed by this Ed25519 key (PEM)'},
	'log-format': {value: 'text|json', help: 'of what is said on stderr (default: text)'},
	help: {help: 'this text'},
};

export function help(): string {
	return `Usage: rxaudit report TARGET… -o FILE.html [options]

Reads archives of common records, and writes one page of HTML about them: the verdict of verify, what each day holds, what
was done most, failed logins, new addresses and countries, and who was given administration, tokens and policies. The page
needs no network and no script, and is the same for the same archive. TARGET is spelled as in --to: a file, a folder or a
bucket of --format audit. Exit code 0: written; 1: written, and verify found damage; 2: nothing to report on.

${describeFlags(reportFlags)}

Examples:
  rxaudit report ndjson:audit.ndjson.gz -o report.html
  rxaudit report filesystem:backup --state backup.state --top -o report.html
  rxaudit report parquet:archive/ --top --redact actor.email --redact ip -o report.html
`;
}

/** `rxaudit report TARGET… -o FILE`: a page about archives. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const spelled = args.map(arg => (arg === '-o' ? '--output' : arg));
	const {values, rest} = parseFlags(spelled, reportFlags, Infinity, world);
	const format = logFormatOf(values);
	const output = textIn(values, 'output');
	if (rest.length === 0) throw new ConfigError('report: expected targets as in --to, got none');
	if (output === undefined)
		throw new ConfigError('report: expected the file that is to be written, got none: add -o FILE.html');
	const targets = [];
	for (const name of rest) targets.push({name, ...(await readTarget(name, world))});
	checkOutput(output, targets);
	const digest = digestFor(values, world);
	const states = statesOf(values, targets);

	const reported: ReportedTarget[] = [];
	for (const target of targets) {
		reported.push(await readInto(digest, target, {...values, state: states.get(target)!}, world));
	}
	for (const {name, unreadable} of reported) {
		for (const one of unreadable) world.stderr.write(logLine(format, 'warn', `${name}: not read to its end: ${one}`));
	}
	const keyFile = textIn(values, 'public-key-file');
	const html = page({
		targets: reported,
		digest,
		spans: spansOf(reported),
		isNamed: values['top'] === true,
		between: betweenOf(digest),
		key: keyFile === undefined ? undefined : keyFingerprint(publicKeyFrom(keyFile)),
	});
	if (output === '-') await write(world.stdout, html);
	else replacePage('report', output, html);
	return reported.some(({findings}) => 'damage' in findings && findings.damage.length > 0) ? 1 : 0;
}

/** So many of those are named. */
const maxUnreadable = 20;

type Target = Awaited<ReturnType<typeof readTarget>> & {readonly name: string};

/** What is counted, and how it is shown. */
function digestFor(values: FlagValues, world: World): Digest {
	const timeIn = (flag: 'since' | 'until') => {
		const text = textIn(values, flag);
		return inFlags(
			() => (text === undefined ? undefined : parseTime(text, world.now())),
			() => `--${flag}`,
		);
	};
	const [sinceMs, untilMs] = [timeIn('since'), timeIn('until')];
	if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs) {
		throw new ConfigError('report: expected --since before --until, got them the other way round');
	}
	const {redact} = redactionFrom(values, world.env, 'audit');
	return new Digest({
		sinceMs,
		untilMs,
		redact: redact && redactionOf(redact).event,
	});
}

function betweenOf({sinceMs, untilMs}: Digest): string {
	const from = sinceMs === undefined ? '' : ` from ${new Date(sinceMs).toISOString()} on`;
	return from + (untilMs === undefined ? '' : ` before ${new Date(untilMs).toISOString()}`);
}

/** What was read of each source, as the manifests say. */
function spansOf(reported: readonly ReportedTarget[]): Record<string, CoverageSpan[]> {
	const all: Record<string, CoverageSpan[]> = {};
	for (const {findings} of reported) {
		if ('unverified' in findings) continue;
		for (const {source, spans = []} of findings.coverage) {
			const known = spans.length > 0 ? sinceKnown(spans, findings.sources[source]?.first) : [];
			const read = known.flatMap(({from, to, read}) =>
				read === 'never' ? [] : [{fromMs: Date.parse(from), toMs: Date.parse(to), state: read}],
			);
			all[source] = [...(all[source] ?? []), ...read];
		}
	}
	return all;
}

async function readInto(digest: Digest, target: Target, values: FlagValues, world: World): Promise<ReportedTarget> {
	const {name, factory, options} = target;
	if (!factory.read) {
		throw new ConfigError(
			`report: ${name}: expected a target that can be read back, got one of ${factory.name}: report on ndjson:, parquet:, filesystem: or a bucket`,
		);
	}
	const findings = await findingsOf('report', target, values, world).catch((error: unknown) => {
		if (error instanceof AuditError && error.code === 'TARGET_REFUSED') return error;
		throw error;
	});
	const unreadable: string[] = [];
	const before = digest.notRead;
	let records = 0;
	const onUnreadable = (what: string, reason: string) => {
		if (unreadable.length < maxUnreadable) unreadable.push(`${what}: ${reason}`);
		else unreadable[maxUnreadable] = 'and more';
	};
	for await (const some of factory.read(options, {onUnreadable})) {
		records += some.length;
		for (const record of some) digest.add(record);
	}
	const notRead = digest.notRead - before;
	if (records === 0 && findings instanceof Error) throw findings;
	if (records > 0 && notRead === records) {
		throw new ConfigError(`report: ${name}: expected common records, got others only: write them with --format audit`);
	}
	const unverified = findings instanceof Error ? {unverified: reasonOf(findings)} : findings;
	return {name, findings: unverified, unreadable, notRead};
}

/** A file that is no page, and one within an archive, is not what anybody wants to have written over. */
function checkOutput(output: string, targets: readonly Target[]): void {
	if (output === '-') return;
	for (const {factory, options, name} of targets) {
		const place = options[factory.target];
		const isIn = typeof place === 'string' && `${resolve(output)}${sep}`.startsWith(`${resolve(place)}${sep}`);
		if (isIn) throw new ConfigError(`report: ${output}: expected a file outside of ${name}, got one within it`);
	}
	checkPage('report', output);
}
