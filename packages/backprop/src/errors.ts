/** The one shape of this package's error messages. */

/** A value that has the right type and is not allowed. */
export const rangeError = (where: string, expected: string, got: unknown): RangeError =>
  new RangeError(`[backprop] ${where}: expected ${expected}, got ${String(got)}`);

/** A value of the wrong type. */
export const typeError = (where: string, expected: string, got: unknown): TypeError =>
  new TypeError(`[backprop] ${where}: expected ${expected}, got ${String(got)}`);
