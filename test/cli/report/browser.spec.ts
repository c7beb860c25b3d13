import assert from 'node:assert/strict';
import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import type {AxeResults} from 'axe-core';
import type {Browser, Page} from 'puppeteer-core';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';
import {statusPage} from '../../../lib/cli/report/status-page.ts';
import {startBrowser} from '../../support/browser.ts';
import {eventOf, intact, pageOf} from '../../support/report-page.ts';

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const hostile = [
	'<script>document.title = "taken"</script>',
	'<img src="https://elsewhere.example/x.png" onerror="alert(1)">',
	'"><style>body{display:none}</style><svg onload=alert(1)>',
	"' onclick='alert(1)",
	'</td></tr></table></main></body>',
	'<!--',
	'&lt;b&gt;',
	'javascript:alert(1)',
	'\u202egnp.exe\u202c\u2066rtl\u2069',
	'محمد علي',
	'😀'.repeat(400),
	'x'.repeat(10_000),
	'nul\0 bell\x07 esc\x1b[2J line\u2028',
	'\ud800 alone',
	'${x} {{y}} ]]>',
];
const day = 86_400_000;
const begin = Date.UTC(2025, 11, 1);
const activities = ['user-login', 'role-granted', 'token-created', 'policy-changed', 'resource-exported'] as const;

function* hostileEvents() {
	for (const [at, text] of hostile.entries()) {
		for (const [nth, activity] of activities.entries()) {
			yield eventOf({
				id: `${at}-${nth}`,
				time: new Date(begin + at * day + nth * 3_600_000).toISOString(),
				source: nth === 0 && at < 3 ? text : 'some-source',
				tenant: nth === 1 && at > 7 && at < 11 ? text : 'acme',
				action: `admin ${text}`,
				activity,
				outcome: nth % 2 === 0 ? 'failure' : 'success',
				actor: {name: text, type: at % 2 === 0 ? 'user' : text},
				targets: [{type: text, name: text}],
				attributes: [{name: text, value: text}],
				origin: {ip: text, geo: {country: text}},
			});
		}
	}
	for (const activity of ['__proto__', 'constructor', {}]) yield eventOf({id: 'odd', activity: activity as never});
	// a source of years, which is drawn otherwise
	for (let at = 0; at < 500; at += 7) {
		yield eventOf({id: `old-${at}`, source: 'old-source', time: new Date(begin - at * day).toISOString()});
	}
}

const tags = new Set(
	'br html head meta title style body header h1 p code nav ul li a main section h2 h3 h4 div pre strong figure figcaption svg path text rect table caption thead tbody tr th td details summary'.split(
		' ',
	),
);

describe('a report in a browser', function () {
	this.timeout(60_000);
	const folder = temporaryFolder();
	let browser: Browser;
	let tab: Page;
	let file: string;
	const said: string[] = [];
	const asked: string[] = [];

	before(async () => {
		browser = await startBrowser();
	});
	after(async () => browser?.close());
	beforeEach(async () => {
		const damage = hostile.map(what => ({kind: 'changed' as const, what, detail: what}));
		const spans = [
			{fromMs: begin, toMs: begin + 5 * day, state: 'covered' as const},
			{fromMs: begin + 6 * day, toMs: begin + 7 * day, state: 'purged' as const},
			{fromMs: begin + 7 * day, toMs: begin + 40 * day, state: 'filtered' as const},
		];
		const targets = hostile.map((name, at) => {
			const findings = at === 0 ? {...intact, target: name, damage, notes: hostile} : {unverified: name};
			return {name, findings, unreadable: hostile.slice(0, at), notRead: 1};
		});
		file = path.join(folder(), 'report.html');
		fs.writeFileSync(file, pageOf(hostileEvents(), {targets, isNamed: true, spans: {'some-source:acme': spans}}));
		said.length = asked.length = 0;
		tab = await browser.newPage();
		tab.on('console', message => said.push(message.text()));
		tab.on('pageerror', error => said.push(String(error)));
		tab.on('dialog', dialog => {
			said.push(dialog.message());
			void dialog.dismiss();
		});
		tab.on('request', request => asked.push(request.url()));
	});
	afterEach(async () => tab.close());

	async function open(width: number, theme: 'light' | 'dark'): Promise<void> {
		await tab.setViewport({width, height: 900});
		await tab.emulateMediaFeatures([{name: 'prefers-color-scheme', value: theme}]);
		await tab.goto(pathToFileURL(file).href);
		await tab.$$eval('details', all => all.forEach(one => (one.open = true)));
	}

	async function isAccessible(theme: 'light' | 'dark'): Promise<void> {
		await tab.evaluate(axe);
		const rules = theme === 'light' ? '' : ', runOnly: ["cat.color"]'; // the rest is the same in both
		const run = `axe.run({resultTypes: ["violations"]${rules}})`;
		const {violations} = (await tab.evaluate(run)) as AxeResults;
		const serious = violations.filter(({impact}) => impact === 'serious' || impact === 'critical');
		assert.deepEqual(
			serious.map(({id, nodes}) => `${id}: ${nodes[0]!.html}`),
			[],
		);
		for (const width of [1440, 380]) {
			await tab.setViewport({width, height: 900});
			assert.ok((await tab.$eval('html', html => html.scrollWidth)) <= width, String(width));
		}
		assert.deepEqual(said, []);
	}

	it('is as safe and accessible where it says how pipelines are', async () => {
		const none = {inUse: false, succeeded: null, sources: [], lacks: [], deadLetters: []};
		const statuses = hostile.map((state, at) => ({
			state,
			ok: at % 2 === 0,
			problems: hostile.slice(0, at % 3),
			...none,
		}));
		fs.writeFileSync(file, statusPage(statuses, begin));
		for (const theme of ['light', 'dark'] as const) {
			await open(1440, theme);
			await isAccessible(theme);
		}
		assert.equal(await tab.title(), 'Audit log pipelines');
		assert.equal(await tab.$$eval('script, img, iframe', all => all.length), 0);
	});

	it('runs nothing, asks for nothing but the file, and takes no text for markup', async () => {
		await open(1440, 'light');
		assert.deepEqual(said, []);
		assert.deepEqual(asked, [pathToFileURL(file).href]);
		assert.equal(await tab.title(), 'Audit log report');
		const found = await tab.$$eval('*', all => [...new Set(all.map(one => one.localName))]);
		assert.deepEqual(
			found.filter(tag => !tags.has(tag)),
			[],
		);
		const attributes = await tab.$$eval('*', all => all.flatMap(one => one.getAttributeNames()));
		assert.deepEqual(
			attributes.filter(name => name.startsWith('on') || ['style', 'src'].includes(name)),
			[],
		);
		const text = await tab.$eval('body', body => body.textContent);
		for (const shown of ['<script>document.title', 'onerror="alert(1)">', '&lt;b&gt;', '\\u{202e}gnp.exe', '\\u{0}']) {
			assert.ok(text.includes(shown), shown);
		}
		assert.doesNotMatch(text, /[\u202a-\u202e\u2066-\u2069\0\x07\x1b\ufffe]|x{1001}/);
		// what would be shown of a style that is not allowed
		assert.notEqual(await tab.evaluate('getComputedStyle(document.body).maxWidth'), 'none');
	});

	it('has one heading of each part, tables with captions, and links that lead somewhere', async () => {
		await open(1440, 'light');
		assert.deepEqual(await tab.$$eval('h1', all => all.length), 1);
		assert.deepEqual(await tab.$$eval('main > section > h2', all => all.map(one => one.textContent)), [
			'Verdict',
			'Coverage',
			'Actions',
			'Actors and targets',
			'Logins',
			'Addresses and countries',
			'What changed',
			'How this was counted',
		]);
		const tables = await tab.$$eval('table', all => all.map(one => one.caption?.textContent ?? ''));
		assert.ok(tables.length > 15 && !tables.includes(''), tables.join('\n'));
		const links = await tab.$$eval('nav a', all => all.map(one => one.getAttribute('href')!));
		for (const link of links) assert.ok(await tab.$(link), link);
		const drawings = await tab.$$eval('svg[role=img]', all => all.map(one => one.getAttribute('aria-label')));
		assert.ok(drawings.length >= 8 && drawings.every(Boolean), String(drawings.length));
		const chart = drawings.find(label => label?.startsWith('some-source:acme by day and hour'))!;
		for (const part of [/\d+ read with a filter/, /24 never read/, /24 purged by the API/]) assert.match(chart, part);
		assert.ok(drawings.some(label => label?.startsWith('old-source:acme by day in 2025: days: ')));
	});

	it('opens a table by keyboard', async () => {
		await tab.goto(pathToFileURL(file).href);
		await tab.focus('summary');
		await tab.keyboard.press('Enter');
		assert.equal(await tab.$eval('details', one => one.open), true);
	});

	for (const theme of ['light', 'dark'] as const) {
		it(`is accessible, and no wider than the window, in the ${theme} theme`, async () => {
			await open(1440, theme);
			const back = await tab.evaluate('getComputedStyle(document.body).backgroundColor');
			assert.equal(back, theme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(18, 22, 27)');
			await isAccessible(theme);
		});
	}
});
