/** What a schedule is: a serialisable value over steps, whose callable form is constant folding of its formula. */
import { constant, withScope, type Formula } from '../formula/formula';
import { evaluate } from '../formula/operations';
import { param } from '../formula/functions';

/** A value that changes with the number of attempted steps; step 0 is the first. */
export interface Schedule {
  (step: number): number;
  readonly kind: string;
  /** Plain data that rebuilds the schedule; read anew at each save, since some schedules move. */
  readonly options: Readonly<Record<string, unknown>>;
  formula(step: Formula): Formula;
  /** Told the logs of a batch or an epoch by clipMonitor. */
  observe?(logs: Readonly<Record<string, number>>): void;
}

/** A number, or a value over steps. A plain function of the step works too, but cannot be saved. */
export type Threshold = number | Schedule | ((step: number) => number);

export const isSchedule = (value: unknown): value is Schedule =>
  typeof value === 'function' && 'formula' in value && 'kind' in value;

export function makeSchedule(
  kind: string,
  options: () => Record<string, unknown>,
  write: (step: Formula) => Formula,
): Schedule {
  /** By the step's formula, which lives as long as its trace: what is around a schedule asks it more than once. */
  const known = new WeakMap<Formula, Formula>();
  const formula = (step: Formula): Formula => {
    const made = known.get(step) ?? write(step);
    known.set(step, made);
    return made;
  };
  const call = (step: number): number => withScope(() => evaluate(formula(constant(step)), step));
  return Object.defineProperties(call, {
    kind: { value: kind },
    options: { get: options, enumerable: true },
    formula: { value: formula },
  }) as Schedule;
}

type Read = (step: number) => number;
/** By the user's function: options that have the same one share its call. */
const readers = new WeakMap<Read, Read>();
const sources = new WeakMap<Schedule, Read>();
/** What a reader was given last, in a list, where that was no number. */
const misgiven = new WeakMap<Read, readonly [unknown]>();

/** Whatever else than a number a function gives is NaN, which no option takes: a text or null would count as one. */
function readerOf(read: Read): Read {
  const known = readers.get(read);
  if (known) return known;
  const reader = (step: number): number => {
    const given: unknown = read(step);
    if (typeof given === 'number') {
      misgiven.delete(reader);
      return given;
    }
    misgiven.set(reader, [given]);
    return NaN;
  };
  readers.set(read, reader);
  return reader;
}

/** What else than a number a function gave last: a list of one, or an empty one. */
export function misgivenBy(schedule: Schedule): readonly unknown[] {
  const reader = sources.get(schedule);
  return (reader && misgiven.get(reader)) ?? [];
}

/** A plain function as a schedule: called once a step on the host. Saving it fails, since code is not configuration. */
export function fromFunction(read: Read): Schedule {
  const reader = readerOf(read);
  const made = makeSchedule(
    'function',
    () => {
      throw new TypeError(
        '[core] getConfig: a plain function cannot be saved; use a schedule such as linear({ from, to, steps }) or adjustable(value)',
      );
    },
    () => param(reader),
  );
  sources.set(made, reader);
  return made;
}

/** A threshold as something that `lift` takes. */
export const asTerm = (threshold: Threshold): number | Schedule =>
  typeof threshold === 'function' && !isSchedule(threshold) ? fromFunction(threshold) : threshold;

/** The threshold's value at a step, on the host. */
export const valueAt = (threshold: Threshold, step: number): number =>
  typeof threshold === 'number' ? threshold : threshold(step);
