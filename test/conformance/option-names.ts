import assert from 'node:assert/strict';
import type {z} from 'zod';

/** Names that others use for what has one name here. */
const synonyms: Readonly<Record<string, RegExp>> = {
	endpoint: /^(base_?)?(ur[il]|address|host(name)?|server|site|domain)$/i,
	token: /^((api|access|auth|bearer)_?(key|token|secret)|key|bearer|pat|secret)$/i,
	username: /^(user(_?name)?|login|email|account)$/i,
	password: /^(pass(wd|word|phrase)?|pwd|credentials?)$/i,
	since: /^(start|from|begin|after|newer|earliest|min)(_?(time|date|at|ms|timestamp))?$|^onOrAfter$/i,
	until: /^(end|to|before|older|latest|max)(_?(time|date|at|ms|timestamp))?$|^beforeOrOn$/i,
	pageSize: /^(limit|size|count|per_?page|page_?limit|batch_?size|max_?results)$/i,
	timeoutMs: /^(request_?)?timeout(_?s(econds)?)?$/i,
	maxAttempts: /^(max_?)?(retries|tries|attempts)$/i,
	orgId: /^(org|organi[sz]ation)(_?id)?$/i,
	path: /^(file(_?(name|path))?|target|out(put)?)$/i,
	dir: /^(directory|folder)$/i,
};
const secrets = /^(token|password|header)$|secret/i;

/** Fails where an option has no description, another name than the house gives it, or shows a secret. */
export function assertOptions({shape}: z.ZodObject): void {
	const names = Object.entries(synonyms);
	for (const [name, option] of Object.entries(shape) as [string, z.ZodType][]) {
		const {description = ''} = option;
		assert.ok(description.length > 10, `${name} has no description`);
		assert.match(name, /^[a-z][A-Za-z0-9]*(\.[a-z]\w*)*$/, `${name} is not camelCase`);
		const [canonical] = names.find(([right, other]) => name !== right && other.test(name)) ?? [];
		assert.equal(canonical, undefined, `${name} should be called ${canonical}`);
		assert.equal(option.meta()?.['secret'] === true, secrets.test(name), `${name}: is it a secret?`);
		if (description.endsWith(', in milliseconds')) assert.match(name, /Ms$/, `${name} does not say its unit`);
		if (description.includes(', in bytes')) assert.match(name, /Bytes$/, `${name} does not say its unit`);
	}
}
