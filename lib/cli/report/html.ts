import {oneLine} from '../output/log.ts';

/** So many characters of a text are shown. */
const maxShown = 200;
/** Of a line, which may hold the name of a file. */
const maxLine = 1000;

/** Markup. Nothing else gets into a page unescaped. */
export class Html {
	readonly text: string;

	constructor(text: string) {
		this.text = text;
	}
}

export type Content = Html | string | number | undefined | false | readonly Content[];

/** Markup with values in it: what is not markup itself is text, escaped and cut. */
export function markup(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
	return new Html(strings.reduce((text, part, at) => text + markupOf(values[at - 1]) + part));
}

function markupOf(value: Content): string {
	if (value === undefined || value === false) return '';
	if (value instanceof Html) return value.text;
	if (typeof value === 'object') return value.map(markupOf).join('');
	return escape(typeof value === 'number' ? String(value) : shortened(value));
}

/**
 * A text as it may be shown: 200 characters of it, with controls, and with what changes the direction of what follows, by
 * their numbers.
 */
export function shortened(text: string, most = maxShown): string {
	const whole = text.length <= most ? text : `${text.slice(0, most).replace(/[\ud800-\udbff]$/, '')}…`;
	return oneLine(whole.replace(/\p{Surrogate}/gu, '\ufffd'));
}

/** Text of several lines. */
export function lines(text: string): Html {
	const shown = text.split('\n').map(line => escape(shortened(line, maxLine)));
	return new Html(shown.join('\n'));
}

const entities: Readonly<Record<string, string>> = {
	'&': '&amp;',
	'<': '&lt;',
	'>': '&gt;',
	'"': '&quot;',
	"'": '&#39;',
};

function escape(text: string): string {
	return text.replace(/[&<>"']/g, char => entities[char]!);
}
