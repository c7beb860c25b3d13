import {ConfigError} from '../../model/errors.ts';
import {oneLine} from '../output/log.ts';

/** Something that is wrong in a file, and where: lines and columns count from 1. */
export interface Mistake {
	readonly line: number;
	readonly column: number;
	/** Dotted, such as `pipelines.nightly.source.since`; empty for the file itself. */
	readonly member: string;
	/** What was expected, what was got, what to do. */
	readonly text: string;
}

/** All that is wrong in a file. */
export class Mistakes extends ConfigError {
	override name = 'Mistakes';
	readonly file: string;
	readonly all: readonly Mistake[];

	constructor(file: string, all: readonly Mistake[]) {
		const sorted = all.toSorted((one, other) => one.line - other.line || one.column - other.column);
		// what is wrong in defaults is found with each pipeline
		const told = [...new Map(sorted.map(mistake => [mistakeText(file, mistake), mistake])).values()];
		super(told.map(mistake => mistakeText(file, mistake)).join('\n'));
		this.file = file;
		this.all = told;
	}
}

/** A mistake for people, as compilers have it. */
export function mistakeText(file: string, {line, column, member, text}: Mistake): string {
	return oneLine(`${file}:${line}:${column}: ${member === '' ? '' : `${member}: `}${text}`);
}
