import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

/** A module as seen from elsewhere: `rxaudit-from:URL NAME` is what `import 'NAME'` gives in a file of that URL. */
export function seenFrom(url: URL, name: string): string {
	return `rxaudit-from:${url.href} ${name}`;
}

const own = pathToFileURL(createRequire(import.meta.url).resolve('rxaudit/package.json')).href;

interface ResolveContext {
	readonly parentURL?: string | undefined;
}

/** How Node finds modules once a plug-in is loaded: whoever imports rxaudit gets the copy that is running. */
export function resolve<Found>(
	specifier: string,
	context: ResolveContext,
	next: (specifier: string, context: ResolveContext) => Found,
): Found {
	const [, parentURL, name] = /^rxaudit-from:(\S+) (.+)$/.exec(specifier) ?? [];
	if (name !== undefined) return next(name, {...context, parentURL});
	return next(specifier, /^rxaudit(\/|$)/.test(specifier) ? {...context, parentURL: own} : context);
}
