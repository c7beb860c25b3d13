import {createHash} from 'node:crypto';
import {type Html, markup} from './html.ts';
import {style} from './style.ts';

/** What only a page of ours has. */
export const mark = '<meta name="generator" content="rxaudit">';

/** A page that needs nothing but itself, and may not ask for anything. */
export function documentOf(title: string, head: Html, main: Html): string {
	const hash = createHash('sha256').update(style).digest('base64');
	const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
	return [
		'<!doctype html>',
		`<html lang="en"><head><meta charset="utf-8">${mark}`,
		`<meta http-equiv="Content-Security-Policy" content="${policy}">`,
		'<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">',
		markup`<title>${title}</title>`.text + `<style>${style}</style></head>`,
		markup`<body><header><h1>${title}</h1>`.text,
		`${head.text}</header>`,
		markup`<main>${main}</main></body></html>`.text,
		'',
	].join('\n');
}
