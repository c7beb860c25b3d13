import type {Api, Route} from './api.ts';
import type {Churn} from './switches.ts';

const HEAD = 50;
const PURGED = 10;
const STEP_MS = 1000;

/** The same API, its records changing before its pages. */
export function withChurn(api: Api, {insertEvery, removeEvery, purgeEvery}: Churn): Api {
	const {held} = api;
	let pages = 0;
	/** How often it was due before, where it is due now. */
	const turnOf = (every: number | undefined) =>
		every !== undefined && pages % every === 0 ? pages / every - 1 : undefined;

	function change(): void {
		pages++;
		const [inserts, removes, purges] = [insertEvery, removeEvery, purgeEvery].map(turnOf);
		if (inserts !== undefined) {
			const newest = Array.from(held.records(), ({timeMs}) => timeMs).slice(0, HEAD);
			const timeMs = inserts % 2 === 0 ? (newest[0] ?? 0) + STEP_MS : newest[inserts % newest.length];
			held.insert([{timeMs: timeMs ?? 0}]);
		}
		if (removes !== undefined) held.remove((_, index) => index === removes % HEAD);
		if (purges !== undefined) {
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
