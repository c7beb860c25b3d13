import {AuditError, reasonOf, SinkError} from '../../model/errors.ts';
import type {OpenSink, Sink} from '../../sink/sink.ts';

/** A sink of another package: what it throws is its own failure, not a defect of rxaudit. */
export function foreignSink(sink: Sink): Sink {
	const attempt = async <T>(call: () => T): Promise<Awaited<T>> => {
		try {
			return await call();
		} catch (error) {
			if (error instanceof AuditError || (error as Error | undefined)?.name === 'AbortError') throw error;
			throw new SinkError('SINK_FAILED', `${sink.name}: ${reasonOf(error)}`, {cause: error});
		}
	};
	return {
		...sink,
		async open(context) {
			const opened = (await attempt(() => sink.open(context))) as OpenSink | undefined;
			if (typeof opened?.write !== 'function' || typeof opened.flush !== 'function') {
				throw new SinkError(
					'SINK_FAILED',
					`${sink.name}: expected open() to resolve with {write, flush, close}, got another value`,
				);
			}
			return {
				...(opened.prepare ? {prepare: async asked => attempt(() => opened.prepare!(asked))} : {}),
				...(opened.committed ? {committed: () => opened.committed!()} : {}),
				write: async batch => attempt(() => opened.write(batch)),
				flush: async asked => attempt(() => opened.flush(asked)),
				close: async () => attempt(() => opened.close()),
			};
		},
	};
}
