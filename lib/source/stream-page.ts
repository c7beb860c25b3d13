import type {BudgetPlace} from '../model/budget.ts';
import type {Json} from '../model/event.ts';
import {huntForgotten, reportIdle, unsettledPages} from '../model/lost-pages.ts';
import {Page, type SourceFacts} from '../model/page.ts';
import type {Start} from '../model/start.ts';
import type {PageStream} from '../model/stream.ts';
import type {Fetched, SourcePosition} from './scan.ts';

/** What a page needs of the subscription that it is for. */
interface PageOwner {
	readonly stream: PageStream;
	/** Gives back the place of each page that is in memory; none refers to its page, which may be dropped. */
	readonly open: Set<() => void>;
	readonly source: SourceFacts;
	readonly position: SourcePosition;
	readonly start: Start;
	/** The place in the budget that the page gives back, if it takes one. */
	readonly place?: BudgetPlace | undefined;
	readonly fail: (reason: unknown) => void;
}

/** The next page of a subscription. */
export function streamPage<T>(
	answer: Fetched<T>,
	{stream, open, source, position, start, place, fail}: PageOwner,
): Page<T> {
	const sequence = stream.emitted++;
	const taken = () => {
		open.delete(taken);
		place?.release();
	};
	open.add(taken);
	return Page.of<T>(
		{...answer, source, sequence, position: position as unknown as Json, run: start, stream},
		{taken, acked: () => stream.ack(sequence), nacked: fail},
	);
}

/** A place in the budget, when there is one; meanwhile it is noticed where pages are dropped, or held back for ever. */
export async function roomFor(
	{budget}: Start,
	signal: AbortSignal,
	fail: (reason: unknown) => void,
): Promise<BudgetPlace> {
	const hunt = huntForgotten();
	const idle = reportIdle(() => fail(unsettledPages(budget.held ?? 'nothing is pending any more')));
	try {
		return await budget.acquire(signal);
	} finally {
		hunt.stop();
		idle.stop();
	}
}
