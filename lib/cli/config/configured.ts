import type {z} from 'zod';
import {ConfigError, reasonOf} from '../../model/errors.ts';
import type {Secret} from '../../options/options.ts';
import {type Kind, list} from '../../registry.ts';
import type {Source} from '../../source/define-source.ts';
import {checkCredentials, type CredentialAdvice, secretIn} from '../flags/credentials.ts';
import {kebab, nearest} from '../flags/flags.ts';
import {factsOf, flagsOf} from '../flags/options.ts';
import type {TargetOptions, TargetText} from '../flags/sinks.ts';
import {pluginNamed} from '../flags/plugin-named.ts';
import {sourceNamed} from '../flags/source-named.ts';
import type {PipelineInput} from '../pipeline/make-pipeline.ts';
import {fileIn, type World} from '../world.ts';
import {optionsSchema, type PipelineConfig, type SecretPlace, secretPlace} from './config-schema.ts';
import type {Place} from './document.ts';
import type {Mistake} from './mistakes.ts';
import {checkAt, type Config, type ConfiguredPipeline, stateFileOf} from './read-config.ts';

/** The variables that `rxaudit pull` reads secrets from, and the user name. */
export const variables: Readonly<Record<string, string>> = {
	token: 'RXAUDIT_TOKEN',
	password: 'RXAUDIT_PASSWORD',
	username: 'RXAUDIT_USERNAME',
	redactKey: 'RXAUDIT_REDACT_KEY',
	enrichToken: 'RXAUDIT_ENRICH_TOKEN',
};

const advice: CredentialAdvice = {
	bearer: 'give token: {env: NAME} or {file: PATH}',
	basic: 'give username: NAME, and password: {env: NAME} or {file: PATH}',
};

/** Members that are flags, under the same name; of these, the names of files. */
const flagMembers = [
	...(['format', 'noRaw', 'where', 'redact', 'select', 'enrich', 'enrichOrgId', 'enrichEndpoint'] as const),
	...(['onPoison', 'deadLetter', 'signKeyFile', 'grace', 'maxDuration', 'every', 'alertSilence'] as const),
];
const fileMembers: ReadonlySet<string> = new Set(['deadLetter', 'signKeyFile']);
const listMembers: ReadonlySet<string> = new Set(['where', 'redact', 'select', 'enrich']);

/**
 * What a pipeline of a file is made from: what would stand on the command line of a pull, and in its environment. What is
 * wrong is added to the mistakes; undefined then.
 */
export async function inputOf(
	config: Config,
	pipeline: ConfiguredPipeline,
	world: World,
	mistakes: Mistake[],
): Promise<PipelineInput | undefined> {
	const before = mistakes.length;
	const reading = new Reading(config, pipeline, world, mistakes);
	const {source: given, to} = pipeline.config;
	const source = await reading.source(given?.name);
	if (source && !reading.isLost('source')) reading.sourceOptions(source, given!);
	reading.members(pipeline.config, source);
	const targets = await reading.targets(to);
	if (!source || mistakes.length > before) return undefined;
	const {values, env} = reading;
	const inner = {cwd: config.folder, env, stdout: world.stdout};
	return {named: given!.name!, source, values, targets, beside: pipeline.name, world: inner};
}

class Reading {
	readonly values: Record<string, string | boolean | string[]> = {};
	readonly env: Record<string, string> = {};
	readonly #config: Config;
	readonly #pipeline: ConfiguredPipeline;
	readonly #world: World;
	readonly #mistakes: Mistake[];

	constructor(config: Config, pipeline: ConfiguredPipeline, world: World, mistakes: Mistake[]) {
		this.#config = config;
		this.#pipeline = pipeline;
		this.#world = world;
		this.#mistakes = mistakes;
	}

	async source(name: string | undefined): Promise<Source | undefined> {
		if (name === undefined) return this.#missing('source', 'expected source: {name, …options}, got none');
		return this.#named('source', name, ['source', 'name'], async () => sourceNamed(name, {cwd: this.#config.folder}));
	}

	/** What is found by that name; where nothing is, that is a mistake. */
	async #named<T>(kind: Kind, name: string, member: Place, find: () => Promise<T | undefined>): Promise<T | undefined> {
		try {
			const found = await find();
			if (found) return found;
			const names = list(kind);
			const expected = `expected a ${kind}${nearest(name, names)}, a package, or a file that begins with ./: one of ${names.join(', ')}`;
			return this.#mistake(member, expected);
		} catch (error) {
			if (!(error instanceof ConfigError)) throw error;
			return this.#mistake(member, error.message);
		}
	}

	sourceOptions(source: Source, {name: _, ...given}: NonNullable<PipelineConfig['source']>): void {
		const {placeOf} = this.#pipeline;
		const types = source.options.shape as Record<string, z.ZodType>;
		// what is given for all sources is for those that know it
		const isMeant = (key: string) => Object.hasOwn(types, key) || placeOf('source', key)[0] !== 'defaults';
		const options = Object.fromEntries(Object.entries(given).filter(([key]) => isMeant(key)));
		const at = (inner: Place) => placeOf('source', ...inner);
		const isSecret = (key: string, value: unknown): value is SecretPlace =>
			factsOf(types[key]).secret === true && secretPlace.safeParse(value).success;
		for (const [key, value] of Object.entries(options)) {
			if (isSecret(key, value)) this.#secretFlag(['source', key], value);
		}
		if (!checkAt(this.#config.document, optionsSchema(source), options, at, this.#mistakes)) return;
		const flags = flagsOf(source.options);
		for (const [key, value] of Object.entries(options)) {
			if (isSecret(key, value)) continue;
			if (key === 'username') this.env[variables[key]!] = String(value);
			else this.values[kebab(key)] = this.#flagValue(value, flags[kebab(key)]?.value?.startsWith('FILE'));
		}
		const {token, password} = options;
		const usable = {
			token: token === undefined ? undefined : 'given',
			username: this.env[variables['username']!],
			password: password === undefined ? undefined : 'given',
		};
		try {
			checkCredentials('expected credentials', source.auth, usable, advice);
		} catch (error) {
			this.#mistake(['source'], reasonOf(error));
		}
	}

	/** The members beside source and targets. */
	members(config: PipelineConfig, source: Source | undefined): void {
		for (const member of flagMembers) {
			const value = config[member];
			if (value === undefined || value === false) continue;
			const all = listMembers.has(member) ? [value].flat() : value;
			this.values[kebab(member)] = this.#flagValue(all, fileMembers.has(member));
		}
		if (config.follow === true || config.every !== undefined) this.values['follow'] = true;
		for (const member of ['redactKey', 'enrichToken'] as const) {
			const place = config[member];
			if (place) this.#secretFlag([member], place);
		}
		const ping = config.ping && this.#secret(config.ping, ['ping']);
		if (ping !== undefined) this.values['ping'] = typeof ping === 'string' ? ping : (ping as () => string)();
		const state = stateFileOf(this.#config, this.#pipeline);
		if (state !== undefined) this.values['state'] = state;
		const {concurrency} = config;
		if (concurrency === undefined || !source) return;
		if (Object.hasOwn(source.options.shape, 'concurrency')) this.values['concurrency'] = String(concurrency);
		else this.#mistake(['concurrency'], `expected none: ${source.name} reads one span after the other`);
	}

	async targets(to: PipelineConfig['to']): Promise<TargetText[]> {
		const expected = 'expected to: a target like ndjson:FILE, {name, …options}, or a list of them';
		if (to === undefined || (Array.isArray(to) && to.length === 0)) {
			return this.#missing('to', `${expected}, got none`) ?? [];
		}
		const all = Array.isArray(to)
			? to.map((target, index) => ({target, place: ['to', index] as Place}))
			: [{target: to, place: ['to']}];
		const targets = await Promise.all(
			all.map(async ({target, place}) => (typeof target === 'string' ? target : this.#target(target, place))),
		);
		return targets.filter(target => target !== undefined);
	}

	async #target({name, ...given}: TargetOptions, place: Place): Promise<TargetOptions | undefined> {
		const factory = await this.#named('sink', name, [...place, 'name'], async () =>
			pluginNamed('sink', name, this.#config.folder),
		);
		if (!factory) return undefined;
		const at = (inner: Place) => this.#pipeline.placeOf(...place, ...inner);
		if (!checkAt(this.#config.document, optionsSchema(factory), given, at, this.#mistakes)) return undefined;
		const types = factory.options.shape as Record<string, z.ZodType>;
		const options = Object.entries(given).map(([key, value]) => {
			const {secret, named} = factsOf(types[key]);
			if (!secret) return [key, value] as const;
			if (!named) return [key, this.#secret(value as SecretPlace, [...place, key])] as const;
			const secrets = Object.entries(value as Record<string, SecretPlace>);
			return [
				key,
				Object.fromEntries(secrets.map(([one, its]) => [one, this.#secret(its, [...place, key, one])])),
			] as const;
		});
		return {name, ...Object.fromEntries(options)};
	}

	/** Puts a secret where a pull reads it: into the environment, or as the flag with its file. */
	#secretFlag(member: Place, place: SecretPlace): void {
		const secret = this.#secret(place, member);
		const key = String(member.at(-1));
		if (secret === undefined) return;
		if ('file' in place) this.values[`${kebab(key)}-file`] = this.#file(place.file);
		else this.env[variables[key]!] = secret as string;
	}

	/** The secret, or what reads it; where there is none, that is a mistake. */
	#secret(place: SecretPlace, member: Place): Secret | undefined {
		if ('env' in place) {
			const value = this.#world.env[place.env]?.trim();
			return (
				value ||
				this.#mistake([...member, 'env'], `expected a variable with the secret, but ${shownName(place.env)} is not set`)
			);
		}
		try {
			return secretIn(this.#file(place.file), 'secret');
		} catch (error) {
			return this.#mistake([...member, 'file'], reasonOf(error).replace(/^secret: /, ''));
		}
	}

	#flagValue(value: unknown, isFile = false): string | boolean | string[] {
		if (Array.isArray(value)) return value.map(String);
		if (value === true && !isFile) return true;
		return isFile ? this.#file(String(value)) : String(value);
	}

	#file(name: string): string {
		return fileIn({cwd: this.#config.folder}, name);
	}

	/** Something that is not there, unless it is there and wrong. */
	#missing(member: string, text: string): undefined {
		if (!this.isLost(member)) this.#mistake([], text);
	}

	/** Whether a member is there and wrong, or under a name that is misspelt. */
	isLost(member: string): boolean {
		return [...this.#pipeline.unsound].some(wrong => wrong === member || nearest(wrong, [member]) !== '');
	}

	#mistake(member: Place, text: string): undefined {
		this.#mistakes.push(this.#config.document.mistake(this.#pipeline.placeOf(...member), text));
	}
}

/** The name of a variable, unless it could be the secret itself that stands in its place. */
function shownName(name: string): string {
	return /^[A-Z][A-Z\d_]{0,63}$/.test(name) ? name : 'the one named here (not shown, as it is not in capitals)';
}
