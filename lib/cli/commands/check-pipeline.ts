import fs from 'node:fs';
import path from 'node:path';
import {proxyRules} from '../../http/proxy.ts';
import {systemClock} from '../../model/clock.ts';
import {AuditError, AuthError, type ErrorCode, reasonOf} from '../../model/errors.ts';
import type {Meter} from '../../model/meter.ts';
import type {Sink} from '../../sink/sink.ts';
import type {Source} from '../../source/define-source.ts';
import {deprecationText} from '../../source/deprecation.ts';
import {sentenceOf} from '../output/sentence.ts';
import {bytesText} from '../output/plan.ts';
import {openProber, rateOf} from './probe.ts';
import {readStatus} from './read-status.ts';

/** What was tried of a pipeline, and what came of it. */
export interface Check {
	readonly name: 'address' | 'credentials' | 'quota' | 'clock' | 'state' | 'target' | 'ends';
	readonly ok: boolean;
	/** What was found; of a failure, what to do. */
	readonly text: string;
	/** The exit code that a failure is. */
	readonly code: 1 | 2 | 4;
}

/** What a pull would take part in. */
export interface Pipeline {
	readonly source: Source;
	readonly options: Readonly<Record<string, unknown>>;
	readonly sinks: readonly Sink[];
	readonly stateFile?: string | undefined;
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly signal: AbortSignal;
}

/** Whoever refuses these has been reached. */
const refusals: readonly ErrorCode[] = ['UNAUTHORIZED', 'FORBIDDEN'];
const toleratedMs = 5 * 60_000;
/** One request is all that a check costs: a server that fails or refuses is not asked again. */
const once = {maxAttempts: 1, maxWait: '0s'};
/** What is known of file systems of networks, by the numbers of Linux: locks and renames there are those of a server. */
const networks = new Map([
	[0x6969, 'NFS'],
	[0x517b, 'SMB'],
	[0xfe534d42, 'SMB'],
	[0xff534d42, 'CIFS'],
	[0x65735546, 'FUSE'],
]);

/** File systems that the kernel makes up, by the numbers of Linux: even root can make no folder there. */
const madeUp = new Map([
	[0x9fa0, 'proc'],
	[0x62656572, 'sysfs'],
	[0x1cd1, 'devpts'],
]);
/** Less room than this is worth a word. */
const scarceBytes = 100e6;

/** Tries all that a pull needs, and writes no event: one request, and a look at targets and state. */
export async function checkPipeline(pipeline: Pipeline): Promise<Check[]> {
	const {source, stateFile, sinks, signal} = pipeline;
	const ofApi = source.reads === 'api' ? await checkApi(pipeline) : [];
	signal.throwIfAborted();
	const ofState = stateFile === undefined ? [] : [await checkState(stateFile, source)];
	const ends = source.deprecations.map(end => passed('ends', deprecationText(end)));
	const ofTargets = await Promise.all(sinks.map(async sink => checkTarget(sink, signal)));
	return [...ofApi, ...ofState, ...ofTargets, ...ends];
}

async function checkApi({source, options, env, signal}: Pipeline): Promise<Check[]> {
	const size = Object.hasOwn(source.options.shape, 'pageSize') ? {pageSize: 1} : {};
	const prober = openProber(source, {...options, ...once, ...size}, signal, true);
	const began = performance.now();
	let isEmpty = true;
	let failure: AuditError | undefined;
	try {
		const {timesMs, isWhole} = (await prober.probe(0, systemClock.now())) ?? {timesMs: [], isWhole: true};
		isEmpty = timesMs.length === 0 && isWhole;
	} catch (error) {
		if (!(error instanceof AuditError)) throw error;
		failure = error;
	}
	const took = `${((performance.now() - began) / 1000).toFixed(1)} s`;
	const isAnswered = failure === undefined || refusals.includes(failure.code) || failure.code === 'RATE_LIMITED';
	if (!isAnswered) return [failed('address', sentenceOf(failure), failure!.code === 'CONFIG' ? 2 : 1)];
	const address = passed(
		'address',
		reached((options['endpoint'] as string | undefined) ?? source.endpoint!, took, env),
	);
	const clock = checkClock(prober.meter);
	if (failure?.code === 'RATE_LIMITED') return [address, failed('quota', sentenceOf(failure), 1), ...clock];
	if (failure) return [address, failed('credentials', sentenceOf(failure), 4), ...clock];
	const rights = isEmpty
		? 'accepted, but the log is empty: check their rights, the filters and whose log it is, unless it is new'
		: 'the log can be read';
	return [address, passed('credentials', rights), passed('quota', quotaText(source, options, prober.meter)), ...clock];
}

/** An address that answered, and how it was reached. */
function reached(endpoint: string, took: string, env: Pipeline['env']): string {
	const url = new URL(endpoint);
	const scheme = url.protocol as 'http:' | 'https:';
	const proxy = proxyRules(scheme, env as NodeJS.ProcessEnv)(url.hostname, portOf(url));
	const by = proxy ? `, through the proxy ${proxy.url.origin} (${proxy.variable})` : '';
	const tls = scheme === 'https:' ? 'its certificate is trusted' : 'without TLS';
	return `${url.origin} answers in ${took}, ${tls}${by}`;
}

function portOf({port, protocol}: URL): number {
	return Number(port) || (protocol === 'https:' ? 443 : 80);
}

function quotaText(source: Source, options: Pipeline['options'], meter: Meter): string {
	const rate = rateOf(source, options, meter);
	const left = meter.quota?.left === undefined ? '' : `, ${meter.quota.left} are left`;
	if (!rate) return 'none is published, and the API says none: a pull learns it from refusals';
	const allowed = `${rate.requests} requests in ${rate.perMs / 1000} s`;
	if (options['rate'] !== undefined) return `${allowed}, as --rate says`;
	if (rate.isBound) return `${allowed}, as published${left}`;
	return meter.quota?.perMs === undefined
		? `${rate.requests} requests, the API says${left}`
		: `${allowed}, the API says${left}`;
}

function checkClock({clockAheadMs}: Meter): Check[] {
	if (clockAheadMs === undefined) return [];
	const seconds = Math.round(Math.abs(clockAheadMs) / 1000);
	const apart = `the server's clock is ${seconds} s ${clockAheadMs > 0 ? 'ahead of' : 'behind'} ours`;
	if (Math.abs(clockAheadMs) <= toleratedMs) return [passed('clock', seconds < 2 ? "the server's is as ours" : apart)];
	return [failed('clock', `${apart}: set right the one that is wrong, as --until and spans like 24h are by ours`, 1)];
}

async function checkState(file: string, source: Source): Promise<Check> {
	if (!fs.existsSync(file)) {
		const problem = cannotMake(file, 'give --state a place');
		if (problem) return failed('state', `${file}: ${problem}`, 1);
		return passed('state', `${file} is new: the first pull makes it`);
	}
	const {sources, problems, inUse} = await readStatus(file, systemClock.now());
	if (sources.length === 0) return failed('state', problems.join('; ') || `${file} knows no source`, 1);
	const names = sources.map(({source: name}) => name);
	if (!source.comesAs.some(name => names.includes(name))) {
		return failed(
			'state',
			`${file} is the state of ${names.join(', ')}, not of ${source.name}; give a pipeline a state of its own`,
			1,
		);
	}
	const use = inUse ? ', and is in use by a run now' : '';
	return passed(
		'state',
		`${file} is that of ${names.join(', ')}${use}${problems.map(problem => `; ${problem}`).join('')}`,
	);
}

/** A target that is a file is looked at; another one is opened, unless that would write to it. */
async function checkTarget(sink: Sink, signal: AbortSignal): Promise<Check> {
	const {name, target, needs = []} = sink;
	for (const one of needs) {
		if (!(await isInstalled(one)))
			return failed(
				'target',
				`${name}:${target}: npm install ${one}, where rxaudit is (--global where it is global)`,
				2,
			);
	}
	if (target === '-') return passed('target', `${name}: standard output`);
	if (sink.opensUnchanged) return openTarget(sink, signal);
	if (!path.isAbsolute(target)) {
		return passed('target', `${name}:${target} is not tried: that would write to it; the first pull does`);
	}
	const problem = cannotMake(target, 'give a place');
	if (problem) return failed('target', `${name}:${target}: ${problem}`, 2);
	const {type} = fs.statfsSync(existing(target));
	const network = networks.get(type);
	const fit = network ? `; it is on a network (${network}): let one host at a time write there` : '';
	const holds = sizeOf(target);
	return passed('target', `${name}:${target} can be written, ${freeText(target)}${holds}${fit}`);
}

async function openTarget({name, target, open}: Sink, signal: AbortSignal): Promise<Check> {
	const said: string[] = [];
	const say = (text: string) => void said.push(`; ${text}`);
	try {
		const opened = await open({resume: undefined, signal, warn: say, note: say});
		await opened.close();
	} catch (error) {
		signal.throwIfAborted();
		if (!(error instanceof AuditError)) throw error;
		return failed('target', `${name}:${target}: ${sentenceOf(error)}`, error instanceof AuthError ? 4 : 2);
	}
	return passed('target', `${name}:${target} is there, and nothing was written to it${said.join('')}`);
}

/** Whether a package can be loaded. */
async function isInstalled(name: string): Promise<boolean> {
	return import(name).then(
		() => true,
		() => false,
	);
}

/** What is free on the disk of a file; a file system without a size, as some of networks are, does not say. */
function freeText(file: string): string {
	const {blocks, bavail, bsize} = fs.statfsSync(existing(file));
	if (blocks === 0) return 'how much is free is not known';
	const bytes = bavail * bsize;
	const free = `${bytesText(bytes)} are free`;
	return bytes < scarceBytes ? `but only ${free}: free space before a long pull` : free;
}

function sizeOf(file: string): string {
	const stats = fs.statSync(file, {throwIfNoEntry: false});
	if (!stats?.isFile() || stats.size === 0) return '';
	return `; it holds ${stats.size} bytes, which only their state, or ?mode=append or replace, goes on with`;
}

/** Why a file or folder cannot be made or written, and what to do; undefined where it can. */
function cannotMake(file: string, elsewhere: string): string | undefined {
	const place = existing(file);
	const problem = problemOf(place, place !== path.resolve(file));
	if (problem) return `${problem}; ${elsewhere} that can be written`;
	const {blocks, bavail} = fs.statfsSync(place);
	if (blocks === 0 || bavail > 0) return undefined;
	return `0 bytes are free on the disk of ${place}; free space there, or ${elsewhere} that has some`;
}

/** Why a file cannot be written, or, of a folder, nothing can be made in it. */
function problemOf(place: string, isAbove: boolean): string | undefined {
	try {
		fs.accessSync(place, fs.constants.W_OK);
		const isFolder = fs.statSync(place).isDirectory();
		if (isAbove && !isFolder) return `${place} is no folder`;
		if (isFolder) fs.accessSync(place, fs.constants.X_OK);
		const fileSystem = madeUp.get(fs.statfsSync(place).type);
		return fileSystem && `${place} is of ${fileSystem}, where nothing can be made`;
	} catch (error) {
		return `${place} cannot be written: ${reasonOf(error)}`;
	}
}

/** The file, or the nearest folder above it that there is. */
function existing(file: string): string {
	let place = path.resolve(file);
	while (!fs.existsSync(place) && path.dirname(place) !== place) place = path.dirname(place);
	return place;
}

function passed(name: Check['name'], text: string): Check {
	return {name, ok: true, text, code: 1};
}

function failed(name: Check['name'], text: string, code: Check['code']): Check {
	return {name, ok: false, text, code};
}
