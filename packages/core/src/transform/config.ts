/**
 * Options to JSON and back. Loading a model camel-cases every key and every string that has an underscore, except under the
 * key `name`; JSON has no Infinity; so both are wrapped.
 */
import { buildSchedule } from '../schedules/define';
import { isSchedule } from '../schedules/schedule';
import { show } from '../errors';
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
  if (typeof value === 'function') throw new TypeError('[core] getConfig: a plain function cannot be saved; use a schedule such as linear({ from, to, steps }) or adjustable(value)');
  return encodeRecord(value as Record<string, unknown>);
}

export function encodeRecord(record: Readonly<Record<string, unknown>>): { [key: string]: Json } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined).map(([key, value]) => [key, encode(value)]));
}

/** The value that `encode` wrote. Whoever takes it validates it as if a user had passed it. */
export function decode(json: unknown, owner: string): unknown {
  if (Array.isArray(json)) return json.map((each) => decode(each, owner));
  if (typeof json !== 'object' || json === null) return json;
  const record = json as Record<string, unknown>;
  const text = (key: string): string => {
    if (typeof record[key] !== 'string') throw new TypeError(`${owner}: ${key} must be a string in a saved configuration, got ${show(record[key])}`);
    return record[key];
  };
  if (Object.hasOwn(record, 'number')) return Number(text('number'));
  if (Object.hasOwn(record, 'flags')) return new RegExp(text('name'), text('flags'));
  if (Object.hasOwn(record, 'name')) return text('name');
  if (Object.hasOwn(record, 'schedule')) return buildSchedule(text('schedule'), decodeRecord(record['options'], owner), owner);
  if (Object.hasOwn(record, 'transform')) return buildTransform(text('transform'), decodeRecord(record['options'], owner), owner);
  return decodeRecord(record, owner);
}

export function decodeRecord(json: unknown, owner: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new TypeError(`${owner}: options must be an object in a saved configuration, got ${show(json)}`);
  const entries = Object.entries(json);
  if (entries.some(([key]) => key === '__proto__')) throw new TypeError(`${owner}: the key __proto__ is refused`);
  return Object.fromEntries(entries.map(([key, value]) => [key, decode(value, owner)]));
}
