import {jsonAnswer, type Answer} from '../server/answer.ts';
import type {ByteWriter} from '../data/byte-writer.ts';
import {FOREIGN_ORIGIN} from '../server/next-cursor.ts';
import {pageBody} from '../server/page-body.ts';
import type {ApiRequest} from '../server/route.ts';

export interface OrgPageOptions {
	readonly writer: ByteWriter;
	readonly prettyPrint: boolean;
	/** `absent`: the last page has no `meta.next`, instead of null. */
	readonly end?: string;
	/** What `links.next` begins with, down to `/admin`. */
	readonly linkBase: () => string;
}

export interface OrgPage {
	readonly resource: 'events' | 'events-stream';
	readonly count: number;
	readonly size: number;
	readonly next: string | undefined;
	writeRecord(index: number): void;
}

/** A page of events as the Organizations API wraps it. */
export function orgPage(options: OrgPageOptions, {fault, parameters}: ApiRequest, page: OrgPage): Answer {
	const {count, size, next} = page;
	const foreign = fault?.kind === 'foreign-next' ? fault : undefined;
	const base = foreign ? `${foreign.origin ?? FOREIGN_ORIGIN}/admin` : options.linkBase();
	const link = `${base}/v1/orgs/${encodeURIComponent(parameters[0] ?? '')}/${page.resource}?cursor=${next}`;
	const nextMember = (next === undefined && options.end === 'absent') || foreign?.onlyLink ? undefined : (next ?? null);
	const envelope = {
		data: [],
		links: next === undefined ? {} : {next: link},
		meta: {
			attributes: null,
			next: nextMember,
			prev: null,
			// the real server gives now the size of the page, now what it could have held
			page_size: count % 2 === 0 ? size : count,
			start_index: null,
			end_index: null,
			total: count,
		},
	};
	return jsonAnswer(200, pageBody(options.writer, envelope, 'data', count, page.writeRecord, options.prettyPrint));
}
