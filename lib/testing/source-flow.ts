import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {Budget} from '../model/budget.ts';
import type {Page} from '../model/page.ts';
import {freshStart} from '../model/start.ts';
import {listen, settle} from './listen.ts';
import {type Subject, textsOf, withSource} from './source-under-test.ts';
import {assertInOrder} from './tally.ts';
import {it} from './runner.ts';

export function describeFlow(subject: Subject): void {
	const {source} = subject;

	for (const stopBehind of [1, 3]) {
		it(`is exact when every run is stopped behind ${stopBehind} of its pages`, () =>
			withSource(subject, {}, async ({archive, emulator, held}) => {
				const {assertHolds, fill, lines} = archive();
				const all = held();
				let runs = 0;
				for (; lines.length < all.length; runs++) {
					assert.ok(runs < 20, `${lines.length} of ${all.length} events after ${runs} runs`);
					await fill({}, stopBehind);
				}
				assertHolds(all);
				assert.ok(runs >= 2);
				assert.ok(emulator.requestCount <= 40, `${emulator.requestCount} requests`);
				// a listing knows no time, so that the next run reads all of it
				if (source.order === 'none') return;
				await fill();
				assertHolds(all);
			}));
	}

	for (const limits of [
		{maxPages: 3, maxBytes: 1e9},
		{maxPages: 9, maxBytes: 1},
	]) {
		it(`never has more in flight than the budget allows: ${JSON.stringify(limits)}`, () =>
			withSource(subject, {}, async tested => {
				const {emulator, held, options} = tested;
				const budget = new Budget(limits);
				const most = limits.maxBytes === 1 ? 1 : limits.maxPages;
				let taken = 0;
				tested.onRequest = () => {
					const inFlight = emulator.requestCount - taken;
					assert.ok(inFlight <= most, `${inFlight} pages in flight`);
				};
				const waiting: Page[] = [];
				const heard = listen(source(options(), {...freshStart(), budget}), page => void waiting.push(page));
				while (heard.ended === undefined) {
					await settle();
					// its reader takes a page only when no more can come
					const isAsking = emulator.requestCount > heard.values.length;
					if (waiting.length < most && heard.ended === undefined && isAsking) continue;
					const page = waiting.shift();
					if (page) taken++;
					page?.taken();
				}
				assert.equal(heard.error, undefined);
				assertInOrder(textsOf(heard.values), held());
			}));
	}

	it('aborts its request when nobody listens any more', () =>
		withSource(subject, {}, async ({options}) => {
			let requests = 0;
			const silent = createServer(() => void requests++).listen(0, '127.0.0.1');
			await once(silent, 'listening');
			try {
				const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
				const asked = once(silent, 'connection');
				const heard = listen(source(options({endpoint})));
				const [socket] = (await asked) as [NodeJS.EventEmitter];
				const closed = once(socket, 'close');
				if (requests === 0) await once(silent, 'request');
				heard.unsubscribe();
				await closed;
				await settle();
				assert.equal(requests, 1);
				assert.equal(heard.ended, undefined);
			} finally {
				silent.closeAllConnections();
				silent.close();
			}
		}));
}
