import fs from 'node:fs';
import path from 'node:path';
import {ConfigError, reasonOf} from '../../model/errors.ts';
import {checkOptions} from '../../options/parse-options.ts';
import {nearest} from '../flags/flags.ts';
import {fileIn, type World} from '../world.ts';
import {type ConfigDocument, parseConfig, type Place} from './document.ts';
import {fileSchema, type PipelineConfig, pipelineName, pipelineSchema} from './config-schema.ts';
import {type Mistake, Mistakes} from './mistakes.ts';

/** A pipeline of a file with its members that are right, those of `defaults` among them. */
export interface ConfiguredPipeline {
	readonly name: string;
	readonly config: PipelineConfig;
	/** The members that are left out, since something is wrong with them. */
	readonly unsound: ReadonlySet<string>;
	/** Where a member is: in the pipeline, or in `defaults`. */
	placeOf(...member: Place): Place;
}

export interface Config {
	readonly document: ConfigDocument;
	/** What paths in the file begin at. */
	readonly folder: string;
	readonly pipelines: readonly ConfiguredPipeline[];
	/** What is wrong with members. */
	readonly mistakes: readonly Mistake[];
}

/** Whether an argument is named as such a file. */
export function isConfig(name: string): boolean {
	return /\.ya?ml$/i.test(name);
}

/** Reads a file with pipelines. Throws a ConfigError where there is none, or {@link Mistakes} where it is no YAML. */
export function readConfig(name: string, world: Pick<World, 'cwd'>): Config {
	let text: string;
	try {
		text = fs.readFileSync(fileIn(world, name), 'utf8');
	} catch (error) {
		throw new ConfigError(`${name}: expected a YAML file with pipelines, but ${reasonOf(error)}`, {cause: error});
	}
	const document = parseConfig(name, text);
	const mistakes: Mistake[] = [];
	const file = checkAt(document, fileSchema, document.value, [], mistakes);
	const defaults = soundMembers(document, file?.defaults, ['defaults'], mistakes);
	const pipelines: ConfiguredPipeline[] = [];
	for (const [pipeline, given] of Object.entries(file?.pipelines ?? {})) {
		const place = ['pipelines', pipeline];
		if (!pipelineName.safeParse(pipeline).success) {
			mistakes.push(
				document.mistake(place, 'expected a name of letters, digits, - _ and ., that begins with a letter or a digit'),
			);
		}
		const own = soundMembers(document, given, place, mistakes);
		pipelines.push({
			name: pipeline,
			config: withDefaults(own.config, defaults.config),
			unsound: new Set([...own.unsound, ...defaults.unsound]),
			placeOf: (...member) => [
				...(has(given, member) || !has(file?.defaults, member) ? place : ['defaults']),
				...member,
			],
		});
	}
	if (file && pipelines.length === 0) {
		mistakes.push(document.mistake(['pipelines'], 'expected at least one pipeline, got none'));
	}
	return {document, folder: path.dirname(path.resolve(fileIn(world, name))), pipelines, mistakes};
}

/** The members of a pipeline that are right; the others are added to the mistakes. */
function soundMembers(document: ConfigDocument, given: unknown, place: Place, mistakes: Mistake[]) {
	const before = mistakes.length;
	const config = checkAt(document, pipelineSchema, given, place, mistakes);
	if (config) return {config, unsound: []};
	const unsound = mistakes.slice(before).map(({member}) => member.split('.')[place.length] ?? '');
	if (unsound.includes('')) return {config: {}, unsound: ['source', 'to']};
	const sound = Object.entries(given as Members).filter(([member]) => !unsound.includes(member));
	return {config: pipelineSchema.parse(Object.fromEntries(sound)), unsound};
}

/** The state file of a pipeline, where it has one. */
export function stateFileOf({folder}: Pick<Config, 'folder'>, {name, config}: ConfiguredPipeline): string | undefined {
	const {state} = config;
	if (state === undefined) return undefined;
	return fileIn({cwd: folder}, state.endsWith('/') ? path.join(state, `${name}.state`) : state);
}

type Members = Readonly<Record<string, unknown>>;

/** Throws {@link Mistakes} where there are some. */
export function assertNone(file: string, mistakes: readonly Mistake[]): void {
	if (mistakes.length > 0) throw new Mistakes(file, mistakes);
}

/** What is at a place as its schema gives it; what is wrong with it is added to the mistakes. */
export function checkAt<Schema extends Parameters<typeof checkOptions>[0]>(
	document: ConfigDocument,
	schema: Schema,
	value: unknown,
	place: Place | ((path: Place) => Place),
	mistakes: Mistake[],
) {
	const result = checkOptions(schema, value ?? {});
	if ('data' in result) return result.data;
	for (const {path: inner, expected, got} of result.issues) {
		const at = typeof place === 'function' ? place(inner) : [...place, ...inner];
		const isUnknown = inner.length === 1 && !Object.hasOwn(schema.shape, inner[0]!);
		const hint = isUnknown ? nearest(String(inner[0]), Object.keys(schema.shape)) : '';
		mistakes.push(document.mistake(at, `expected ${expected}${got === undefined ? '' : `, got ${got}${hint}`}`));
	}
	return undefined;
}

/** A source has its own options and those of the default one; anything else is its own or the default. */
function withDefaults(own: PipelineConfig, defaults: PipelineConfig): PipelineConfig {
	const source = {...defaults.source, ...own.source};
	return {...defaults, ...own, ...(Object.keys(source).length > 0 ? {source} : {})};
}

function has(value: unknown, member: Place): boolean {
	let inner = value;
	for (const key of member) {
		if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, key)) return false;
		inner = (inner as Members)[key];
	}
	return true;
}
