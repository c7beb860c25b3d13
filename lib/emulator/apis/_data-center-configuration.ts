import {isObject, parseObject} from '../data/json.ts';
import type {RecordLog} from '../data/record-log.ts';
import {jsonAnswer, type Answer} from '../server/answer.ts';
import type {ApiRequest, Route} from '../server/api.ts';
import type {Setting} from '../server/setting.ts';
import {type AuditFacts, ownRecord, type ProductFacts} from './_data-center-records.ts';

const areas = [
	'global-config-and-administration',
	'user-management',
	'permissions',
	'local-config-and-administration',
	'security',
	'end-user-activity',
	'ecosystem',
];
const levels = ['off', 'base', 'advanced', 'full'];

export interface ConfigurationOptions {
	readonly setting: Setting;
	readonly product: ProductFacts;
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
	const {setting, product, licensed, resource, errorOf} = options;
	let levelByArea: Readonly<Record<string, unknown>> = Object.fromEntries(areas.map(area => [area, 'base']));
	let period: Readonly<Record<string, number>> = {years: 3, months: 0, days: 0};
	let maxFileCount = 100;

	function note(key: string, from: string, to: string): void {
		if (from === to) return;
		const action = ['atlassian.audit.event.action.audit.config.updated', 'Audit Log configuration updated'] as const;
		const changedValues = [{key, i18nKey: `atlassian.audit.event.change.${key}`, from, to}];
		log.add(setting.options.now(), ownRecord(product, setting.options.username, {action, changedValues}));
	}

	/** The routes of a resource: a PUT answers what there is then, or 400 where `set` says that the body is wrong. */
	function at(name: string, get: () => object, set: (given: unknown) => boolean, isThere = true): readonly Route[] {
		const answer = () => jsonAnswer(200, get());
		const [key = ''] = Object.keys(get());
		const change = ({body}: ApiRequest) => (set(parseObject(body)?.[key]) ? answer() : errorOf(400));
		const path = resource(`configuration/${name}`);
		return [
			{method: 'GET', path, answer: () => (isThere ? answer() : errorOf(403))},
			{method: 'PUT', path, answer: request => (isThere ? change(request) : errorOf(403))},
		];
	}

	function setCoverage(given: unknown): boolean {
		const allowed = licensed ? levels : levels.slice(0, 2);
		const isRight = ([area, level]: [string, unknown]) => areas.includes(area) && allowed.includes(String(level));
		if (!isObject(given) || !Object.entries(given).every(isRight)) return false;
		const before = levelByArea;
		levelByArea = {...Object.fromEntries(areas.map(area => [area, 'off'])), ...given};
		for (const area of areas) {
			const name = area.replaceAll('-', '_');
			note('coverage', `${name} : ${String(before[area])}`, `${name} : ${String(levelByArea[area])}`);
		}
		return true;
	}

	function setPeriod(given: unknown): boolean {
		if (!isObject(given)) return false;
		const [years = 0, months = 0, days = 0] = ['years', 'months', 'days'].map(unit => Number(given[unit] ?? 0));
		const lengths = [years, months, days];
		if (!lengths.every(length => Number.isInteger(length) && length >= 0)) return false;
		if (lengths.every(length => length === 0)) return false;
		const before = period;
		period = {years, months, days};
		note('retention', words(before), words(period));
		return true;
	}

	function setFileCount(count: unknown): boolean {
		if (!Number.isInteger(count) || Number(count) < 1) return false;
		note('file retention', String(maxFileCount), String(count));
		maxFileCount = Number(count);
		return true;
	}

	return [
		...at('coverage', () => ({levelByArea}), setCoverage),
		...at('retention', () => ({period}), setPeriod),
		...(product.writesFiles ? at('retention/file', () => ({maxFileCount}), setFileCount, licensed) : []),
	];
}

function words(period: Readonly<Record<string, number>>): string {
	return Object.entries(period)
		.filter(([, length]) => length > 0)
		.map(([unit, length]) => `${length} ${unit[0]!.toUpperCase()}${unit.slice(1)}`)
		.join(' ');
}
