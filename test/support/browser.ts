import fs from 'node:fs';
import puppeteer, {type Browser} from 'puppeteer-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A real browser. Rejects, saying how to install one, where there is none: what it would show was not looked at then. */
export async function startBrowser(): Promise<Browser> {
	const file = process.env['CHROMIUM'] ?? places.find(place => fs.existsSync(place));
	if (file === undefined) {
		throw new Error('expected Chromium, got none: apt-get install chromium, or set CHROMIUM to the file of a browser');
	}
	return puppeteer.launch({executablePath: file, args: ['--no-sandbox', '--headless']});
}
