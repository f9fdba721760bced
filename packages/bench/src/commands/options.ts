/** Readers of option values that several commands take; what they refuse, commander reports. */
import { InvalidArgumentError } from 'commander';
import { format } from '../expressions/expression';
import { parseList } from '../expressions/parse';
import type { Corruption } from '../results/schema';

const reader = <T>(read: (text: string) => T | undefined, wanted: string) => (text: string): T => {
  const value = text.trim() === '' ? undefined : read(text);
  if (value === undefined) throw new InvalidArgumentError(`Expected ${wanted}.`);
  return value;
};

const atLeast = (least: number, whole: boolean) => (text: string): number | undefined => {
  const value = Number(text);
  return (whole ? Number.isSafeInteger(value) : Number.isFinite(value)) && value >= least ? value : undefined;
};

export const positiveInteger = reader(atLeast(1, true), 'a whole number >= 1');
export const positiveNumber = reader((text) => (Number(text) > 0 && Number(text) < Infinity ? Number(text) : undefined), 'a number > 0');

export const seed = reader(atLeast(Number.MIN_SAFE_INTEGER, true), 'a whole number');

/** `wasm,cpu` */
export const names = reader((text) => text.split(',').map((each) => each.trim()), 'names joined by commas');

/** `0,1,2` */
export const integers = reader((text) => {
  const values = text.split(',').map(Number);
  return values.every(Number.isSafeInteger) ? values : undefined;
}, 'whole numbers joined by commas');

/** `adam, adam({beta1: 0.8})`: expressions in their canonical spelling. */
export const expressions = (text: string): string[] => parseList(text).map(format);

/** `255@25`: every 25th batch multiplied by 255. */
export const corruption = reader((text): Corruption | undefined => {
  const [scale = NaN, every = NaN] = text.split('@').map(Number);
  return Number.isFinite(scale) && Number.isSafeInteger(every) && every >= 1 ? { scale, every } : undefined;
}, 'scale@every, such as 255@25');

/** `0.1:10:7`, seven numbers at equal ratios; or `0.5,1,5`. */
export const grid = reader((text): number[] | undefined => {
  const [from = NaN, to = NaN, count = NaN, ...more] = text.split(':').map(Number);
  if (!text.includes(':')) {
    const values = text.split(',').map(Number);
    return values.every((value) => value >= 0 && value < Infinity) ? values : undefined;
  }
  if (more.length || !(from > 0 && to > from && to < Infinity) || !Number.isSafeInteger(count) || count < 2) return undefined;
  return Array.from({ length: count }, (_, place) => Number((from * (to / from) ** (place / (count - 1))).toPrecision(4)));
}, 'from:to:count with 0 < from < to, such as 0.1:10:7, or numbers joined by commas');
