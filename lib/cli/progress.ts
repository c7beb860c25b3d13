import type {Progress} from '../meter.ts';
import type {Report} from '../pipeline.ts';

export interface ProgressOutput {
	readonly format: 'text' | 'json';
	readonly quiet: boolean;
	readonly stream: NodeJS.WriteStream;
}

/** How often a plain line comes, and how often the live one is drawn, in milliseconds. */
const plainEveryMs = 10_000;
const liveEveryMs = 100;

/** Shows a run's progress on stderr: one live line on a terminal, otherwise a plain line now and then. */
export function showProgress({format, quiet, stream}: ProgressOutput) {
	const live = stream.isTTY === true && format === 'text' && !quiet;
	const began = performance.now();
	let shownAt = began;
	let warnings = 0;
	let current: Progress | undefined;
	let timer: NodeJS.Timeout | undefined;
	const emit = (level: 'info' | 'warn', text: string, members: object = {}) => {
		if (level === 'info' && quiet) return;
		const line =
			format === 'json' ? JSON.stringify({time: new Date().toISOString(), level, message: text, ...members}) : `rxaudit: ${text}`;
		stream.write(`${live ? '\r\x1b[K' : ''}${line}\n`);
	};
	const draw = () => {
		if (current) stream.write(`\r\x1b[K${sentence(current, performance.now() - began)}`);
	};
	if (live) timer = setInterval(draw, 1000).unref();
	return {
		info: (text: string, members?: object) => emit('info', text, members),
		update(progress: Progress) {
			current = progress;
			for (; warnings < progress.warnings.length; warnings++) emit('warn', `warning: ${progress.warnings[warnings]}`);
			const now = performance.now();
			const waitMs = (progress.waitingUntilMs ?? 0) - Date.now();
			if (now - shownAt < (live ? liveEveryMs : plainEveryMs) && !(waitMs > 1000 && !live)) return;
			shownAt = now;
			if (live) draw();
			else emit('info', sentence(progress, now - began), numbers(progress));
		},
		done(report: Report) {
			clearInterval(timer);
			emit('info', summary(report), {...numbers(report), seconds: report.seconds, stopped: report.stopped});
		},
		failed() {
			clearInterval(timer);
			if (live) stream.write('\r\x1b[K');
		},
	};
}

function sentence(progress: Progress, elapsedMs: number): string {
	const {pages, events, positionMs, waitingUntilMs} = progress;
	const perSecond = Math.round((events * 1000) / Math.max(1, elapsedMs));
	const position = positionMs === undefined ? '' : `, at ${new Date(positionMs).toISOString()}`;
	const waitMs = (waitingUntilMs ?? 0) - Date.now();
	const waiting = waitMs > 0 ? `, waiting for quota: ${Math.ceil(waitMs / 1000)} s` : '';
	return `${pages} pages, ${events} events, ${perSecond} events/s${position}${waiting}`;
}

function summary(report: Report): string {
	const parts = [
		`${report.events} events, ${report.pages} pages in ${report.seconds.toFixed(1)} s`,
		`${report.requests} requests (${report.retries} retries)`,
		...(report.waits > 0 ? [`waited ${(report.waitedMs / 1000).toFixed(1)} s for quota`] : []),
		`${report.duplicates} duplicates dropped`,
		...(report.deadLetters > 0 ? [`${report.deadLetters} dead letters`] : []),
		...(report.warnings.length > 0 ? [`${report.warnings.length} warnings`] : []),
	];
	return `${report.stopped ? 'stopped' : 'done'}: ${parts.join(', ')}`;
}

function numbers({pages, events, requests, retries, waits, waitedMs, duplicates, deadLetters, positionMs}: Progress) {
	return {pages, events, requests, retries, waits, waitedMs, duplicates, deadLetters, positionMs};
}
