import {excerpt} from './secrets.ts';

/** So much of a page is looked at. */
const maxPageBytes = 64 * 1024;
const html = /^\uFEFF?\s*<(?:!doctype|html|head|body|\?xml)\b/i;
/** What only a page has that wants somebody to log in: a field, a form, or words in its title. */
const loginForm =
	/<input[^<>]{0,500}\btype\s*=\s*["']?password|\bSAML(?:Request|Response)\b|\bos_password\b|<form[^<>]{0,500}\baction\s*=\s*["']?[^"'<>]{0,500}(?:log-?in|sign-?in|sso|saml|adfs|oauth)/i;
const loginTitle = /\b(?:log ?-?in|log ?-?on|sign ?-?in|sign ?-?on|single sign-on|sso|authenticat\w*|anmeld\w*)\b/i;

type Headers = Readonly<Record<string, string>>;

/**
 * How the headers of an answer refuse the login, whatever its status: these servers answer a stranger with 200 and an
 * empty list, too. Undefined where they do not.
 */
export function refusedLogin(headers: Headers): string | undefined {
	const denied = headers['x-authentication-denied-reason']?.trim();
	if (denied) {
		const url = /login-url=\s*([^\s;,]+)/i.exec(denied)?.[1];
		const where = url ? `at ${url}` : 'with a browser';
		return `the server lets this account in only after somebody has logged in ${where} (X-Authentication-Denied-Reason: ${denied}); each further attempt would keep it locked`;
	}
	const reasons = listed(headers['x-seraph-loginreason']);
	if (reasons.some(reason => reason.toUpperCase() !== 'OK')) {
		const isLocked = reasons.some(reason => reason.toUpperCase() === 'AUTHENTICATION_DENIED');
		const hint = isLocked ? ', which may be a CAPTCHA after failed logins: log in once with a browser' : '';
		return `the credentials were refused (X-Seraph-LoginReason: ${reasons.join(', ')}${hint})`;
	}
	const isNobody = listed(headers['x-ausername']).some(name => name.toLowerCase() === 'anonymous');
	return isNobody ? 'the credentials were ignored, the answer is for nobody (X-AUSERNAME: anonymous)' : undefined;
}

/** A page for people in place of an answer, in words. Undefined where the body is none. */
export function pageInstead(body: Buffer, headers: Headers): {words: string; isLogin: boolean} | undefined {
	const text = body.toString('latin1', 0, maxPageBytes);
	const isPage = html.test(text) || (/\bhtml\b/i.test(headers['content-type'] ?? '') && /^\s*</.test(text));
	if (!isPage) return undefined;
	const title = /<title[^<>]{0,200}>([^<]{0,300})/i.exec(body.toString('utf8', 0, maxPageBytes))?.[1]?.trim();
	const isLogin = loginForm.test(text) || loginTitle.test(title ?? '');
	const named = title ? ` ("${excerpt(title.replaceAll(/\s+/g, ' '), 100)}")` : '';
	return {words: `${isLogin ? 'a login page' : 'a page for people'}${named}`, isLogin};
}

function listed(value: string | undefined): string[] {
	return (value ?? '')
		.split(/[,;]/)
		.map(item => item.trim())
		.filter(item => item !== '');
}
