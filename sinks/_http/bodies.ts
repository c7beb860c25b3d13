import {pageInstead} from '../../lib/http/login.ts';
import {UnreadableBody} from '../../lib/http/unreadable.ts';
import {assertNoFailure, valuesIn} from './answer.ts';
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
	read: takenUnlessRefused,
};

const json: BodyFormat = {
	contentType: 'application/json',
	open: '[',
	separator: ',',
	close: ']',
	event: textOf,
	read: takenUnlessRefused,
};

/** Such receivers answer what they like, but who asks somebody to log in, or tells of a failure, has not taken all. */
function takenUnlessRefused(answer: Buffer, sent: readonly Uint8Array[]): readonly ItemResult[] {
	const page = pageInstead(answer, {'content-type': 'text/html'});
	if (page?.isLogin) throw new UnreadableBody(`${page.words} came`);
	for (const value of valuesIn(answer)) assertNoFailure(value, sent);
	return sent.map(() => taken);
}
