/** Checks that every function of the package makes of its arguments; a message names package, function, what was expected and what came. */

const show = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value) : Array.isArray(value) ? `[${value.map(show).join(', ')}]` : String(value);

/** TypeError for an options object that is none, or that has a key which the function does not know. */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`[models] ${where}: expected an options object, got ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new TypeError(`[models] ${where}: expected only the options ${known.join(', ')}, got ${show(key)}`);
  }
}

/** RangeError unless the value is a whole number of at least `least`. */
export function checkInteger(where: string, name: string, value: number, least = 0): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`[models] ${where}: ${name} must be a whole number >= ${least}, got ${show(value)}`);
  }
}

/** RangeError unless the value is one of those allowed. */
export function checkChoice(where: string, name: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) {
    throw new RangeError(`[models] ${where}: ${name} must be one of ${allowed.map(show).join(', ')}, got ${show(value)}`);
  }
}
