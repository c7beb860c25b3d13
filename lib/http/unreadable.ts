import {type Spelling, type Wording, worded} from '../model/errors.ts';

/** The packing, charset or format of the body is not the announced one; the message says what came. */
export class UnreadableBody extends Error {}

/** The answer is larger than allowed, packed, unpacked or in records; the message says what to do. */
export class BodyTooLarge extends Error {
	readonly wording: Wording;

	constructor(what: string, option?: string) {
		const wording = (spell: Spelling) =>
			`${what}; ask for smaller pages (${spell('pageSize')})${option ? `, or raise ${spell(option)}` : ''}`;
		super(worded(wording));
		this.wording = wording;
	}

	/** Larger than an option allows. */
	static than(maxBytes: number): BodyTooLarge {
		return new BodyTooLarge(`the body is larger than ${maxBytes} bytes`, 'maxBodyBytes');
	}
}

/** The answer is whole, but not the one that was asked for; the message quotes it. */
export class OtherAnswer extends Error {}
