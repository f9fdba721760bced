/** Errors that the user of a command can mend: shown as one message, without a stack. */

/** What the user asked for cannot be done as it was written. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Shows a value in a message. */
export const show = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : String(value));

/** The value under the key, or a UsageError that lists what there is. */
export function oneOf<T>(what: string, table: Readonly<Record<string, T>>, key: string): T {
  if (Object.hasOwn(table, key)) return table[key]!;
  throw new UsageError(`[bench] unknown ${what} ${show(key)}; there are ${Object.keys(table).join(', ')}`);
}
