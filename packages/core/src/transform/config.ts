/**
 * Options to JSON and back. Loading a model camel-cases every key and every string that has an underscore, except
 * under the key `name`; JSON has no Infinity; so both are wrapped. An object with a bare text in it is such a wrapper.
 */
import { buildSchedule } from '../schedules/define';
import { isSchedule } from '../schedules/schedule';
import { show } from '../errors';
import { patternBudget, readPattern } from '../patterns';
import { buildTransform } from './define';
import { isTransform } from './transform';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export function encode(value: unknown): Json {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { number: String(value) };
  if (typeof value === 'string') return { name: value };
  if (value === null || typeof value === 'boolean') return value;
  if (value instanceof RegExp) return { name: value.source, flags: value.flags };
  if (Array.isArray(value)) return value.map(encode);
  if (isSchedule(value)) return { schedule: value.kind, options: encodeRecord(value.options) };
  if (isTransform(value)) return { transform: value.kind, options: encodeRecord(value.options) };
  if (typeof value === 'function')
    throw new TypeError(
      '[core] getConfig: a plain function cannot be saved; use a schedule such as linear({ from, to, steps }) or adjustable(value)',
    );
  return encodeRecord(value as Record<string, unknown>);
}

export function encodeRecord(record: Readonly<Record<string, unknown>>): { [key: string]: Json } {
  return Object.fromEntries(
    Object.entries(record)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, encode(value)]),
  );
}

const INFINITE: Readonly<Record<string, number>> = { Infinity: Infinity, '-Infinity': -Infinity, NaN: NaN };

/** Reads what `encode` wrote, once `checkPlain` has seen it. Who takes a value validates it as if a user had passed it. */
export class Decoder {
  /** All patterns of a configuration share it. */
  private readonly budget = patternBudget();

  /** @param place where in which function's configuration: `[core] fromConfig: transforms[2].options.maxNorm` */
  decode(json: unknown, place: string): unknown {
    if (Array.isArray(json)) return json.map((each, index) => this.decode(each, `${place}[${index}]`));
    if (typeof json !== 'object' || json === null) return json;
    const record = json as Readonly<Record<string, unknown>>;
    const isWrapper = (key: string): boolean => Object.hasOwn(record, key) && typeof record[key] === 'string';
    if (isWrapper('transform')) return this.built(record, 'transform', place, buildTransform);
    if (isWrapper('schedule')) return this.built(record, 'schedule', place, buildSchedule);
    if (isWrapper('number')) return this.infinite(record, place);
    if (isWrapper('name')) return this.named(record, place);
    return this.decodeRecord(record, place);
  }

  decodeRecord(json: unknown, place: string): Record<string, unknown> {
    if (typeof json !== 'object' || json === null || Array.isArray(json))
      throw new TypeError(`${place} must be an object, got ${show(json)}`);
    return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, this.decode(value, `${place}.${key}`)]));
  }

  private built<T>(
    record: Readonly<Record<string, unknown>>,
    key: string,
    place: string,
    build: (kind: string, options: Record<string, unknown>, owner: string) => T,
  ): T {
    checkKeys(record, [key, 'options'], place);
    return build(record[key] as string, this.decodeRecord(record['options'], `${place}.options`), `${place}.`);
  }

  private infinite(record: Readonly<Record<string, unknown>>, place: string): number {
    checkKeys(record, ['number'], place);
    const text = record['number'] as string;
    if (!Object.hasOwn(INFINITE, text))
      throw new TypeError(`${place}.number must be "Infinity", "-Infinity" or "NaN", got ${show(text)}`);
    return INFINITE[text]!;
  }

  private named(record: Readonly<Record<string, unknown>>, place: string): string | RegExp {
    checkKeys(record, ['name', 'flags'], place);
    const name = record['name'] as string;
    if (!Object.hasOwn(record, 'flags')) return name;
    const { flags } = record;
    if (typeof flags !== 'string') throw new TypeError(`${place}.flags must be a string, got ${show(flags)}`);
    return readPattern(place, name, flags, this.budget);
  }
}

/** Refuses what a saved object does not have. */
export function checkKeys(record: object, known: readonly string[], place: string): void {
  const unknown = Object.keys(record).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new TypeError(`${place}: unknown key ${show(unknown)}; known: ${known.join(', ')}`);
}
