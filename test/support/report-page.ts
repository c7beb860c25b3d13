import type {AuditEvent} from '../../lib/model/event.ts';
import {Digest, type DigestOptions} from '../../lib/cli/report/digest.ts';
import {page, type ReportContent} from '../../lib/cli/report/page.ts';
import type {Findings} from '../../lib/cli/output/verdict.ts';

/** A common record of no meaning but what is given. */
export function eventOf(more: Partial<AuditEvent> = {}): AuditEvent {
	return {id: '1', time: '2026-01-02T03:04:05.000Z', source: 'some-source', tenant: 'acme', ...more};
}

export function digestOf(events: Iterable<unknown>, options: DigestOptions = {}): Digest {
	const digest = new Digest(options);
	for (const event of events) digest.add(event);
	return digest;
}

export const intact: Findings = {
	target: 'ndjson:/backup/audit.ndjson',
	damage: [],
	uncommitted: [],
	chain: {entries: 1, head: 'a'.repeat(64)},
	hashes: ['a'.repeat(64)],
	signed: 0,
	parts: [{part: '', entries: 1, head: 'a'.repeat(64), hashes: ['a'.repeat(64)], signed: 0}],
	sources: {},
	coverage: [],
	isSignatureChecked: false,
	heads: [],
	compared: [],
	lacks: [],
	openGaps: [],
	notes: [],
};

/** The page about these events, of one target that is intact. */
export function pageOf(events: Iterable<unknown>, more: Partial<ReportContent> = {}): string {
	const targets = [{name: 'ndjson:audit.ndjson', findings: intact, unreadable: [], notRead: 0}];
	return page({digest: digestOf(events), targets, spans: {}, isNamed: false, between: '', key: undefined, ...more});
}
