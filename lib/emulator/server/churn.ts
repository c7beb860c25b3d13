import {z} from 'zod';
import type {Api, EmulatedApi} from './api.ts';
import {firstOf} from '../data/first-of.ts';
import type {Route} from './route.ts';
import {wholeFrom} from './switch-value.ts';

const HEAD = 50;
const PURGED = 10;
const STEP_MS = 1000;

/** How records come and go while they are read: before every n-th page of an API, each API by itself. */
export const churnSwitches = z.strictObject({
	insertEvery: wholeFrom(
		1,
		'before every n-th page of an API there is a new record: the newest of all, and the next time a late one among the newest fifty, in turn',
	),
	removeEvery: wholeFrom(
		1,
		'before every n-th page one of the newest fifty records is deleted, the first of them before the last',
	),
	purgeEvery: wholeFrom(1, 'before every n-th page the ten oldest records are deleted, as the retention does it'),
});

export type Churn = Readonly<z.output<typeof churnSwitches>>;

/** The same API, its records changing before its pages. */
export function withChurn(api: Api, held: EmulatedApi, {insertEvery, removeEvery, purgeEvery}: Churn): Api {
	let pages = 0;
	const isDue = (every: number | undefined) => every !== undefined && pages % every === 0;
	const turnOf = (every: number) => pages / every - 1;

	function change(): void {
		pages++;
		if (isDue(insertEvery)) {
			const turn = turnOf(insertEvery!);
			const newest = firstOf(held.records(), HEAD);
			const timeMs = turn % 2 === 0 ? (newest[0]?.timeMs ?? 0) + STEP_MS : newest[turn % newest.length]?.timeMs;
			held.insert([{timeMs: timeMs ?? 0}]);
		}
		if (isDue(removeEvery)) {
			const place = turnOf(removeEvery!) % HEAD;
			held.remove((_, index) => index === place);
		}
		if (isDue(purgeEvery)) {
			const left = Array.from(held.records()).length - PURGED;
			held.remove((_, index) => index >= left);
		}
	}

	const changing = (route: Route): Route => ({
		...route,
		answer(request) {
			change();
			return route.answer(request);
		},
	});
	return {...api, routes: api.routes.map(route => (route.paged ? changing(route) : route))};
}
