/** What is looked at while a life goes on. */
import { randomNumbers } from '@clipkit/core/testing';
import { sizeOf } from './casts';
import { isPoisoned, type Home, type Move, type Step } from './moves';
import type { Recipe } from './recipes';
import type { World } from './world';

export interface Life {
  readonly recipe: Recipe;
  readonly names: readonly string[];
  readonly shapes: readonly (readonly number[])[];
  readonly home: Home;
  readonly moves: readonly Move[];
}

/** What can be seen after a move: the weights, or for `swap` the averages. */
export interface Sight {
  readonly values: readonly ArrayLike<number>[];
  readonly iterations: number;
}

/** Distance from the reference, relative to the largest element that the variable ever had, and at least 1. */
const TOLERANCE = 1e-4;

export const isOwnError = (error: unknown): error is Error =>
  (error instanceof TypeError || error instanceof RangeError) && /^\[[a-z]+\] /.test(error.message);

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export const firstWeights = (shapes: readonly (readonly number[])[]): Float32Array[] =>
  shapes.map((shape, index) => Float32Array.from({ length: sizeOf(shape) }, randomNumbers(77 + index)));

export const shows = (move: Move): boolean => move.type === 'step' || move.type === 'swap';

const isRefused = (move: Step, { policy }: Recipe): boolean => policy === 'throw' && isPoisoned(move);

/** A step, which must be refused where the policy is to throw. */
export function takeStep(world: World, move: Step, recipe: Recipe): void {
  if (!isRefused(move, recipe)) return world.step(move.entries);
  let thrown: unknown = null;
  try {
    world.step(move.entries);
  } catch (error) {
    thrown = error;
  }
  assert(isOwnError(thrown), `a gradient that is not finite must be refused, got ${String(thrown)}`);
}

/** The averages, put in the variables' place and out again; between, nobody may train or save. */
export async function averagesOf(world: World, pass: readonly number[] | null): Promise<Float32Array[]> {
  const before = world.values();
  const { optimizer } = world;
  optimizer.swapAveragedWeights(pass ? pass.map((index) => world.variables[index]!) : undefined);
  const averages = world.values();
  let refusals = 0;
  try {
    world.step([{ variable: 0, gradient: { seed: 1, scale: 1 } }]);
  } catch (error) {
    refusals += Number(isOwnError(error));
  }
  await optimizer.getWeights().catch((error: unknown) => {
    refusals += Number(isOwnError(error));
  });
  assert(refusals === 2, 'an optimizer whose variables hold their averages must refuse to train and to be saved');
  optimizer.swapAveragedWeights();
  assertSame(world.values(), before, 'after swapping twice');
  return averages;
}

export function assertSame(
  actual: readonly ArrayLike<number>[],
  wanted: readonly ArrayLike<number>[],
  when: string,
): void {
  actual.forEach((values, index) => {
    for (let at = 0; at < values.length; at++) {
      assert(
        Object.is(values[at], wanted[index]![at]),
        `${when}: element ${at} of variable ${index} is ${values[at]}, must be ${wanted[index]![at]} to the bit`,
      );
    }
  });
}

export function assertNear(
  actual: readonly ArrayLike<number>[],
  wanted: readonly ArrayLike<number>[],
  scales: readonly number[],
): void {
  actual.forEach((values, index) => {
    for (let at = 0; at < values.length; at++) {
      const difference = Math.abs(values[at]! - wanted[index]![at]!) / scales[index]!;
      assert(
        difference <= TOLERANCE,
        `element ${at} of variable ${index} is ${values[at]}, the reference has ${wanted[index]![at]}`,
      );
    }
  });
}
