import assert from 'node:assert/strict';
import fc from 'fast-check';
import {from, lastValueFrom, map, NEVER, of, range, throwError} from 'rxjs';
import {accountsIn, actionsIn} from '../../lib/operators/directory.ts';
import type {Page} from '../../lib/model/page.ts';
import {factsOf, pageOf, settledLog} from '../support/pages.ts';

interface Account {
	readonly id?: unknown;
	readonly name?: unknown;
	readonly email?: unknown;
	readonly type?: string;
}

const source = factsOf({
	normalize(value) {
		const {type = 'user', ...account} = value as Account;
		if (account.name === 'broken') throw new Error('broken');
		return {targets: [{type, ...account} as {}]};
	},
});
const settled = settledLog();

function listing(accounts: readonly Account[], sequence = 0): Page {
	const records = accounts.map((value, index) => ({id: String(index), value}));
	return pageOf(records, {source, sequence, settled});
}

async function read(pages: readonly Page[], maxAccounts = 100) {
	let full = 0;
	const accounts = await lastValueFrom(accountsIn(from(pages), maxAccounts, () => full++));
	return {accounts: Object.fromEntries(accounts), full};
}

describe('accountsIn', () => {
	it('gives the users of all pages, and acknowledges those', async () => {
		const pages = [
			listing([{id: 'a', name: 'Ann', email: 'ann@x'}, {id: 'b'}]),
			listing([], 1),
			listing(
				[
					{id: 'c', email: 'c@x'},
					{id: 'g', name: 'Group', type: 'group'},
				],
				2,
			),
		];
		const {accounts, full} = await read(pages);
		assert.deepEqual(accounts, {a: {name: 'Ann', email: 'ann@x'}, c: {email: 'c@x'}});
		assert.equal(full, 0);
		assert.deepEqual(settled.acked, [0, 1, 2]);
		assert.deepEqual((await read([])).accounts, {});
	});

	it('says nothing before the end, and passes on an error', async () => {
		assert.equal(await Promise.race([lastValueFrom(accountsIn(NEVER, 9, () => {})), Promise.resolve('none')]), 'none');
		const boom = new Error('boom');
		const failing = throwError(() => boom);
		await assert.rejects(lastValueFrom(accountsIn(failing, 9, () => {})), boom);
	});

	it('passes over what is no account, and takes the first of an id that comes twice', async () => {
		const {accounts} = await read([
			listing([
				{name: 'no id'},
				{id: '', name: 'no id'},
				{id: 7, name: 'no text'},
				{id: 'x', name: 'broken'},
				{id: 'a', name: {}, email: ''},
				{id: 'a', name: 'first'},
				{id: 'a', name: 'second'},
				{id: '__proto__', name: 'proto'},
				{id: 'h', name: '\ud83dhalf'},
			]),
		]);
		assert.deepEqual(Object.entries(accounts), [
			['a', {name: 'first'}],
			['__proto__', {name: 'proto'}],
			['h', {name: '\ufffdhalf'}],
		]);
	});

	it('stays bounded: so many accounts, and no long texts', async () => {
		const many = Array.from({length: 10}, (_, index) => ({id: `id ${index}`, name: `name ${index}`}));
		assert.deepEqual((await read([listing(many)], 10)).full, 0);
		const {accounts, full} = await read([listing(many), listing(many, 1)], 9);
		assert.equal(full, 1);
		const first = many.slice(0, 9).map(({id}) => id);
		assert.deepEqual(Object.keys(accounts), first);
		const long = 'x'.repeat(257);
		const texts = await read([
			listing([
				{id: long, name: 'n'},
				{id: 'a', name: long, email: 'a@x'},
			]),
		]);
		assert.deepEqual(texts.accounts, {a: {email: 'a@x'}});
	});

	it('reads no further when it is full', async () => {
		let asked = 0;
		const endless = range(0, Infinity).pipe(map(index => listing([{id: `id ${index}`, name: 'n'}], asked++)));
		const accounts = await lastValueFrom(accountsIn(endless, 5, () => {}));
		assert.deepEqual([accounts.size, asked], [5, 6]);
	});

	it('takes whatever a listing may say', async () => {
		const any = fc.oneof(fc.string({unit: 'binary'}), fc.anything());
		await fc.assert(
			fc.asyncProperty(fc.array(fc.record({id: any, name: any, email: any}, {requiredKeys: []})), async given => {
				const accounts = await lastValueFrom(accountsIn(of(listing(given)), 100, () => {}));
				for (const [id, names] of accounts) {
					assert(given.some(one => one.id === id));
					for (const text of Object.values(names)) assert(typeof text === 'string' && text !== '');
				}
			}),
			{numRuns: 50},
		);
	});
});

describe('actionsIn', () => {
	it('gives what is said of each action', () => {
		const actions = actionsIn([
			{id: 'a', name: 'Action', category: 'Actions'},
			{id: 'b', name: undefined, category: 'Actions'},
			{id: 'c'},
			{id: '', name: 'none'},
			{id: 'a', name: 'Other'},
			{id: 'd', name: {} as string},
			{id: 'h', name: '\ud83dhalf'},
		]);
		assert.deepEqual(Object.fromEntries(actions), {
			a: {actionName: 'Action', category: 'Actions'},
			b: {category: 'Actions'},
			h: {actionName: '\ufffdhalf'},
		});
	});

	it('stays bounded', () => {
		let given = 0;
		function* endless() {
			for (;;) yield {id: `${given++}`, name: 'x'};
		}
		assert.equal(actionsIn(endless()).size, 10_000);
	});
});
