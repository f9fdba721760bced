/** What can be written on the command line for a transform or an optimizer, as plain data, and how it is written back. */

export type Value = number | string | boolean | null | RegExp | readonly Value[] | Call | Chain | Options;

/** `name(argument, …)`, or a bare `name`. */
export class Call {
  constructor(readonly name: string, readonly values: readonly Value[]) {}
}

/** `first | second`: one after the other. */
export class Chain {
  constructor(readonly links: readonly Call[]) {}
}

/** `{ key: value }`; a map, so that no key can reach a prototype. */
export class Options {
  constructor(readonly entries: ReadonlyMap<string, Value>) {}
}

/** The expression in its one canonical spelling: what results files hold and comparisons go by. */
export function format(value: Value): string {
  if (value instanceof Call) return value.values.length ? `${value.name}(${value.values.map(format).join(', ')})` : value.name;
  if (value instanceof Chain) return value.links.map(format).join(' | ');
  if (value instanceof Options) return `{${[...value.entries].map(([key, each]) => `${formatKey(key)}: ${format(each)}`).join(', ')}}`;
  if (Array.isArray(value)) return `[${value.map(format).join(', ')}]`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

const formatKey = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key));
