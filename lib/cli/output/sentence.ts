import {AuditError, type Spelling} from '../../model/errors.ts';
import {flagOf} from '../flags/options.ts';

/** The library speaks of options that the command calls flags. */
const spell: Spelling = option =>
	option === 'deadLetters' ? '--on-poison dead-letter (or --dead-letter FILE)' : flagOf(option);

/** What went wrong, in the words of the command line. */
export function sentenceOf(error: unknown, debug = false): string {
	if (error instanceof AuditError) return error.spelled(spell);
	const message = error instanceof Error ? error.message : String(error);
	const stack = debug && error instanceof Error ? `\n${error.stack}` : '';
	return `unexpected error: ${message}; this is a defect, please report it (RXAUDIT_DEBUG=1 shows where)${stack}`;
}
