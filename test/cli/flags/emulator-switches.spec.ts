import assert from 'node:assert/strict';
import {z} from 'zod';
import {describeSwitches, emulatorSwitches, parseSwitches} from '../../../lib/cli/flags/emulator.ts';
import {kebab} from '../../../lib/cli/flags/flags.ts';
import {bearer, call, type Question, withEmulator} from '../../emulator/ask.ts';

interface Schema {
	readonly type?: string;
	readonly enum?: readonly string[];
	readonly minimum?: number;
	readonly properties?: Readonly<Record<string, Schema>>;
}

/** All switches as zod itself lists them, by the path of their members. */
function leaves({properties = {}}: Schema, path: readonly string[] = []): [readonly string[], Schema][] {
	return Object.entries(properties).flatMap(([member, schema]) => {
		const whole = [...path, member];
		return schema.properties ? leaves(schema, whole) : [[whole, schema]];
	});
}

const all = leaves(z.toJSONSchema(emulatorSwitches) as Schema);
const nameOf = (path: readonly string[]) => path.map(kebab).join('.');
/** So that there are twins, and a long burst, among a few records. */
const alwaysSet = ['bursts.per-thousand=100', 'bursts.long-every=1'];
const textSamples = ['https://other.test', '/other', 'America/Lima'];

/** The values to try, of which the first that is taken counts where it is a text. */
function samplesOf(path: readonly string[], {type, enum: names, minimum = 0}: Schema): unknown[] {
	if (type === 'boolean') return [true, false];
	if (type === 'integer') return [minimum + 1];
	return (
		names?.slice() ?? [
			textSamples.find(text => z.safeParse(emulatorSwitches, nested(path, text)).success) ?? assert.fail(nameOf(path)),
		]
	);
}

function nested(path: readonly string[], value: unknown): unknown {
	return path.reduceRight<unknown>((inner, member) => ({[member]: inner}), value);
}

/** What every API says under these switches to a client that asks for some of everything. */
async function answers(texts: readonly string[]): Promise<string> {
	let clock = Date.UTC(2026, 1, 1);
	const said: string[] = [];
	const options = {events: 300, now: () => (clock += 1000), switches: parseSwitches(texts)};
	await withEmulator(options, async emulator => {
		const ask = async (path: string, question: Question = {}) => {
			const headers = {'accept-encoding': 'gzip', ...question.headers};
			const reply = await call(emulator, path, {...question, headers});
			const text = reply.body.toString().replaceAll(new URL(emulator.url).host, 'HOST');
			said.push(`${path} ${reply.status} ${reply.headers['content-encoding']} ${text}`);
			return /"next": ?"([^"]+)","prev"/.exec(text)?.[1] ?? '';
		};
		const askOrg = (path: string) => ask(`/admin/v1/orgs/${emulator.orgId}/${path}`, {headers: bearer(emulator.token)});
		const timeOf = (index: number) => Date.UTC(2026, 0, 31, 23, 59) - index * 60_000;

		const second = await askOrg('events?limit=3');
		await askOrg(`events?to=${timeOf(220)}&limit=100`);
		await askOrg(`events?cursor=${second}`);
		await askOrg('events?limit=none');
		await askOrg(`events-stream?from=${timeOf(200)}&to=${timeOf(100)}`);
		await askOrg(`events-stream?cursor=${await askOrg(`events-stream?limit=500&from=${timeOf(10)}`)}`);
		await ask('/wiki/rest/api/audit?limit=250&startDate=1');
		await ask('/jira/rest/auditing/1.0/events?limit=4&categories=a');
		for (const product of ['jira', 'confluence', 'bitbucket', 'jira']) {
			await ask(`/${product}/rest/auditing/1.0/events?limit=4`);
		}
		for (let time = 0; time < 2; time++) {
			await ask('/crowd/rest/admin/1.0/auditlog/query?limit=40', {method: 'POST', body: {}});
		}
	});
	return said.join('\n');
}

describe('emulator switches', () => {
	it('can all be set by name, and are all in the help', () => {
		const help = describeSwitches();
		assert.ok(all.length > 30);
		for (const [path, schema] of all) {
			const name = nameOf(path);
			assert.match(help, new RegExp(`^ {2}${name.replaceAll('.', '\\.')}=\\S+\n {6}\\S.{15}`, 'm'));
			for (const value of samplesOf(path, schema)) {
				assert.deepEqual(parseSwitches([`${name}=${value}`]), nested(path, value));
			}
		}
		assert.equal(help.match(/^ {2}\S+=/gm)?.length, all.length);
	});

	it('can be set together', () => {
		const texts = ['crowd.stable-sets=true', 'end=null', 'crowd.time-zone=UTC', 'data-center.contexts.jira='];
		assert.deepEqual(parseSwitches(texts), {
			crowd: {stableSets: true, timeZone: 'UTC'},
			end: 'null',
			dataCenter: {contexts: {jira: ''}},
		});
		assert.deepEqual(parseSwitches([]), {});
	});

	describe('change what is served', () => {
		const known = new Map<string, Promise<string>>();
		function answersWithout(others: readonly string[]): Promise<string> {
			const key = others.join(' ');
			known.set(key, known.get(key) ?? answers(others));
			return known.get(key)!;
		}

		it('only where they are set', async () => assert.equal(await answers(alwaysSet), await answers(alwaysSet)));

		for (const [path, schema] of all) {
			const name = nameOf(path);
			it(name, async () => {
				const samples = samplesOf(path, schema);
				const others = alwaysSet.filter(text => !text.startsWith(`${name}=`));
				const unchanged = await answersWithout(others);
				const same: unknown[] = [];
				for (const value of samples)
					if ((await answers([...others, `${name}=${value}`])) === unchanged) same.push(value);
				// of several values one is the default
				assert.ok(same.length < Math.min(2, samples.length), `${name}: ${same.join(', ')} changes nothing`);
			});
		}
	});

	for (const [texts, message] of [
		[['end'], /^--switch: expected NAME=VALUE, got "end"$/],
		[['ends=null'], /^--switch: unknown switch "ends" \(did you mean end\?\): see --help for what there is$/],
		[['stream=always'], /^--switch: unknown switch "stream": see --help/],
		[['__proto__.x=1'], /^--switch: unknown switch "__proto__\.x": see --help/],
		[['end=nil'], /^--switch end: expected one of "null"\|"absent"\|"empty-page", got "nil"$/],
		[['gzip=yes'], /^--switch gzip: expected boolean, got "yes"$/],
		[['max-limit=many'], /^--switch max-limit: expected number, got "many"$/],
		[['max-limit='], /^--switch max-limit: expected number, got ""$/],
		[['churn.insert-every=0'], /^--switch churn\.insert-every: expected a number of at least 1, got 0$/],
		[['twin-percent=101'], /^--switch twin-percent: expected a number of at most 100, got 101$/],
		[
			['link-origin=https://x/y'],
			/^--switch link-origin: expected an origin like https:\/\/\S+, got "https:\/\/x\/y"$/,
		],
		[['path-prefix=x'], /^--switch path-prefix: expected a path like \/proxy, got "x"$/],
		[['crowd.time-zone=Moon'], /^--switch crowd\.time-zone: expected a time zone like Europe\/Helsinki, got "Moon"$/],
		[['gzip=true', 'gzip=true'], /^--switch gzip: expected it once, got it again$/],
	] as const) {
		it(`refuse ${texts.join(' ')}`, () => assert.throws(() => parseSwitches(texts), {name: 'ConfigError', message}));
	}
});
