import assert from 'node:assert/strict';
import {AuthError, SourceError} from '../../lib/model/errors.ts';
import {createSizedReader} from '../../lib/source/page-size.ts';
import type {Scan} from '../../lib/source/scan.ts';
import {answerOf} from '../support/scripted-api.ts';

const scan: Scan = {sinceMs: 0, untilMs: 10, coversToMs: 10};
const slow = new SourceError('HTTP_STATUS', 'some-source answered 504', {status: 504});

interface Api {
	/** Fails instead of answering. */
	fail?(size: number | undefined, request: number): unknown;
	/** The size of an answer where none is asked for. */
	readonly usual?: number;
	readonly pageSize?: number;
	readonly largestPage?: number;
	readonly inRequest?: boolean;
}

/** Reads so many pages; gives what was asked for: `size*attempts`, with a `!` where that failed. */
async function asked(pages: number, {fail = () => undefined, usual = 100, inRequest = true, ...sizes}: Api) {
	const log: string[] = [];
	const signal = new AbortController().signal;
	const read = createSizedReader<unknown>(
		(size, attempts) => async () => {
			const error = fail(size, log.length);
			log.push(`${size}*${attempts}${error === undefined ? '' : '!'}`);
			if (error !== undefined) throw error;
			return answerOf(Array.from({length: size ?? usual}, (_, index) => `${index}`));
		},
		{pageSize: sizes.pageSize, largestPage: sizes.largestPage, inRequest, maxAttempts: 6},
	);
	let error: unknown;
	for (let page = 0; page < pages; page++) await read(scan, signal).catch((reason: unknown) => (error = reason));
	return {log, error};
}

const above = (most: number) => (size: number | undefined) => ((size ?? Infinity) > most ? slow : undefined);

describe('createSizedReader', () => {
	it('asks for what the user wants, and for nothing where he does not say', async () => {
		assert.deepEqual((await asked(2, {})).log, ['undefined*6', 'undefined*6']);
		assert.deepEqual((await asked(2, {pageSize: 50})).log, ['50*6', '50*6']);
	});

	it('asks for the largest page where the user does not say, and for what he says where that is another', async () => {
		assert.deepEqual((await asked(2, {largestPage: 500})).log, ['500*6', '500*6']);
		assert.deepEqual((await asked(1, {largestPage: 500, pageSize: 900})).log, ['900*6']);
		assert.deepEqual((await asked(1, {largestPage: 500, fail: above(200)})).log, ['500*6!', '250*1!', '125*1']);
	});

	it('asks for no size where the API refuses the largest one', async () => {
		const limit = new SourceError('HTTP_STATUS', 'limit', {status: 400});
		const upTo = (most: number) => (size: number | undefined) =>
			size !== undefined && size > most ? limit : undefined;
		const {log, error} = await asked(3, {largestPage: 500, usual: 30, fail: upTo(100)});
		assert.deepEqual(log, ['500*6!', 'undefined*6', 'undefined*6', 'undefined*6']);
		assert.equal(error, undefined);
		assert.equal((await asked(1, {pageSize: 500, fail: upTo(100)})).error, limit, 'the user is told');
	});

	it('does not take another refusal for that of the size', async () => {
		const wrong = new SourceError('HTTP_STATUS', 'wrong filter', {status: 400});
		const always = await asked(2, {largestPage: 500, fail: () => wrong});
		assert.deepEqual(always.log, ['500*6!', 'undefined*6!', '500*6!']);
		assert.equal(always.error, wrong);
		const later = await asked(2, {largestPage: 500, fail: (_, request) => (request === 1 ? wrong : undefined)});
		assert.deepEqual(later.log, ['500*6', '500*6!']);
	});

	it('asks for half, once each, until a page comes', async () => {
		const {log, error} = await asked(1, {pageSize: 80, fail: above(12)});
		assert.deepEqual(log, ['80*6!', '40*1!', '20*1!', '10*1']);
		assert.equal(error, undefined);
	});

	it('asks for half of the most that came, where nothing was asked for', async () => {
		const fail = (_: unknown, request: number) => (request === 1 ? slow : undefined);
		assert.deepEqual((await asked(2, {usual: 30, fail})).log, ['undefined*6', 'undefined*6!', '15*1']);
	});

	it('tries as much as no API gives by itself, where nothing came, and takes a refusal of that for too much', async () => {
		const fail = (size = Infinity) =>
			size > 200 && size < Infinity ? new SourceError('HTTP_STATUS', 'limit', {status: 400}) : above(70)(size);
		assert.deepEqual((await asked(1, {fail})).log, ['undefined*6!', '500*1!', '250*1!', '125*1!', '62*1']);
	});

	it('grows again, and more and more patiently where that fails', async () => {
		const {log} = await asked(8, {pageSize: 40, fail: above(10)});
		const first = ['40*6!', '20*1!', '10*1'];
		const patiently = ['20*1!', '10*6', '10*6', '20*1!', '10*6', '10*6', '10*6', '10*6', '20*1!', '10*6'];
		assert.deepEqual(log, [...first, ...patiently]);
	});

	it('is back at what is wanted when the server is', async () => {
		const fail = (size: number | undefined, request: number) => (request < 3 ? above(10)(size) : undefined);
		const {log} = await asked(6, {pageSize: 40, fail});
		assert.deepEqual(log, ['40*6!', '20*1!', '10*1', '20*1', '20*6', '40*1', '40*6', '40*6']);
	});

	it('names the options where not even one event comes, and then is less patient until a page comes', async () => {
		const fail = (_: unknown, request: number) => (request < 8 ? slow : undefined);
		const {log, error} = await asked(4, {pageSize: 4, fail});
		assert.deepEqual(log, ['4*6!', '2*1!', '1*1!', '4*2!', '1*1!', '4*2!', '1*1!', '4*2!', '1*1']);
		assert.match(String(error), /504; smaller pages failed too, .*option pageSize and option maxBodyBytes/);
		assert.equal((error as SourceError).status, 504);
	});

	it('is less patient behind any failure that concerns a page', async () => {
		const broken = new SourceError('HTTP_STATUS', 'x', {status: 501});
		const fail = (_: unknown, request: number) => (request < 2 ? broken : undefined);
		assert.deepEqual((await asked(4, {pageSize: 4, fail})).log, ['4*6!', '4*2!', '4*2', '4*6']);
	});

	it('leaves alone what a smaller page does not mend', async () => {
		const refused = new AuthError('FORBIDDEN', 'no');
		const {log, error} = await asked(1, {pageSize: 4, fail: () => refused});
		assert.deepEqual([log, error], [['4*6!'], refused]);
		const later = await asked(1, {pageSize: 8, fail: size => (size === 8 ? slow : refused)});
		assert.deepEqual([later.log, later.error], [['8*6!', '4*1!'], refused]);
	});

	it('has nothing to make smaller where requests do not say how large', async () => {
		const {log, error} = await asked(1, {inRequest: false, fail: () => slow});
		assert.deepEqual([log, error], [['undefined*6!'], slow]);
	});
});
