/** The answer's body cannot be read as what it is announced as; the message says what came. */
export class UnreadableBody extends Error {}

/** The answer is larger than allowed: packed, unpacked or in records. */
export class BodyTooLarge extends Error {}

/** The answer is whole and not the one that was asked for: the message is what it says instead, in its own words. */
export class OtherAnswer extends Error {}
