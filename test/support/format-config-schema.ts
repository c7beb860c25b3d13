import {z} from 'zod';
import {optionsSchema, pipelineName, pipelineSchema} from '../../lib/cli/config/config-schema.ts';
import type {SinkFactory} from '../../lib/sink/define-sink.ts';
import type {Source} from '../../lib/source/define-source.ts';
import {list, load} from '../../lib/registry.ts';

type Named = Pick<Source | SinkFactory, 'name' | 'docs' | 'options'>;

/** A source or a sink by its name, with its options. */
function named({name, docs, options}: Named): z.ZodObject {
	const {shape} = optionsSchema({options});
	return z.strictObject({name: z.literal(name), ...shape}).describe(docs.split('. ')[0]!);
}

/** A source whose other options, and name, are in `defaults`. */
function partly(source: Named): z.ZodType {
	return named(source).partial().describe(source.docs.split('. ')[0]!);
}

/** The JSON Schema of a file of pipelines, from the schemas that it is checked with. */
export async function configJsonSchema(): Promise<object> {
	const sources = await Promise.all(list('source').map(async name => load('source', name)));
	const sinks = await Promise.all(list('sink').map(async name => load('sink', name)));
	// a source of somebody else has options that nobody knows here
	const foreign = z.looseObject({name: z.string().regex(/^(\.{0,2}\/|@|dead-letter:)/)});
	const source = z.union([...sources.map(partly), foreign]);
	const target = z.union([z.string().min(1), ...sinks.map(named)]);
	const {source: _, to: __, ...members} = pipelineSchema.shape;
	const to = z.union([target, z.array(target)]).describe('where it is written');
	const pipeline = z.strictObject({source: source.optional(), to: to.optional(), ...members});
	// what is in defaults is there for some of the sources
	const defaults = z.strictObject({source: z.looseObject({}).optional(), to: to.optional(), ...members});
	const file = z.strictObject({pipelines: z.record(pipelineName, pipeline), defaults: defaults.optional()});
	return z.toJSONSchema(file, {
		io: 'input',
		unrepresentable: 'any',
		reused: 'ref',
		override({zodSchema, jsonSchema}) {
			// no file holds a Date
			if (jsonSchema.anyOf && zodSchema._zod.def.type === 'union') {
				jsonSchema.anyOf = jsonSchema.anyOf.filter(branch => Object.keys(branch).length > 0);
			}
			delete jsonSchema.default;
		},
	});
}
