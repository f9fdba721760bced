/**
 * The contract that every transform and every optimizer keeps, as a list of named checks for any test runner.
 *
 * @example
 * for (const { name, run } of transformContract('byNorm', () => byNorm(1))) it(name, run);
 */
import * as tf from '@tensorflow/tfjs-core';
import { forceBackend } from '../backends/select';
import { fields, defineTransform, mul, sub, ClipkitOptimizer, type GradientTransform, type NonFinitePolicy } from '../index';
import { largestDifference, Scene, sceneGradients } from './scene';

export interface Check {
  readonly name: string;
  run(): Promise<void>;
}

export interface ContractOptions {
  /** tfjs backends to test on, which the caller has registered. cpu must be among them: eager on cpu is the oracle. */
  readonly backends?: readonly ('cpu' | 'wasm')[];
  /** Largest difference from the oracle, relative to a variable's largest element. */
  readonly tolerance?: number;
  readonly steps?: number;
}

/** What is tested: how to make it, and how to make the same without what is tested. */
export interface Subject {
  make(policy?: NonFinitePolicy): tf.Optimizer;
  /** Must differ from `make` in its result; a subject that does nothing fails. */
  without?(): tf.Optimizer;
  /** Whether a gradient of NaN must leave the state fit for use: true for strategies, not for optimizers' moments. */
  readonly recovers: boolean;
}

function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

async function on<T>(backend: 'cpu' | 'wasm', body: () => T | Promise<T>): Promise<T> {
  await tf.setBackend(backend);
  return body();
}

/** The oracle: the same run by tf ops on cpu. */
async function byOracle<T>(body: () => T): Promise<T> {
  await tf.setBackend('cpu');
  forceBackend('eager');
  try {
    return body();
  } finally {
    forceBackend(null);
  }
}

function runScene<T>(optimizer: tf.Optimizer, body: (scene: Scene) => T): T {
  const scene = new Scene(optimizer);
  try {
    return body(scene);
  } finally {
    scene.dispose();
  }
}

export function contract(subject: Subject, { backends = ['cpu', 'wasm'], tolerance = 1e-5, steps = 12 }: ContractOptions = {}): Check[] {
  const trained = (optimizer: tf.Optimizer): Float32Array[] => runScene(optimizer, (scene) => scene.train(0, steps).values());
  const perBackend = (name: string, run: () => void | Promise<void>): Check[] => backends.map((backend) => ({ name: `${name}, on ${backend}`, run: () => on(backend, run) }));
  const checks: Check[] = backends.map((backend) => ({
    name: `equals tf ops on cpu, on ${backend}`,
    async run() {
      const wanted = await byOracle(() => trained(subject.make()));
      const actual = await on(backend, () => trained(subject.make()));
      const difference = largestDifference(actual, wanted);
      assert(difference <= tolerance, `differs from tf ops on cpu by ${difference}`);
    },
  }));
  if (subject.without) {
    checks.push({ name: 'acts', run: () => on('cpu', () => {
      assert(largestDifference(trained(subject.make()), trained(subject.without!())) > 0, 'changes nothing');
    }) });
  }
  return [
    ...checks,
    ...perBackend('leaves a variable without a gradient alone', () => { checkMissing(subject); }),
    ...perBackend('does not care for the order of the list', () => { checkOrder(subject, tolerance); }),
    ...perBackend('takes zero, huge and tiny gradients', () => { checkExtremes(subject); }),
    ...perBackend('changes nothing on a skipped step', () => checkSkip(subject)),
    ...(subject.recovers ? perBackend('keeps its state finite', () => { checkRecovery(subject); }) : []),
    ...perBackend('throws before it changes anything', () => { checkThrow(subject); }),
    ...perBackend('saves, loads and goes on with the same bits', () => checkSaving(subject, steps)),
    ...perBackend('keeps the number of tensors and bytes', () => { checkMemory(subject); }),
    ...perBackend('does not write to gradients', () => { checkInputs(subject); }),
  ];
}

function checkMissing(subject: Subject): void {
  runScene(subject.make(), (scene) => {
    scene.train(0, 2);
    const before = scene.values();
    scene.step(sceneGradients(2).map((each, index) => (index === 1 ? null : each)));
    assert(largestDifference([scene.values()[1]!], [before[1]!]) === 0, 'a variable whose gradient is null has changed');
    scene.train(3, 6);
    assert(scene.values().every((values) => values.every(Number.isFinite)), 'a null gradient broke later steps');
  });
}

function checkOrder(subject: Subject, tolerance: number): void {
  const straight = runScene(subject.make(), (scene) => scene.train(0, 5).values());
  const shuffled = runScene(subject.make(), (scene) => {
    for (let step = 0; step < 5; step++) {
      const gradients = sceneGradients(step);
      scene.step(gradients, gradients.map((_, index) => (index * 3 + step) % gradients.length));
    }
    return scene.values();
  });
  assert(largestDifference(shuffled, straight) <= tolerance, 'the order of the list matters');
}

function checkExtremes(subject: Subject): void {
  for (const scale of [0, 1e20, 1e-30]) {
    runScene(subject.make(), (scene) => {
      scene.train(0, 2);
      const direction = sceneGradients(2).map((values) => values.map((each) => Math.sign(each) * scale));
      scene.step(direction);
      if (scale !== 1e20 || subject.recovers) {
        assert(scene.values().every((values) => values.every((each) => !Number.isNaN(each))), `a gradient of ${scale} gives NaN`);
      }
    });
  }
}

const poisoned = (step: number, poison: number): Float32Array[] => sceneGradients(step).map((values, index) => (index === 4 ? values.map((each, at) => (at === 3 ? poison : each)) : values));

/** Everything that would be saved but the counts of attempts. */
const stateOf = async (optimizer: tf.Optimizer): Promise<Record<string, readonly number[]>> => Object.fromEntries(await Promise.all(
  (await optimizer.getWeights()).filter(({ name }) => name !== 'iter' && name !== 'counters').map(async ({ name, tensor }) => [name, [...await tensor.data()]] as const)));

async function checkSkip(subject: Subject): Promise<void> {
  for (const poison of [NaN, Infinity, -Infinity]) {
    const scene = new Scene(subject.make('skip')).train(0, 4);
    const before = scene.values(), state = JSON.stringify(await stateOf(scene.optimizer));
    scene.step(poisoned(4, poison));
    assert(largestDifference(scene.values(), before) === 0, `a step with ${poison} changed a variable under 'skip'`);
    assert(JSON.stringify(await stateOf(scene.optimizer)) === state, `a skipped step with ${poison} left a trace in the state`);
    scene.train(5, 7);
    assert(largestDifference(scene.values(), before) > 0, 'after a skipped step nothing moves');
    scene.dispose();
  }
}

function checkRecovery(subject: Subject): void {
  for (const poison of [NaN, Infinity]) {
    runScene(subject.make('propagate'), (scene) => {
      scene.train(0, 4);
      const before = scene.values();
      scene.step(poisoned(4, poison));
      scene.assign(before);
      scene.train(5, 9);
      assert(scene.values().every((values) => values.every(Number.isFinite)), `${poison} in a gradient has poisoned the state`);
    });
  }
}

function checkThrow(subject: Subject): void {
  runScene(subject.make('throw'), (scene) => {
    scene.train(0, 3);
    const before = scene.values();
    let message = '';
    try {
      scene.step(poisoned(3, NaN));
    } catch (error) {
      message = (error as Error).message;
    }
    assert(message.includes(scene.variables[4]!.name), `the error must name the variable, got ${JSON.stringify(message)}`);
    assert(largestDifference(scene.values(), before) === 0, 'a refused step has changed a variable');
    const after = scene.train(4, 7).values();
    const clean = runScene(subject.make('throw'), (other) => other.train(0, 3).train(4, 7).values());
    assert(largestDifference(after, clean) === 0, 'a refused step left a trace in the state');
  });
}

async function checkSaving(subject: Subject, steps: number): Promise<void> {
  const half = Math.floor(steps / 2);
  const straight = runScene(subject.make(), (scene) => scene.train(0, steps).values());
  const first = new Scene(subject.make()).train(0, half);
  const config = JSON.parse(JSON.stringify(first.optimizer.getConfig())) as tf.serialization.ConfigDict;
  const saved = await Promise.all((await first.optimizer.getWeights()).map(async ({ name, tensor }) => ({ name, dtype: tensor.dtype, shape: tensor.shape, values: await tensor.data() })));
  assert(new Set(saved.map(({ name }) => name)).size === saved.length, 'two saved weights have one name');
  const weights = first.values();
  // While the first model is alive its names are taken, so the second one's variables are called otherwise.
  const second = new Scene(ClipkitOptimizer.fromConfig(ClipkitOptimizer as never, config), weights);
  const tensors = saved.map(({ name, dtype, shape, values }) => ({ name, tensor: tf.tensor(values as Float32Array, shape, dtype) }));
  await second.optimizer.setWeights(tensors);
  for (const { tensor } of tensors) tensor.dispose();
  second.train(half, steps);
  const difference = largestDifference(second.values(), straight);
  first.dispose();
  second.dispose();
  assert(difference === 0, `a resumed run differs by ${difference}`);
}

function checkMemory(subject: Subject): void {
  runScene(subject.make(), (scene) => {
    scene.train(0, 4);
    const { numTensors, numBytes } = tf.memory();
    scene.train(4, 24);
    const after = tf.memory();
    assert(after.numTensors === numTensors && after.numBytes === numBytes, `20 steps added ${after.numTensors - numTensors} tensors and ${after.numBytes - numBytes} bytes`);
  });
}

function checkInputs(subject: Subject): void {
  runScene(subject.make(), (scene) => {
    for (let step = 0; step < 3; step++) {
      const values = sceneGradients(step);
      const named = scene.variables.map((variable, index) => ({ name: variable.name, tensor: tf.tensor(values[index]!.slice(), variable.shape) }));
      scene.optimizer.applyGradients(named as never);
      assert(largestDifference(named.map(({ tensor }) => tensor.dataSync() as Float32Array), values) === 0, 'a gradient was written to');
      for (const { tensor } of named) tensor.dispose();
    }
  });
}

/** The plainest update rule, to see a transform's gradient through a fused step: w ← w − η g. */
const plainDescent = defineTransform({
  kind: 'plainDescent',
  package: 'core',
  stage: 'rule',
  arguments: (learningRate: number) => ({ learningRate }),
  options: { learningRate: fields.threshold() },
  update: ({ gradient, weight, learningRate }) => ({ weight: sub(weight, mul(learningRate, gradient)) }),
});

/** The contract of a transform, in a fused step and around tfjs's own SGD. */
export function transformContract(make: () => GradientTransform | readonly GradientTransform[], options: ContractOptions = {}): Check[] {
  const transforms = (): GradientTransform[] => ([] as GradientTransform[]).concat(make() as GradientTransform[]);
  const fused = (list: GradientTransform[], nonFinite: NonFinitePolicy = 'propagate'): tf.Optimizer => new ClipkitOptimizer({ transforms: list, rule: plainDescent(0.05), inner: null, nonFinite });
  const stock = (list: GradientTransform[], nonFinite: NonFinitePolicy = 'propagate'): tf.Optimizer => new ClipkitOptimizer({ transforms: list, rule: null, inner: tf.train.sgd(0.05), nonFinite });
  return [['fused', fused], ['around sgd', stock]].flatMap(([name, build]) => {
    const from = build as typeof fused;
    const subject: Subject = { make: (policy) => from(transforms(), policy), without: () => from([]), recovers: true };
    return contract(subject, options).map((check) => ({ ...check, name: `${name as string}: ${check.name}` }));
  });
}

/** The contract of an optimizer. `make` takes the non-finite policy, so that skipping can be tested. */
export const optimizerContract = (make: (policy?: NonFinitePolicy) => tf.Optimizer, options: ContractOptions = {}): Check[] =>
  contract({ make, recovers: false }, options);

