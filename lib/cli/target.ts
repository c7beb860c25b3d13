import {ConfigError} from '../errors.ts';
import {load} from '../registry.ts';
import type {Sink} from '../sink.ts';
import {camel} from './flags.ts';

/** The sink that `NAME[:TARGET][?key=value&…]` stands for. TARGET is taken as it is, values are percent-decoded. */
export async function parseTarget(text: string): Promise<Sink> {
	const [, name = '', target, query] = /^([^:?]*)(?::([^?]*))?(?:\?(.*))?$/s.exec(text) ?? [];
	const factory = await load('sink', name);
	const options: Record<string, string> = {};
	for (const pair of query?.split('&') ?? []) {
		const [, key = '', value] = /^([a-z][a-zA-Z0-9-]*)=(.*)$/s.exec(pair) ?? [];
		if (value === undefined) throw new ConfigError(`--to ${name}: expected options like ?key=value&key=value`);
		options[camel(key)] = decode(name, value);
	}
	if (target) options[factory.target] = target;
	if (options[factory.target] === undefined) {
		throw new ConfigError(`--to ${name}: expected a target, got none: write ${name}:${factory.target.toUpperCase()}`);
	}
	return factory(options);
}

function decode(name: string, value: string): string {
	try {
		return decodeURIComponent(value);
	} catch (cause) {
		throw new ConfigError(
			`--to ${name}: an option's value holds a % that is not followed by two hex digits; write %25`,
			{
				cause,
			},
		);
	}
}
