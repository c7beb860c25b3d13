import {readdirSync} from 'node:fs';
import type {ApiDefinition} from './api.ts';

/** All APIs by the name of the source that reads them: the folder is the registry, as it is for sources and sinks. */
export async function loadApis(): Promise<ReadonlyMap<string, ApiDefinition>> {
	const folder = new URL('../apis/', import.meta.url);
	const files = readdirSync(folder).filter(file => /^[a-z][a-z0-9-]*\.(ts|js)$/.test(file));
	const apis = new Map<string, ApiDefinition>();
	for (const file of files.sort()) {
		// one by one: jest's loader of modules does not get along with several at once
		const module = (await import(new URL(file, folder).href)) as {default: ApiDefinition};
		apis.set(file.slice(0, -3), module.default);
	}
	return apis;
}

/** What lies between the emulator's address and each API, unless a switch moves it. */
export function contextsOf(
	apis: ReadonlyMap<string, ApiDefinition>,
	switches: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, string>> {
	return Object.fromEntries(Array.from(apis, ([name, {contextOf}]) => [name, contextOf?.(switches) ?? '']));
}
