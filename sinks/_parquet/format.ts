import type {Sink} from '../../lib/sink/sink.ts';
import {formats} from '../_files/compression.ts';
import type {LoadFormat} from '../_objects/object-archive.ts';
import {loadEncoder} from './encode.ts';

/** The objects of an archive as Parquet: lines, until they are full. */
export function parquetFormat(sink: string): LoadFormat {
	return async compression => ({
		ending: '.parquet',
		contentType: 'application/vnd.apache.parquet',
		start: formats.none.start,
		convert: await loadEncoder(sink, compression),
	});
}

/** What has columns, and what writes them. */
export const parquetFacts: Pick<Sink, 'accepts' | 'needs'> = {
	accepts: [{format: 'audit'}, {format: 'selected'}],
	needs: ['hyparquet-writer'],
};
