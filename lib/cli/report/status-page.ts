import {type PipelineStatus, pipelineText, spanWords} from '../output/pipeline.ts';
import {table, time} from './charts.ts';
import {documentOf} from './document.ts';
import {lines, markup} from './html.ts';

/** How pipelines are, as one page that says when that was. */
export function statusPage(all: readonly PipelineStatus[], nowMs: number): string {
	const bad = all.filter(({ok}) => !ok).length;
	const rows = all.map(status => {
		const {ok, problems, succeeded, sources, deadLetters} = status;
		const lags = sources.flatMap(({lagSeconds}) => lagSeconds ?? []);
		const purges = sources.flatMap(source => source.purges).toSorted((a, b) => (a.at < b.at ? -1 : 1));
		return [
			status.pipeline ?? status.state,
			markup`<strong class="${ok ? 'good' : 'bad'}">${ok ? 'ok' : `needs attention: ${problems.join('; ')}`}</strong>`,
			succeeded === null ? 'never' : `${spanWords((nowMs - Date.parse(succeeded)) / 1000)} ago`,
			lags.length === 0 ? 'not known' : spanWords(Math.max(...lags)),
			sources.reduce((sum, {gaps}) => sum + gaps.length, 0),
			purges[0] === undefined ? 'nothing' : `${purges[0].at}${purges[0].gone ? ', is gone' : ''}`,
			deadLetters.reduce((sum, {count}) => sum + count, 0),
		];
	});
	const heads = [
		'Pipeline',
		'How it is',
		'Last success',
		'Lag',
		'Open gaps',
		'The API deletes next, unread',
		'Dead letters',
	];
	const texts = all.map(
		status => markup`<section><h2>${status.pipeline ?? status.state}</h2>
<pre tabindex="0" role="group" aria-label="What rxaudit status says of ${status.pipeline ?? status.state}">${lines(pipelineText(status, nowMs).trimEnd())}</pre></section>\n`,
	);
	return documentOf(
		'Audit log pipelines',
		markup`<div class="verdict ${bad === 0 ? 'good' : 'bad'}"><p><strong>${bad === 0 ? 'All is well' : `${bad} of ${all.length} need attention`}</strong>, as of ${time(nowMs)} UTC.</p></div>`,
		markup`${table('Pipelines', heads, rows)}${texts}`,
	);
}
