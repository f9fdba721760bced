/** The schedules, each a formula of the number of attempted steps. */
import { lift, type Formula } from '../formula/formula';
import { add, cos, div, lt, min, mul, param, pow, select, sub } from '../formula/functions';
import { expected } from '../errors';
import {
  checkOptions,
  count,
  number,
  points,
  schedule as scheduleField,
  text,
  type Field,
  type Fields,
} from '../transform/fields';
import { defineSchedule, registerSchedule } from './define';
import { makeSchedule, type Schedule, type Threshold } from './schedule';

/** Parameters must be finite: Infinity times nothing is NaN. */
const finite = (): Field<number> => number({ finite: true });
/** Any number of steps that can be counted on the host. */
const steps = (): Field<number> => count(undefined, Number.MAX_SAFE_INTEGER);

const build = {
  constant: defineSchedule('constant', { value: number() }, (_step, { value }) => lift(value)),
  linear: defineSchedule(
    'linear',
    { from: finite(), to: finite(), steps: steps() },
    (step, { from, to, steps: length }) => add(from, mul(to - from, min(div(step, length), 1))),
  ),
  cosine: defineSchedule(
    'cosine',
    { from: finite(), to: finite(), steps: steps() },
    (step, { from, to, steps: length }) =>
      add(to, mul((from - to) / 2, add(1, cos(mul(Math.PI / length, min(step, length)))))),
  ),
  exponential: defineSchedule(
    'exponential',
    { from: finite(), rate: number({ min: 0, finite: true }), every: steps() },
    (step, { from, rate, every }) => (from === 0 ? lift(0) : mul(from, pow(rate, div(step, every)))),
  ),
  polynomial: defineSchedule(
    'polynomial',
    { from: finite(), to: finite(), steps: steps(), power: number({ min: 0, finite: true }) },
    (step, { from, to, steps: length, power }) =>
      add(to, mul(from - to, pow(sub(1, min(div(step, length), 1)), power))),
  ),
  piecewise: defineSchedule('piecewise', { points: points() }, (step, { points: pairs }) => staircase(step, pairs)),
  warmup: defineSchedule('warmup', { steps: steps(), then: scheduleField() }, (step, { steps: length, then }) => {
    const at = (when: Formula): Formula => (typeof then === 'number' ? lift(then) : then.formula(when));
    const rise = (): Formula => mul(at(lift(0)), div(add(step, 1), length));
    const after = (): Formula => at(sub(step, length));
    const rising = lt(step, length);
    // Of a warm-up in a warm-up in a … only the branch that is taken may be asked: two questions a level would be 2ⁿ.
    if (rising.operation === 'const') return rising.attribute ? rise() : after();
    return select(rising, rise(), after());
  }),
};

/** Halves the points until one is left, so that many of them make a wide formula and not a deep one. */
function staircase(step: Formula, pairs: readonly (readonly [number, number])[]): Formula {
  if (pairs.length === 1) return lift(pairs[0]![1]);
  const middle = pairs.length >> 1;
  const early = lt(step, pairs[middle]![0]);
  const before = (): Formula => staircase(step, pairs.slice(0, middle));
  const after = (): Formula => staircase(step, pairs.slice(middle));
  if (early.operation === 'const') return early.attribute ? before() : after();
  return select(early, before(), after());
}

/** v at every step. */
export const constant = (value: number): Schedule => build.constant({ value });

/** from + (to − from) · min(t / steps, 1) */
export const linear = (options: { from: number; to: number; steps: number }): Schedule => build.linear(options);

/** to + (from − to) · (1 + cos(π · min(t / steps, 1))) / 2  [Loshchilov & Hutter 2016, SGDR, without restarts] */
export const cosine = (options: { from: number; to: number; steps: number }): Schedule => build.cosine(options);

/** from · rate^(t / every) */
export const exponential = (options: { from: number; rate: number; every: number }): Schedule =>
  build.exponential(options);

/** to + (from − to) · (1 − min(t / steps, 1))^power */
export const polynomial = (options: { from: number; to: number; steps: number; power: number }): Schedule =>
  build.polynomial(options);

/** The value of the last point [step, value] that has been reached; before the first point, the first one's. */
export const piecewise = (pairs: readonly (readonly [number, number])[]): Schedule =>
  build.piecewise({ points: pairs });

/** Rises linearly over `steps` steps to the start of `then`, then follows it (its step 0 is the end of the rise). */
export const warmup = (options: { steps: number; then: Threshold }): Schedule => build.warmup(options);

/** A value that may be set while training runs. */
export interface AdjustableSchedule extends Schedule {
  value: number;
}

/** v, until `.value` is set to another number. */
export function adjustable(initial: number): AdjustableSchedule {
  let value = number()(initial, '[core] adjustable', 'value');
  const made = makeSchedule(
    'adjustable',
    () => ({ value }),
    () => param(() => value),
  );
  return Object.defineProperty(made, 'value', {
    get: () => value,
    set: (next: unknown) => {
      value = number()(next, '[core] adjustable', 'value');
    },
  }) as AdjustableSchedule;
}
registerSchedule('adjustable', (options, owner) => adjustable(checkOptions(owner, { value: number() }, options).value));

const plateau = {
  from: finite(),
  factor: number({ min: 0 }),
  patience: steps(),
  min: number({ default: 0, finite: true }),
  monitor: text('loss'),
  value: number({ optional: true, finite: true }),
  best: number({ optional: true }),
  waited: number({ default: 0, min: 0, integer: true }),
} satisfies Fields;

/** What onPlateau takes; `value`, `best` and `waited` are where a saved one stood. */
export interface PlateauOptions {
  from: number;
  factor: number;
  patience: number;
  min?: number;
  monitor?: string;
}

/**
 * Multiplies its value by `factor` whenever the metric `monitor` of an epoch (`loss`, `val_loss`, `gradNorm` …) has not fallen for
 * `patience` epochs in a row, down to `min`. clipMonitor feeds it.
 */
export function onPlateau(options: PlateauOptions): Schedule {
  return buildPlateau(options as unknown as Record<string, unknown>, '[core] onPlateau');
}

function buildPlateau(given: Readonly<Record<string, unknown>>, owner: string): Schedule {
  const options = checkOptions(owner, plateau, given);
  if (options.factor >= 1) throw new RangeError(expected(owner, 'factor', 'a number in [0, 1)', options.factor));
  if (options.waited >= options.patience)
    throw new RangeError(expected(owner, 'waited', `below patience, which is ${options.patience}`, options.waited));
  let value = options.value ?? options.from,
    best = options.best ?? Infinity,
    waited = options.waited;
  const { value: _value, best: _best, ...fixed } = options;
  const made = makeSchedule(
    'onPlateau',
    () => ({ ...fixed, value, best, waited }),
    () => param(() => value),
  );
  return Object.defineProperty(made, 'observe', {
    value: (logs: Readonly<Record<string, number>>) => {
      if (!Object.hasOwn(logs, options.monitor)) return;
      const metric = logs[options.monitor]!;
      if (metric < best) {
        best = metric;
        waited = 0;
      } else if (++waited >= options.patience) {
        value = Math.max(options.min, value * options.factor);
        waited = 0;
      }
    },
  });
}
registerSchedule('onPlateau', buildPlateau);
