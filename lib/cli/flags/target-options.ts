import type {z} from 'zod';
import type {SinkFactory} from '../../sink/define-sink.ts';
import {ConfigError} from '../../model/errors.ts';
import {camel, type Flags, kebab, nearest} from './flags.ts';

/** The options that a target may have, as they are spelled there: for a secret, the file that holds it. */
export function targetOptionsOf({options}: Pick<SinkFactory, 'options'>): Flags {
	const entries = Object.entries(options.shape as Record<string, z.ZodType>).map(([key, type]) => {
		const name = targetOptionName(options, key);
		if (isNamed(type)) {
			const help = `${type.description}; NAME=env:VARIABLE takes it from the environment`;
			return [name, {value: 'NAME=FILE', repeat: true, help}] as const;
		}
		if (isSecret(type)) return [name, {value: 'FILE', help: `file with the ${key} for this address`}] as const;
		const initial = type.safeParse(undefined).data as string | number | boolean | undefined;
		const help = (type.description ?? '').replace(/; flag: .*$/, '');
		return [name, {value: 'VALUE', help: help + (initial === undefined ? '' : ` (default: ${initial})`)}] as const;
	});
	return Object.fromEntries(entries);
}

/** How an option is spelled in a target. */
export function targetOptionName({shape}: z.ZodObject, key: string): string {
	const type = shape[key] as z.ZodType | undefined;
	return isSecret(type) && !isNamed(type) ? `${kebab(key)}-file` : kebab(key);
}

/** Throws a ConfigError for an option that the sink does not have, and for a secret, which it does not repeat. */
export function checkTargetOption(name: string, factory: Pick<SinkFactory, 'options'>, option: string): void {
	const {shape} = factory.options as {shape: Record<string, z.ZodType>};
	if (Object.hasOwn(shape, camel(option)) && isSecret(shape[camel(option)])) {
		throw new ConfigError(
			`--to ${name}: a secret on the command line can be read by everybody on this machine; ` +
				`put it into a file, and give ${targetOptionName(factory.options, camel(option))}=FILE`,
		);
	}
	const names = Object.keys(targetOptionsOf(factory));
	if (names.some(known => camel(known) === camel(option))) return;
	throw new ConfigError(
		`--to ${name}: unknown option ${option}${nearest(option, names)}: expected one of ${names.join(', ')}`,
	);
}

/** Whether a value is the name of a file or a folder. */
export function isFile({options}: Pick<SinkFactory, 'options'>, key: string): boolean {
	const type = options.shape[key] as z.ZodType | undefined;
	return key.endsWith('File') || type?.meta()?.['file'] === true;
}

/** Whether an option is secrets by name: `--OPTION NAME=FILE`, as often as there are names. */
export function isNamed(type: z.ZodType | undefined): boolean {
	return type?.meta()?.['named'] === true;
}

function isSecret(type: z.ZodType | undefined): boolean {
	return type?.meta()?.['secret'] === true;
}
