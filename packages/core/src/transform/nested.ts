/** Transforms inside transforms: what may stand where is a question about all of them. */
import { expected } from '../errors';
import { isSchedule } from '../schedules/schedule';
import { isTransform, type GradientTransform } from './transform';

/** Every transform in a value of options: in lists, in records and in other transforms, however deep. */
export function nestedTransforms(value: unknown): GradientTransform[] {
  const found: GradientTransform[] = [];
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null || next instanceof RegExp || isSchedule(next)) continue;
    if (isTransform(next)) found.push(next);
    const inside = isTransform(next) ? Object.values(next.options) : Object.values(next);
    for (const each of inside.reverse()) waiting.push(each);
  }
  return found;
}

/** Refuses transforms in an option that do not work where the one around them does, accumulation among them. */
export function checkNestedTransforms(
  owner: string,
  name: string,
  value: unknown,
  stage: GradientTransform['stage'],
): void {
  for (const { kind, period, stage: own } of nestedTransforms(value)) {
    if (period > 1 || own !== stage) throw new TypeError(expected(owner, name, WANTED[stage], kind));
  }
}

const WANTED = {
  gradient: 'a transform that works on a single gradient',
  rule: 'an update rule',
  weight: 'a transform that works on a single weight',
} as const;
