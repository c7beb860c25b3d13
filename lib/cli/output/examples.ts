import {contextsOf, loadApis} from '../../emulator/server/load-apis.ts';
import type {Source} from '../../source/define-source.ts';
import {flagsOf, leastFlags} from '../flags/options.ts';

/** What of a source an example of its use depends on. */
export type ExampleSource = Pick<Source, 'name' | 'auth' | 'endpoint' | 'options'>;

type Addresses = Readonly<Record<string, string>>;

/** What lies between a server's address and an API. */
const contexts: Addresses = contextsOf(await loadApis());

/** What lets in: of a user at the API itself, of everybody at `rxaudit emulate`. */
const secrets = {
	api: {bearer: 'RXAUDIT_TOKEN=…', basic: 'RXAUDIT_USERNAME=… RXAUDIT_PASSWORD=…'},
	emulator: {bearer: 'RXAUDIT_TOKEN=emulator', basic: 'RXAUDIT_USERNAME=admin RXAUDIT_PASSWORD=emulator'},
} as const;

/** The environment that a source reads its credentials from, as a shell takes it. */
export function exampleEnvironment({auth: [scheme]}: ExampleSource, where: keyof typeof secrets): string {
	return scheme === undefined ? '' : secrets[where][scheme];
}

/** The flags that a command needs at least, each with a blank in front: at the API itself, or at this address of an emulator. */
export function exampleFlags(source: ExampleSource, emulator?: string): string {
	const flags = leastFlags(source);
	const all = emulator === undefined || flags.includes('endpoint') ? flags : [...flags, 'endpoint'];
	const endpoint = (emulator ?? 'https://HOST') + (contexts[source.name] ?? '');
	// the first of those that there are: a shell takes a | for a pipe
	const valueOf = (flag: string) =>
		flag === 'endpoint' ? endpoint : flag === 'org-id' ? 'ORG' : flagsOf(source.options)[flag]!.value!.split('|')[0];
	return all.map(flag => ` --${flag} ${valueOf(flag)}`).join('');
}

/** Whether there is a stand-in of its API. */
export function isEmulated({name}: Pick<Source, 'name'>): boolean {
	return Object.hasOwn(contexts, name);
}

/** The addresses of the emulated APIs where an emulator listens at this one. */
export function addressesBelow(url: string): Addresses {
	return Object.fromEntries(Object.entries(contexts).map(([name, context]) => [name, url + context]));
}

/** Each emulated API with its address and what it lets in, for people. */
export function describeEmulated(sources: readonly ExampleSource[], addresses: Addresses): string {
	const rows = sources.filter(isEmulated).map(({name, auth}) => {
		const takes = auth.map(scheme => (scheme === 'bearer' ? 'the token' : 'user and password')).join(', or ');
		return {name, address: addresses[name]!, takes};
	});
	const width = Math.max(...rows.map(({address}) => address.length)) + 2;
	return rows.map(({name, address, takes}) => `  ${name.padEnd(28)}${address.padEnd(width)}${takes}`).join('\n');
}
