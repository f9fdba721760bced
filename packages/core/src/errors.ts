/** One builder for every error: which package and function, what was expected, what came. */

/** Shows a value in an error message: short, and never the contents of a tensor. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return value.length > 4 ? `an array of ${value.length}` : `[${value.map(show).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    const name = value.constructor?.name;
    return name && name !== 'Object' ? `a ${name}` : `an object with keys {${Object.keys(value).join(', ')}}`;
  }
  return String(value);
}

/** `[clip] byNorm: maxNorm must be a number >= 0, got -1` */
export function expected(owner: string, what: string, wanted: string, got: unknown): string {
  return `${owner}: ${what} must be ${wanted}, got ${show(got)}`;
}
