import {readdirSync} from 'node:fs';
import type {ApiDefinition} from './api.ts';

/** All APIs by the name of the source that reads them: the folder is the registry, as it is for sources and sinks. */
export async function loadApis(): Promise<ReadonlyMap<string, ApiDefinition>> {
	const folder = new URL('../apis/', import.meta.url);
	const files = readdirSync(folder).filter(file => /^[a-z][a-z0-9-]*\.(ts|js)$/.test(file));
	const apis = files.sort().map(async file => {
		const module = (await import(new URL(file, folder).href)) as {default: ApiDefinition};
		return [file.slice(0, -3), module.default] as const;
	});
	return new Map(await Promise.all(apis));
}

/** What lies between the emulator's address and each API, unless a switch moves it. */
export function contextsOf(
	apis: ReadonlyMap<string, ApiDefinition>,
	switches: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, string>> {
	return Object.fromEntries(Array.from(apis, ([name, {contextOf}]) => [name, contextOf?.(switches) ?? '']));
}
