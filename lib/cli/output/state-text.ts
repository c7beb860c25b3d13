import type {Json} from '../../model/event.ts';
import {entryBytes} from '../../model/identity-set.ts';
import type {SourcePosition} from '../../source/scan.ts';
import type {StoredCheckpoint} from '../../state/state.ts';
import {count, oneLine} from './log.ts';
import {iso, row, spanOf} from './pipeline.ts';

/** What a state knows, for people: where its sources and targets are, and what it is bound to. */
export function stateText(file: string, {checkpoint, version}: StoredCheckpoint): string {
	const {sources, sinks, binding, succeededMs, lacks = {}, pending, journal} = checkpoint;
	const bytes = (journal as {readonly bytes?: number} | null | undefined)?.bytes;
	const lines = [
		`${file}: generation ${version}`,
		row('success', succeededMs === undefined ? 'never, as far as this state knows' : iso(succeededMs)),
		...(pending ? [row('pending', `a commit of ${count(pending.pages, 'page')}, which the next run finishes`)] : []),
		...Object.entries(sources).flatMap(([key, position]) => positionLines(key, position)),
		...Object.entries(sinks).map(([key, state]) => row('target', `${key} ${shortened(state)}`)),
		...Object.entries(lacks).flatMap(([key, all]) =>
			all.map(lack => row('lacks', `${key}: ${count(lack.events, 'event')} ${spanOf(lack)}: ${lack.reason}`)),
		),
		...(bytes === undefined
			? []
			: [row('identities', `${count(bytes / entryBytes, 'event')}, which do not come twice`)]),
		...Object.entries(binding).map(([name, value]) => row('bound to', `${name}: ${value}`)),
	];
	return lines.map(line => `${oneLine(line)}\n`).join('');
}

function positionLines(key: string, position: Json): string[] {
	const {covered = [], watermarkMs, scan, rest, gaps = [], place} = position as Partial<SourcePosition>;
	const spanned = (fromMs: number, toMs: number) => spanOf({from: iso(fromMs), to: iso(toMs)});
	return [
		row('source', key),
		...(watermarkMs === undefined ? [] : [row('newest event', iso(watermarkMs))]),
		...covered.map(([fromMs, toMs]) => row('read', spanned(fromMs, toMs))),
		...(scan ? [row('reading', spanned(scan.sinceMs, scan.untilMs) + reached(scan))] : []),
		...(rest ? [row('to be read', spanned(rest.sinceMs, rest.untilMs))] : []),
		...gaps.map(gap => row('gap', `${spanned(gap.sinceMs, gap.untilMs)}: ${gap.reason}`)),
		...(place === undefined ? [] : [row('place', shortened(place))]),
	];
}

function reached({lastMs}: NonNullable<SourcePosition['scan']>): string {
	return lastMs === undefined ? ', at its beginning' : `, at ${iso(lastMs)}`;
}

const maxText = 300;

function shortened(value: Json): string {
	const text = JSON.stringify(value);
	return text.length <= maxText ? text : `${text.slice(0, maxText)}… (all of it: --json)`;
}
