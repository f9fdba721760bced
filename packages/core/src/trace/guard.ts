/** Options whose values come while training runs: each is checked as at the start, before the step changes anything. */
import { show } from '../errors';
import { lift, type Formula } from '../formula/formula';
import { isSchedule, misgivenBy, type Schedule } from '../schedules/schedule';
import { isTransform, type GradientTransform } from '../transform/transform';

export interface Guard {
  /** What the schedules in the option are at this step. */
  readonly values: readonly Formula[];
  /** Throws where these values are none that the option takes. */
  check(values: ArrayLike<number>, step: number): void;
}

/** A guard for each option that holds schedules. Those of nested transforms are guarded where these are traced. */
export function guardsOf(transform: GradientTransform, learningRate: Formula): Guard[] {
  return Object.entries(transform.options).flatMap(([name, option]) => {
    const schedules = schedulesIn(option);
    if (!schedules.length) return [];
    // The optimizer's rate may be set anew while training runs: what it is now counts, not what it was built with.
    const values = transform.stage === 'rule' && name === 'learningRate' ? [learningRate] : schedules.map(lift);
    return [guard(transform, name, schedules, values)];
  });
}

function guard(
  transform: GradientTransform,
  name: string,
  schedules: readonly Schedule[],
  values: readonly Formula[],
): Guard {
  return {
    values,
    check(numbers, step) {
      let next = 0;
      try {
        transform.revalidate(
          name,
          replaceSchedules(transform.options[name], () => numbers[next++]!),
        );
      } catch (error) {
        const where = `from ${inWords(schedules)} at step ${step}${misgiven(schedules)}`;
        throw new RangeError(`${(error as Error).message} (${where})`, { cause: error });
      }
    },
  };
}

function schedulesIn(option: unknown): Schedule[] {
  const found: Schedule[] = [];
  replaceSchedules(option, (schedule) => found.push(schedule));
  return found;
}

/** The same option with numbers in the place of its schedules, in their order. Nested transforms stay as they are. */
function replaceSchedules(option: unknown, replace: (schedule: Schedule) => number): unknown {
  if (isSchedule(option)) return replace(option);
  if (Array.isArray(option)) return option.map((each: unknown) => replaceSchedules(each, replace));
  if (typeof option !== 'object' || option === null || isTransform(option) || option instanceof RegExp) return option;
  return Object.fromEntries(Object.entries(option).map(([key, value]) => [key, replaceSchedules(value, replace)]));
}

function inWords(schedules: readonly Schedule[]): string {
  const kinds = schedules.map(({ kind }) => kind);
  if (kinds.length > 1) return `the schedules ${kinds.join(' and ')}`;
  return kinds[0] === 'function' ? 'the function' : `the schedule ${kinds[0]}`;
}

/** What a function gave instead of a number, for which its value is NaN. */
function misgiven(schedules: readonly Schedule[]): string {
  const given = schedules.flatMap(misgivenBy);
  return given.length ? `, which gave ${given.map(show).join(' and ')}` : '';
}
