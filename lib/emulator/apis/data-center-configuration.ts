import {jsonAnswer, type Answer} from '../server/answer.ts';
import type {AuditFacts} from './data-center-records.ts';
import {configurationUpdated, type Reader} from './data-center-self-audit.ts';
import {isObject, parseObject} from '../server/parse-object.ts';
import type {RecordLog} from '../data/record-log.ts';
import type {ApiRequest, Route} from '../server/route.ts';

const areas = [
	'global-config-and-administration',
	'user-management',
	'permissions',
	'local-config-and-administration',
	'security',
	'end-user-activity',
	'ecosystem',
] as const;
const levels = ['off', 'base', 'advanced', 'full'];
const serverLevels = ['off', 'base'];

export interface ConfigurationOptions extends Reader {
	readonly now: () => number;
	readonly licensed: boolean;
	/** The path of a resource of the plugin. */
	resource(name: string): RegExp;
	errorOf(status: number): Answer;
}

/**
 * What the plugin audits, and for how long it keeps it. A change is audited itself. An area that a PUT leaves out
 * is switched off; the vendor does not say what happens to it, and this is the worst that could.
 */
export function dataCenterConfiguration(options: ConfigurationOptions, log: RecordLog<AuditFacts>): readonly Route[] {
	let levelByArea: Readonly<Record<string, string>> = Object.fromEntries(areas.map(area => [area, 'base']));
	let period = {years: 3, months: 0, days: 0};
	let maxFileCount = 100;
	const {resource, errorOf} = options;

	function note(key: string, from: string, to: string): void {
		if (from !== to) log.add(options.now(), configurationUpdated(options, key, from, to));
	}

	function setCoverage({body}: ApiRequest): Answer {
		const given = parseObject(body)?.['levelByArea'];
		const allowed = options.licensed ? levels : serverLevels;
		if (!isObject(given)) return errorOf(400);
		const isRight = ([area, level]: [string, unknown]) =>
			areas.some(known => known === area) && allowed.includes(String(level));
		if (!Object.entries(given).every(isRight)) return errorOf(400);
		const before = levelByArea;
		levelByArea = {...Object.fromEntries(areas.map(area => [area, 'off'])), ...(given as Record<string, string>)};
		for (const area of areas) {
			const name = area.replaceAll('-', '_');
			note('coverage', `${name} : ${before[area]}`, `${name} : ${levelByArea[area]}`);
		}
		return json({levelByArea});
	}

	function setRetention({body}: ApiRequest): Answer {
		const given = parseObject(body)?.['period'];
		if (!isObject(given)) return errorOf(400);
		const {years = 0, months = 0, days = 0} = given;
		const lengths = [years, months, days].map(Number);
		if (!lengths.every(length => Number.isInteger(length) && length >= 0)) return errorOf(400);
		if (lengths.every(length => length === 0)) return errorOf(400);
		const before = period;
		period = {years: Number(years), months: Number(months), days: Number(days)};
		note('retention', words(before), words(period));
		return json({period});
	}

	function setFile({body}: ApiRequest): Answer {
		const count = parseObject(body)?.['maxFileCount'];
		if (!Number.isInteger(count) || Number(count) < 1) return errorOf(400);
		note('file retention', String(maxFileCount), String(count));
		maxFileCount = Number(count);
		return json({maxFileCount});
	}

	const licensedOnly = (answer: Route['answer']) => (options.licensed ? answer : () => errorOf(403));
	const file: readonly Route[] = [
		{
			method: 'GET',
			path: resource('configuration/retention/file'),
			answer: licensedOnly(() => json({maxFileCount})),
		},
		{method: 'PUT', path: resource('configuration/retention/file'), answer: licensedOnly(setFile)},
	];
	return [
		{method: 'GET', path: resource('configuration/coverage'), answer: () => json({levelByArea})},
		{method: 'PUT', path: resource('configuration/coverage'), answer: setCoverage},
		{method: 'GET', path: resource('configuration/retention'), answer: () => json({period})},
		{method: 'PUT', path: resource('configuration/retention'), answer: setRetention},
		// the other products write no audit log file
		...(options.product === 'jira' ? file : []),
	];
}

function json(value: object): Answer {
	return jsonAnswer(200, Buffer.from(JSON.stringify(value)));
}

function words(period: Readonly<Record<string, number>>): string {
	return Object.entries(period)
		.filter(([, length]) => length > 0)
		.map(([unit, length]) => `${length} ${unit[0]!.toUpperCase()}${unit.slice(1)}`)
		.join(' ');
}
