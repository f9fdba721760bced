/**
 * Damaged files: either an error in plain words before anything has changed, or training goes on with the same bits.
 *
 * CLIPKIT_DAMAGE_RUNS damages per optimizer (default 120), from CLIPKIT_DAMAGE_SEED (default 20240607).
 */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, it, vi } from 'vitest';
import { damagedConfig, type Json } from './damage/config';
import { goOn, reopen, stepOf, SUBJECTS, trainAndSave, type Saved } from './damage/subjects';
import { damagedWeights, type Weight } from './damage/weights';
import { fromConfig, plainWeights, World, type SavedWeight } from './life/world';

const RUNS = Number(process.env['CLIPKIT_DAMAGE_RUNS'] ?? 120);
const SEED = Number(process.env['CLIPKIT_DAMAGE_SEED'] ?? 20240607);
const PARAMETERS = { numRuns: RUNS, seed: SEED, includeErrorInReport: true };

const saved: Record<string, Saved> = {};
beforeAll(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  await tf.setBackend('cpu');
  for (const [name, make] of Object.entries(SUBJECTS)) saved[name] = await trainAndSave(make);
});

function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** What an attempt threw; null where it did not. Anything but an error in the library's own words fails. */
async function refusal(attempt: () => unknown): Promise<Error | null> {
  try {
    await attempt();
    return null;
  } catch (error) {
    const isOwn = (error instanceof TypeError || error instanceof RangeError) && error.message.startsWith('[');
    if (!isOwn) throw new Error(`not an error in the library's words: ${String(error)}`, { cause: error });
    return error;
  }
}

const isSame = (a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): boolean =>
  a.every((values, index) => Array.from(values).every((each, at) => Object.is(each, b[index]![at])));

/** All that an optimizer shows of itself, in text; NaN and -0 included. */
const show = (values: readonly ArrayLike<number>[], weights: readonly SavedWeight[], iterations: number): string =>
  JSON.stringify([
    values.map((each) => Array.from(each, String)),
    weights.map(({ name, dtype, shape, values: numbers }) => [
      name,
      dtype,
      shape,
      Array.from(numbers, (each) => (Object.is(each, -0) ? '-0' : String(each))),
    ]),
    iterations,
  ]);
const stateOf = async (world: World): Promise<string> =>
  show(world.values(), plainWeights(await world.optimizer.getWeights()), world.optimizer.iterations);

const open = (weights: readonly SavedWeight[]): Weight[] =>
  weights.map(({ name, dtype, shape, values }) => ({
    name,
    dtype,
    shape: [...shape],
    values: Array.from(values as ArrayLike<number>),
  }));

const toTensor = ({ shape, dtype, values }: Weight): tf.Tensor =>
  tf.tensor(dtype === 'string' ? values.map(String) : (values as number[]), shape, dtype as 'float32');

/** Loads damaged weights into an optimizer that is new, or that has steps of its own behind it. */
async function loadDamaged(file: Saved, weights: readonly Weight[], isUsed: boolean): Promise<void> {
  const world = reopen(file);
  const tensors = weights.map((each) => ({ name: each.name, tensor: toTensor(each) }));
  try {
    if (isUsed) {
      for (const seed of [50, 51]) world.step(stepOf(seed));
      world.assign(file.values as Float32Array[]);
    }
    const before = await stateOf(world);
    const { numTensors } = tf.memory();
    const refused = await refusal(() => world.optimizer.setWeights(tensors));
    if (refused) {
      assert(
        tf.memory().numTensors === numTensors,
        `${tf.memory().numTensors - numTensors} tensors are left of what was refused: ${refused.message}`,
      );
      assert((await stateOf(world)) === before, `something has changed although it was refused: ${refused.message}`);
      return;
    }
    const values = world.values();
    const { iterations } = world.optimizer;
    const loaded = tf.memory().numTensors;
    assert(isSame(values, file.values), 'loading an optimizer has moved the variables');
    const late = await refusal(() => {
      goOn(world);
    });
    if (late) {
      assert(
        isSame(world.values(), values) &&
          world.optimizer.iterations === iterations &&
          tf.memory().numTensors === loaded,
        `something has changed although the step was refused: ${late.message}`,
      );
      return;
    }
    assert(isSame(world.values(), file.later), 'training went on, and not with the same bits');
    assert(
      world.optimizer.iterations === file.iterations,
      `training went on, and iterations are ${world.optimizer.iterations} instead of ${file.iterations}`,
    );
  } finally {
    world.dispose();
    for (const { tensor } of tensors) tensor.dispose();
  }
}

async function loadDamagedConfig(file: Saved, config: Json): Promise<void> {
  const before = tf.memory().numTensors;
  let world: World | null = null;
  const refused = await refusal(() => {
    world = reopen({ config, values: file.values });
  });
  if (refused) {
    assert(
      tf.memory().numTensors === before,
      `${tf.memory().numTensors - before} tensors are left of what was refused: ${refused.message}`,
    );
    return;
  }
  try {
    await refusal(() => {
      world!.step(stepOf(1));
    });
  } finally {
    world!.dispose();
  }
}

describe.each(Object.keys(SUBJECTS))('%s', (name) => {
  const others = Object.keys(SUBJECTS).filter((each) => each !== name);

  it('damaged weights are refused, or make no difference', () =>
    fc.assert(
      fc.asyncProperty(
        fc
          .constantFrom(...others)
          .chain((other) => damagedWeights(open(saved[name]!.weights), open(saved[other]!.weights))),
        fc.boolean(),
        (damaged, isUsed) => loadDamaged(saved[name]!, damaged.make(), isUsed),
      ),
      PARAMETERS,
    ));

  it('the order of weights makes no difference', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.nat(999), { minLength: 30, maxLength: 30 }), fc.boolean(), async (keys, isUsed) => {
        const shuffled = saved[name]!.weights.map((weight, index) => ({ weight, key: keys[index % keys.length]! }))
          .sort((a, b) => a.key - b.key)
          .map(({ weight }) => weight);
        const world = reopen(saved[name]!);
        try {
          if (isUsed) {
            for (const seed of [50, 51]) world.step(stepOf(seed));
            world.assign(saved[name]!.values as Float32Array[]);
          }
          const tensors = open(shuffled).map((each) => ({ name: each.name, tensor: toTensor(each) }));
          await world.optimizer.setWeights(tensors);
          for (const { tensor } of tensors) tensor.dispose();
          goOn(world);
          assert(isSame(world.values(), saved[name]!.later), 'the order of weights makes a difference');
        } finally {
          world.dispose();
        }
      }),
      { ...PARAMETERS, numRuns: Math.ceil(RUNS / 10) },
    ));

  it('a damaged configuration is refused, or is another optimizer', () =>
    fc.assert(
      fc.asyncProperty(damagedConfig(saved[name]!.config as Json), (damaged) =>
        loadDamagedConfig(saved[name]!, damaged.make()),
      ),
      PARAMETERS,
    ));
});

it('a configuration that is no object is refused', async () => {
  for (const config of [null, undefined, 1, 'x', [], true]) {
    const refused = await refusal(() => fromConfig(config));
    assert(refused !== null, `${JSON.stringify(config)} was taken for a configuration`);
  }
});
