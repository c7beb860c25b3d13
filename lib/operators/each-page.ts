import {map, type OperatorFunction} from 'rxjs';
import {ConfigError} from '../model/errors.ts';
import {forgetValue} from '../model/own-record.ts';
import {type Entry, Page, type SourceRecord, type Step} from '../model/page.ts';

/** What must have been done to a page before this step, and what must not. */
interface Order {
	readonly behind?: Step;
	readonly before?: readonly Step[];
}

const orders: Readonly<Partial<Record<Step, Order>>> = {
	normalize: {before: ['normalize', 'enrich', 'redact', 'select', 'ecs', 'ocsf']},
	enrich: {behind: 'normalize', before: ['redact', 'select', 'ecs', 'ocsf']},
	redact: {behind: 'normalize', before: ['select', 'ecs', 'ocsf']},
	ecs: {behind: 'normalize', before: ['select', 'ecs', 'ocsf']},
	ocsf: {behind: 'normalize', before: ['select', 'ecs', 'ocsf']},
};

/** The page that an operator got, if it is one and in the place for this step; throws a ConfigError where not. */
export function pageFor<T>(operator: string, page: Page<T>, step?: Step): Page<T> {
	if (!Page.is(page)) {
		throw new ConfigError(
			`${operator}: expected a page, got something else; make a page from another with page.map(), page.filter() or page.flatMap(), which keep each event with its record, never with a spread`,
		);
	}
	const {behind, before = []} = (step && orders[step]) ?? {};
	if (behind && !page.steps.includes(behind)) {
		throw new ConfigError(`${operator}: expected common records, got those of the API; put it behind ${behind}()`);
	}
	const passed = before.find(other => page.steps.includes(other));
	if (passed === operator) throw new ConfigError(`${operator}: expected it once, got it twice; leave one out`);
	if (passed)
		throw new ConfigError(`${operator}: expected events that have not passed ${passed}(); put it in front of it`);
	return page;
}

/** Pages that `change` made of these; it is called for one page after the other. */
export function eachPage<T, R>(step: Step, change: (page: Page<T>) => Page<R>): OperatorFunction<Page<T>, Page<R>> {
	return map(given => {
		const page = pageFor(step, given, step);
		return change(page).with({steps: [...page.steps, step]});
	});
}

/** The page with what `project` made of each event, and a dead letter for each for which it throws. */
export function mapOrReject<T, R>(
	page: Page<T>,
	project: (event: T, record: SourceRecord) => R,
	reason: (error: unknown) => string,
): Page<R> {
	const entries: Entry<R>[] = [];
	const rejected = [...page.rejected];
	for (const entry of page.entries) {
		const {record} = entry;
		try {
			entries.push({event: project(entry.event, record), record});
			forgetValue(record);
		} catch (error) {
			rejected.push({id: record.id, text: record.text, reason: reason(error)});
		}
	}
	return page.with({entries, rejected, verbatim: false});
}
