import {list, load} from '../../lib/registry.ts';
import type {Source} from '../../lib/source/define-source.ts';

/** The sources of the registry that read an API, each of which has an emulated one of its name. */
export const apiSources: readonly Source[] = (
	await Promise.all(list('source').map(async name => load('source', name)))
).filter(({reads}) => reads === 'api');
