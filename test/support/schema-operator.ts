import assert from 'node:assert/strict';
import {of, type OperatorFunction} from 'rxjs';
import type {AuditEvent} from '../../lib/model/event.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import type {Page, SourceFacts} from '../../lib/model/page.ts';
import {factsOf, listen, pageOf} from './pages.ts';

/** What holds for each operator that maps common records to a public schema. */
export function describeSchemaOperator(
	name: string,
	operator: () => OperatorFunction<Page<AuditEvent>, Page<unknown>>,
	mapped: (event: AuditEvent, source: SourceFacts) => unknown,
): void {
	const source = factsOf({normalize: value => ({action: (value as {id: string}).id})});
	const page = pageOf(['a', 'b', 'c'], {source});
	const [common] = listen(of(page).pipe(normalize())).values;

	describe(name, () => {
		it('gives an event for each common record, by the facts of its source, and is not the own text any more', () => {
			const [result] = listen(of(common!).pipe(operator())).values;
			assert.deepEqual(
				result!.events,
				common!.events.map(event => mapped(event, source)),
			);
			assert.deepEqual(result!.records, common!.records);
			assert.equal(result!.verbatim, false);
		});

		it('makes a dead letter of what is no common record, says so, and goes on', () => {
			const strange = [null, {id: 'a', time: 1}] as unknown as AuditEvent[];
			const [, , third] = common!.events;
			const odd = common!.map((_, {id}) => (id === 'a' ? strange[0]! : id === 'b' ? strange[1]! : third!));
			const [result] = listen(of(odd).pipe(operator())).values;
			assert.deepEqual(result!.events, [mapped(third!, source)]);
			const reason = `an operator failed: ${name}() expected a common record, got another event; put it behind normalize()`;
			assert.deepEqual(
				result!.rejected.map(one => [one.id, one.reason]),
				[
					['a', reason],
					['b', reason],
				],
			);
		});
	});
}
