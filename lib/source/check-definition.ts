import {z} from 'zod';

const text = z.string().min(1);
const count = z.number().int().positive();
const fn = z.custom<unknown>(value => typeof value === 'function', {error: 'expected a function'});
const optional = (type: z.ZodType) => type.optional();

const deprecations = z.array(
	z.strictObject({date: optional(z.iso.date()), what: text, advice: text, reference: z.url()}),
);

/** What a definition may hold: a name that is misspelt, or a lag that is no number, would lose events without a word. */
const definition = z
	.strictObject({
		name: text.regex(/^[a-z][a-z\d-]*$/, {error: 'expected a kebab-case name'}),
		docs: text,
		reference: text,
		endpoint: optional(z.url()),
		context: optional(text),
		auth: z.array(z.enum(['bearer', 'basic'])).min(1),
		rate: optional(z.strictObject({requests: count, perMs: z.number().positive().finite()})),
		gateway: optional(text),
		insecure: optional(z.boolean()),
		wording: optional(z.looseObject({})),
		outOfQuota: optional(fn),
		options: z.record(
			z.string().regex(/^[a-z][A-Za-z\d]*$/, {error: 'expected a camelCase name'}),
			z.custom<unknown>(value => value instanceof z.ZodType, {error: 'expected a type of z, of rxaudit/plugin'}),
		),
		order: z.enum(['newest-first', 'oldest-first', 'none']),
		ids: z.enum(['global', 'tenant']),
		unorderedLists: optional(z.boolean()),
		lagMs: z.number().nonnegative().finite(),
		largestPage: optional(z.number().int().min(1).max(10_000)),
		retention: optional(
			z.union([z.strictObject({days: z.number().positive().finite()}), z.strictObject({operation: text})], {
				error: 'expected {days} or {operation}',
			}),
		),
		records: optional(text),
		id: optional(fn),
		identity: optional(fn),
		time: optional(fn),
		sortTime: optional(fn),
		asGiven: optional(fn),
		tenant: fn,
		request: fn,
		next: optional(fn),
		goesOnByCursor: optional(z.boolean()),
		isLast: optional(fn),
		refusesCursor: optional(fn),
		leavesOut: optional(fn),
		product: optional(z.strictObject({vendor: optional(text), name: text})),
		actions: optional(z.record(z.string(), z.string())),
		actionWords: optional(fn),
		mapping: z.looseObject({}),
		operations: optional(z.record(z.string(), z.looseObject({deprecations: optional(deprecations)}))),
		deprecations: optional(deprecations),
		enrichedBy: optional(z.strictObject({users: optional(text), actions: optional(text)})),
		catalogue: optional(z.looseObject({})),
	})
	.refine(({id, identity}) => id !== undefined || identity !== undefined, {error: 'expected id, or else identity'})
	.refine(
		({retention, operations}) => {
			const {operation} = (retention ?? {}) as {readonly operation?: string};
			return operation === undefined || Object.hasOwn(operations ?? {}, operation);
		},
		{error: 'retention: expected the name of one of its operations'},
	)
	.refine(({time, order}) => time !== undefined || order === 'none', {error: 'expected time, unless order is none'});

/** Throws a TypeError that names all that is wrong with a definition: its author is told when it is loaded. */
export function checkDefinition(given: object): void {
	const {error} = definition.safeParse(given);
	if (!error) return;
	const {name} = given as {readonly name?: unknown};
	throw new TypeError(`defineSource: ${typeof name === 'string' ? `${name}: ` : ''}${z.prettifyError(error)}`);
}
