import {createGzip} from 'node:zlib';
import {type Encoder, encoderOf} from './encoder.ts';

export type GzipMember = Encoder;

/** Starts a member; level 6 is zlib's own default. */
export function startGzipMember(level: number): GzipMember {
	return encoderOf(createGzip({level}));
}
