import {pageInstead} from '../../lib/http/login.ts';
import {UnreadableBody} from '../../lib/http/unreadable.ts';
import {type BodyFormat, type ItemResult, lineOf, taken, textOf} from './body-format.ts';
import {elastic, type ElasticOptions} from './elastic.ts';
import {hec, type HecOptions} from './hec.ts';

export const bodyNames = ['ndjson', 'json', 'hec', 'elastic'] as const;

export type BodyName = (typeof bodyNames)[number];

/** The options that some formats alone have. */
export const optionsOf: Readonly<Record<keyof (HecOptions & ElasticOptions), readonly BodyName[]>> = {
	sourcetype: ['hec'],
	index: ['hec', 'elastic'],
	ids: ['elastic'],
};

/** The format of a name, for one run. */
export function bodyFormat(name: BodyName, options: HecOptions & ElasticOptions): BodyFormat {
	switch (name) {
		case 'hec':
			return hec(options);
		case 'elastic':
			return elastic(options);
		default:
			return {ndjson, json}[name];
	}
}

const ndjson: BodyFormat = {
	contentType: 'application/x-ndjson',
	event: lineOf,
	read: takenUnlessLogin,
};

const json: BodyFormat = {
	contentType: 'application/json',
	open: '[',
	separator: ',',
	close: ']',
	event: textOf,
	read: takenUnlessLogin,
};

/** Such receivers answer what they like, but who asks somebody to log in has taken nothing. */
function takenUnlessLogin(answer: Buffer, count: number): readonly ItemResult[] {
	const page = pageInstead(answer, {'content-type': 'text/html'});
	if (page?.isLogin) throw new UnreadableBody(`${page.words} came`);
	return Array.from({length: count}, () => taken);
}
