import assert from 'node:assert/strict';
import {of} from 'rxjs';
import type {AuditEvent} from '../../lib/event.ts';
import {ocsf} from '../../lib/operators/ocsf.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import {toOcsf} from '../../lib/schemas/ocsf.ts';
import {factsOf, listen, pageOf} from '../support/pages.ts';

const source = factsOf({normalize: value => ({action: (value as {id: string}).id})});

describe('ocsf', () => {
	it('gives an event for each common record, by the facts of its source, and is not the own text any more', () => {
		const page = pageOf(['a', 'b'], {source});
		const [common] = listen(of(page).pipe(normalize())).values;
		const [mapped] = listen(of(page).pipe(normalize(), ocsf())).values;
		assert.deepEqual(
			mapped!.events,
			common!.events.map(event => toOcsf(event, source)),
		);
		assert.equal(mapped!.records, common!.records);
		assert.equal(mapped!.verbatim, false);
	});

	it('makes a dead letter of what is no common record, says so, and goes on', () => {
		const page = pageOf(['a', 'b', 'c'], {source});
		const [common] = listen(of(page).pipe(normalize())).values;
		const strange = [null, {id: 'a', time: 1}] as unknown as AuditEvent[];
		const [mapped] = listen(of({...page, events: [...strange, common!.events[2]!]}).pipe(ocsf())).values;
		assert.deepEqual(mapped!.events, [toOcsf(common!.events[2]!, source)]);
		const reason = 'an operator failed: ocsf() expected a common record, got another event; put it behind normalize()';
		assert.deepEqual(
			mapped!.rejected.map(one => [one.id, one.reason]),
			[
				['a', reason],
				['b', reason],
			],
		);
	});
});
