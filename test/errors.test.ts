/** Bad input: a clear error, and nothing changed. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { adjustable, buildTransform, byGlobalNorm, byNorm, byValue, ClipkitOptimizer, cosine, defineTransform, exponential, linear, onPlateau, piecewise, polynomial, warmup } from '@clipkit/core';
import { adam } from '@clipkit/optimizers';
import { clip } from '@clipkit/clip';

beforeAll(async () => { await tf.setBackend('cpu'); });

describe('options', () => {
  it.each([
    ['a negative number', () => byNorm(-1), '[clip] byNorm: maxNorm must be a number >= 0, got -1'],
    ['NaN', () => byGlobalNorm(NaN), '[clip] byGlobalNorm: maxNorm must be a number >= 0, got NaN'],
    ['a string', () => byNorm('1' as never), '[clip] byNorm: maxNorm must be a number >= 0 or a schedule, got "1"'],
    ['nothing', () => byNorm(undefined as never), 'maxNorm must be'],
    ['an unknown key', () => byNorm(1, { order: 2 } as never), '[clip] byNorm: unknown option "order"; known: maxNorm, ord'],
    ['ord below 1', () => byNorm(1, { ord: 0.5 }), 'ord must be a number >= 1, got 0.5'],
    ['a number for options', () => byNorm(1, 2 as never), 'options must be an object, got 2'],
    ['an interval upside down', () => byValue([1, -1]), 'a pair with min <= max'],
    ['two of the Keras trio', () => adam({ clipnorm: 1, globalClipnorm: 1 }), 'at most one of clipvalue, clipnorm and globalClipnorm'],
    ['both spellings of one', () => adam({ global_clipnorm: 1, globalClipnorm: 1 }), 'at most one of'],
    ['an unknown policy', () => adam({ nonFinite: 'ignore' as never }), "nonFinite must be one of 'propagate', 'zero', 'skip', 'throw'"],
    ['an unknown option of an optimizer', () => adam({ lr: 1 } as never), 'unknown option "lr"'],
    ['beta 1', () => adam({ beta1: 1 }), '[optimizers] adam: beta1 must be a number >= 0 and < 1, got 1'],
    ['no optimizer', () => clip({} as never, { clipnorm: 1 }), '[clip] clip: optimizer must be a tf.Optimizer'],
    ['a plain object for a transform', () => clip(tf.train.sgd(1), { clip: { kind: 'byNorm' } as never }), 'clip must be a gradient transform'],
    ['steps of zero', () => linear({ from: 0, to: 1, steps: 0 }), '[core] linear: steps must be an integer >= 1, got 0'],
    ['points out of order', () => piecewise([[5, 1], [2, 1]]), 'in rising order of steps'],
    ['a factor of 1', () => onPlateau({ from: 1, factor: 1, patience: 1 }), 'factor must be a number in [0, 1)'],
    ['an underscore in a kind', () => defineTransform({ kind: 'my_clip', arguments: () => ({}), options: {}, update: () => ({}) }), 'camelCase'],
    ['a kind defined twice', () => defineTransform({ kind: 'byNorm', arguments: () => ({}), options: {}, update: () => ({}) }), 'is defined already'],
  ])('%s', (_name, build, message) => {
    expect(build).toThrow(message);
  });

  it('an adjustable keeps its value when the new one is refused', () => {
    const limit = adjustable(2);
    expect(() => { limit.value = 'x' as never; }).toThrow('[core] adjustable: value');
    expect(limit(0)).toBe(2);
  });

  it('a learning rate keeps its value when the new one is refused', () => {
    const optimizer = adam({ learningRate: 0.1 });
    expect(() => { optimizer.learningRate = -1; }).toThrow('learningRate must be a number >= 0, got -1');
    expect(optimizer.learningRate).toBe(0.1);
  });
});

describe('gradients', () => {
  const [a, b] = [() => tf.variable(tf.ones([2])), () => tf.variable(tf.ones([3]))];
  it.each([
    ['a wrong shape', () => tf.ones([4]), /must have shape \[3\], got \[4\]/],
    ['a wrong dtype', () => tf.ones([3], 'int32'), /must be float32, got int32/],
    ['a disposed one', () => { const gone = tf.ones([3]); gone.dispose(); return gone; }, /is disposed/],
  ])('%s', (_name, make, message) => {
    const [first, second] = [a(), b()], optimizer = adam({ globalClipnorm: 1 });
    expect(() => { optimizer.applyGradients([{ name: first.name, tensor: tf.ones([2]) }, { name: second.name, tensor: make() }] as never); }).toThrow(message);
    expect([...first.dataSync()]).toEqual([1, 1]);
    expect(optimizer.iterations).toBe(0);
  });

  it('a name without a variable', () => {
    expect(() => { adam().applyGradients({ 'no-such': tf.ones([1]) }); }).toThrow('that of a live variable');
  });
});

describe('saved state', () => {
  const trained = async (): Promise<{ optimizer: ClipkitOptimizer<null>; variable: tf.Variable; weights: { name: string; tensor: tf.Tensor }[] }> => {
    const variable = tf.variable(tf.ones([3]), true), optimizer = adam();
    optimizer.applyGradients([{ name: variable.name, tensor: tf.ones([3]) }] as never);
    return { optimizer, variable, weights: (await optimizer.getWeights()).map(({ name, tensor }) => ({ name, tensor: tf.clone(tensor) })) };
  };

  it.each([
    ['a missing weight', (weights: { name: string }[]) => weights.filter(({ name }) => !name.endsWith('/secondMoment')), /secondMoment.* is missing/],
    ['no iterations', (weights: { name: string }[]) => weights.slice(1), /"iter" is missing/],
    ['an extra weight', (weights: { name: string }[]) => [...weights, { name: 'other', tensor: tf.ones([1]) }], /unexpected weight "other"/],
    ['no list', () => ({}), /a list of/],
  ])('%s', async (_name, change, message) => {
    const { optimizer, variable, weights } = await trained();
    const before = JSON.stringify(await Promise.all((await optimizer.getWeights()).map(async ({ name, tensor }) => [name, [...await tensor.data()]])));
    await expect(optimizer.setWeights(change(weights) as never)).rejects.toThrow(message);
    expect(JSON.stringify(await Promise.all((await optimizer.getWeights()).map(async ({ name, tensor }) => [name, [...await tensor.data()]])))).toBe(before);
    expect(variable.isDisposed).toBe(false);
  });

  it('a variable of another shape', async () => {
    const { optimizer: trainedOne, variable: first } = await trained();
    const optimizer = adam(), weights = await trainedOne.getWeights();
    await optimizer.setWeights(weights);
    first.dispose();
    const variable = tf.variable(tf.ones([5]));
    expect(() => { optimizer.applyGradients([{ name: variable.name, tensor: tf.ones([5]) }] as never); }).toThrow(`the saved state of ${first.name} [3] fits no variable; without saved state is ${variable.name} [5]`);
    expect([...variable.dataSync()]).toEqual([1, 1, 1, 1, 1]);
  });
});

describe('saved configurations', () => {
  const load = (config: object): unknown => ClipkitOptimizer.fromConfig(ClipkitOptimizer as never, config as never);
  const good = (): Record<string, unknown> => JSON.parse(JSON.stringify(adam({ globalClipnorm: 1 }).getConfig())) as Record<string, unknown>;

  it('load when nothing is wrong with them', () => {
    expect((load(good()) as tf.Optimizer).getConfig()).toEqual(good());
  });

  it.each([
    ['an unknown kind', { transforms: [{ transform: 'byMagic', options: {} }] }, /unknown transform "byMagic"; import the package/],
    ['an option out of range', { transforms: [{ transform: 'byNorm', options: { maxNorm: -1, ord: 2 } }] }, /maxNorm must be a number >= 0, got -1/],
    ['an unknown key', { surprise: 1 }, /unknown key "surprise"/],
    ['an unknown schedule', { transforms: [{ transform: 'byNorm', options: { maxNorm: { schedule: 'magic', options: {} } } }] }, /unknown schedule "magic"/],
    ['a prototype in disguise', JSON.parse('{"transforms":[{"transform":"byNorm","options":{"__proto__":{"x":1}}}]}'), /__proto__ is refused/],
    ['a rule among the transforms', { transforms: [{ transform: 'adam', options: {} }] }, /is an update rule/],
    ['an unknown policy', { nonFinite: 'maybe' }, /nonFinite must be one of/],
    ['an inner optimizer of an unknown class', { rule: null, inner: { className: 'Nothing', config: {} } }, /"Nothing" is not registered/],
  ])('%s', (_name, change, message) => {
    expect(() => load({ ...good(), ...change as object })).toThrow(message);
  });

  it('a plain function as a threshold is refused when saving, with the way out', () => {
    const optimizer = clip(tf.train.sgd(1), { clipnorm: (step) => 1 / (step + 1) });
    expect(() => optimizer.getConfig()).toThrow('a plain function cannot be saved; use a schedule');
  });

  it('a kind that nobody registered', () => {
    expect(() => buildTransform('nothing', {}, 'here')).toThrow('here: unknown transform "nothing"');
  });
});

describe('schedules', () => {
  it.each([
    ['linear', linear({ from: 2, to: 0, steps: 4 }), [2, 1.5, 1, 0.5, 0, 0]],
    ['cosine', cosine({ from: 1, to: 0, steps: 2 }), [1, 0.5, 0, 0]],
    ['exponential', exponential({ from: 8, rate: 0.5, every: 2 }), [8, 8 * Math.SQRT1_2, 4]],
    ['polynomial', polynomial({ from: 1, to: 0, steps: 2, power: 2 }), [1, 0.25, 0, 0]],
    ['piecewise', piecewise([[0, 1], [2, 5], [3, 7]]), [1, 1, 5, 7, 7]],
    ['warmup', warmup({ steps: 4, then: linear({ from: 4, to: 0, steps: 4 }) }), [1, 2, 3, 4, 4, 3, 2, 1, 0]],
    ['warmup of a number', warmup({ steps: 2, then: 6 }), [3, 6, 6]],
  ])('%s', (_name, schedule, values) => {
    values.forEach((value, at) => { expect(schedule(at)).toBeCloseTo(value, 12); });
  });
});
