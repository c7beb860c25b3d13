import {z} from 'zod';
import type {SinkFactory} from '../../sink/define-sink.ts';
import type {Source} from '../../source/define-source.ts';
import {factsOf} from '../flags/options.ts';

const text = z.string().min(1, {error: 'expected a text that is not empty'});
const texts = z.union([text, z.array(text)], {error: 'expected a text or a list of texts'});
const span = z.union([text, z.literal(0)], {error: 'expected a span like 60m'});

/** Where a secret is: a file never holds one that others read. */
export type SecretPlace = {readonly env: string} | {readonly file: string};

const secretExpected = 'expected {env: NAME} or {file: PATH}, never the secret itself';
export const secretPlace = z.union([z.strictObject({env: text}), z.strictObject({file: text})], {
	error: secretExpected,
});
const secret = secretPlace.optional().meta({secret: true});

/** The members of a pipeline beside its source and its targets; most are flags of `rxaudit pull` in camelCase. */
const members = {
	format: z
		.enum(['audit', 'raw', 'ecs', 'ocsf'])
		.optional()
		.describe('what is written; default: audit, of a listing raw'),
	noRaw: z.boolean().optional().describe("true: leave the record's own text out"),
	where: texts.optional().describe('MEMBER=VALUE: only events with this value; all must hold'),
	redact: texts.optional().describe('members of the common record, email, ip or /REGEX/ to take out'),
	redactKey: secret.describe('put pseudonyms in their place, made with this key'),
	select: texts.optional().describe('write these members only'),
	enrich: texts.optional().describe('users, actions: add names that the API leaves out'),
	enrichOrgId: text.optional().describe("the organization that is asked for them; default: the source's"),
	enrichEndpoint: text.optional().describe('where it is asked'),
	enrichToken: secret.describe('the token for it'),
	state: text
		.optional()
		.describe('the state file; of a folder, with a / at its end, the file in it that is called as the pipeline'),
	onPoison: z.enum(['dead-letter', 'stop']).optional().describe('what to do with an event that cannot be processed'),
	deadLetter: text.optional().describe('where such events go; default: beside the state'),
	signKeyFile: text.optional().describe('sign manifests with this Ed25519 private key (PEM)'),
	grace: span.optional().describe('how long a run that was stopped may take to write what was fetched'),
	maxDuration: span.optional().describe('stop a run after so long'),
	follow: z.boolean().optional().describe('true: read what is new for ever, each 60s or as every says'),
	every: span.optional().describe('read what is new for ever, this often'),
	alertSilence: span.optional().describe('of one that reads for ever: how old the newest event may be'),
	concurrency: z.int().min(1).optional().describe('how many spans of time are read side by side'),
	ping: secret.describe('the address that is asked for at the beginning and the end, as healthchecks.io has it'),
};

/** All members of a pipeline; what is in its source and its targets is checked with their own schemas. */
export const pipelineSchema = z.object({
	source: z.looseObject({name: text.optional()}, {error: 'expected {name, …options}'}).optional(),
	to: z
		.union([text, z.looseObject({name: text}), z.array(z.union([text, z.looseObject({name: text})]))], {
			error: 'expected a target like ndjson:FILE, {name, …options}, or a list of them',
		})
		.optional(),
	...members,
});

export type PipelineConfig = z.output<typeof pipelineSchema>;

/** What a pipeline may be called: the name is a label of metrics and that of files. */
export const pipelineName = z.string().regex(/^[A-Za-z0-9][\w.-]{0,99}$/);

export const fileSchema = z.object({
	pipelines: z.record(z.string(), z.unknown(), {error: 'expected pipelines by name'}),
	defaults: z.unknown().optional(),
});

/** The options of a source or a sink as a file has them: secrets by their places. */
export function optionsSchema({options}: Pick<Source | SinkFactory, 'options'>): z.ZodObject {
	const shape = Object.entries(options.shape as Record<string, z.ZodType>).map(([key, type]) => {
		const {secret: isSecret, named} = factsOf(type);
		if (!isSecret) return [key, type] as const;
		const place = named ? z.record(text, secretPlace, {error: secretExpected}) : secretPlace;
		return [key, place.optional().meta({secret: true, description: type.description ?? ''})] as const;
	});
	return z.object(Object.fromEntries(shape));
}
