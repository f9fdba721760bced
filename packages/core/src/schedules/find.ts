/** Finds the schedules in a configuration. */
import { isTransform } from '../transform/transform';
import { isSchedule, type Schedule } from './schedule';

/** Every schedule in options, lists and transforms, nested ones too. */
export function findSchedules(value: unknown): Schedule[] {
  if (isSchedule(value)) return [value, ...(value.kind === 'function' ? [] : findSchedules(value.options))];
  if (Array.isArray(value)) return value.flatMap(findSchedules);
  if (isTransform(value)) return findSchedules(value.options);
  if (typeof value === 'object' && value !== null && !(value instanceof RegExp)) return Object.values(value).flatMap(findSchedules);
  return [];
}
