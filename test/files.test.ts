/** Configurations from strangers: each is refused in words before anything is made, or harmless. */
import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { adjustable, ClipkitOptimizer, constant, cosine, defineTransform, exponential, fields, linear, onPlateau, piecewise, polynomial, warmup, type Schedule } from '@clipkit/core';
import { adaGC, adaptiveClip, autoClip, byGlobalNorm, byNorm, byValue, chain, clip, clipWeights, errorFeedback, perGroup, truncateGradients, zClip, type GradientTransform } from '@clipkit/clip';
import { adam, lars, muon, sgd } from '@clipkit/optimizers';

type Json = Record<string, unknown>;

/** Milliseconds: what is refused or harmless is far below, what is neither is far above. */
const ENOUGH = 5000;

beforeAll(async () => { await tf.setBackend('cpu'); });
afterEach(() => { vi.restoreAllMocks(); });

const load = (config: unknown): ClipkitOptimizer => ClipkitOptimizer.fromConfig(ClipkitOptimizer as never, config as never) as unknown as ClipkitOptimizer;
const saved = (optimizer: tf.Optimizer): Json => JSON.parse(JSON.stringify(optimizer.getConfig())) as Json;
const fused = (change: Json = {}): Json => ({ ...saved(adam({ globalClipnorm: 1 })), ...change });
const around = (optimizer: tf.Optimizer = tf.train.adam(0.1), change: Json = {}): Json => ({ ...saved(clip(optimizer, byNorm(1))), ...change });
const norm = (options: unknown): Json => ({ transform: 'byNorm', options });
const limit = (maxNorm: unknown): Json => fused({ transforms: [norm({ maxNorm })] });
const schedule = (kind: string, options: unknown): Json => limit({ schedule: kind, options });
const inner = (className: unknown, config: unknown): Json => fused({ rule: null, inner: { className, config } });
const ruled = (options: Json): Json => {
  const config = fused() as { rule: { options: Json } };
  return { ...config, rule: { transform: 'adam', options: { ...config.rule.options, ...options } } };
};
const without = (record: Json, key: string): Json => Object.fromEntries(Object.entries(record).filter(([each]) => each !== key));
const wrapped = (times: number, start: unknown, wrap: (inside: unknown) => unknown): unknown => {
  let value = start;
  for (let time = 0; time < times; time++) value = wrap(value);
  return value;
};

/** Takes two steps on two variables. */
function takeSteps(optimizer: tf.Optimizer): number[] {
  const variables = [tf.variable(tf.ones([4, 3]), true), tf.variable(tf.ones([3]), true)];
  for (let step = 0; step < 2; step++) {
    tf.tidy(() => { optimizer.applyGradients(variables.map(({ name, shape }) => ({ name, tensor: tf.fill(shape, 0.5) })) as never); });
  }
  const values = variables.flatMap((variable) => [...variable.dataSync()]);
  for (const variable of variables) variable.dispose();
  optimizer.dispose();
  return values;
}

/** The words with which a configuration is refused; nothing may be left of the attempt. */
function refusal(config: unknown): string {
  const { numTensors } = tf.memory();
  try {
    load(config).dispose();
  } catch (error) {
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(error).toSatisfy((each) => each instanceof TypeError || each instanceof RangeError);
    return (error as Error).message;
  }
  return 'loaded';
}

describe('is refused at its place', () => {
  it.each<[string, unknown]>([
    ['config must be an object', null], ['config must be an object', []], ['config must be an object', 'adam'],
    ['unknown key "surprise"', fused({ surprise: 1 })], ['unknown key "toString"', fused({ toString: 1 })],
    ['transforms must be a list', fused({ transforms: {} })], ['transforms must be a list', without(fused(), 'transforms')],
    ['nonFinite must be one of', without(fused(), 'nonFinite')], ['nonFinite must be one of', fused({ nonFinite: 'toString' })], ['nonFinite must be one of', fused({ nonFinite: ['skip'] })],
    ['transforms[0] must be a saved transform', fused({ transforms: [null] })], ['transforms[0] must be a saved transform', fused({ transforms: ['byNorm'] })],
    ['transforms[0] must be a saved transform', fused({ transforms: [{ schedule: 'constant', options: { value: 1 } }] })],
    ['transforms[1].options.maxNorm must be a number >= 0, got -1', fused({ transforms: [norm({ maxNorm: 1 }), norm({ maxNorm: -1 })] })],
    ['transforms[0].options.maxNorm must be a number >= 0 or a schedule, got undefined', fused({ transforms: [norm({})] })],
    ['transforms[0].options: unknown option "size"', fused({ transforms: [norm({ maxNorm: 1, size: 1 })] })],
    ['transforms[0]: unknown key "extra"', fused({ transforms: [{ ...norm({ maxNorm: 1 }), extra: 1 }] })],
    ['transforms[0].options must be an object', fused({ transforms: [norm([1])] })], ['transforms[0].options must be an object', fused({ transforms: [{ transform: 'byNorm' }] })],
    ['transforms[0]: unknown transform "toString"', fused({ transforms: [{ transform: 'toString', options: {} }] })],
    ['transforms[0].options.maxNorm: unknown schedule "constructor"', schedule('constructor', {})],
    ['transforms[0].options.maxNorm.options.steps must be an integer >= 1', schedule('linear', { from: 1, to: 0, steps: 0 })],
    ['transforms[0].options.maxNorm.options.then.options.rate must be a number >= 0, got -1', schedule('warmup', { steps: 1, then: { schedule: 'exponential', options: { from: 1, rate: -1, every: 1 } } })],
    ['transforms[0].options.maxNorm.number must be', limit({ number: '0x10' })], ['transforms[0].options.maxNorm must be a number >= 0, got NaN', limit({ number: 'NaN' })],
    ['transforms[0].options.groups[1].match must be', fused({ transforms: [{ transform: 'perGroup', options: { groups: [{ match: { name: 'a' }, use: norm({ maxNorm: 1 }) }, { match: 5, use: norm({ maxNorm: 1 }) }] } }] })],
    ['transforms[0].options.groups[0] must be an object', fused({ transforms: [{ transform: 'perGroup', options: { groups: [5] } }] })],
    ['transforms[0].options.percentile must be a number from 0 to 100', fused({ transforms: [{ transform: 'autoClip', options: { percentile: 101, window: 9 } }] })],
    ['transforms[0].options.exclude.flags must be a string', fused({ transforms: [{ transform: 'adaptiveClip', options: { exclude: { name: 'a', flags: 1 } } }] })],
    ['transforms[0].options.exclude: "(" with the flags "" is not a regular expression', fused({ transforms: [{ transform: 'adaptiveClip', options: { exclude: { name: '(', flags: '' } } }] })],
    ['transforms[0].options.exclude[1]: the pattern "(?=a)" has a look-ahead', fused({ transforms: [{ transform: 'adaptiveClip', options: { exclude: [{ name: 'a' }, { name: '(?=a)', flags: '' }] } }] })],
    ['transforms[0].options.transform must be a transform that works on a single gradient', fused({ transforms: [{ transform: 'errorFeedback', options: { transform: (fused() as { rule: unknown }).rule } }] })],
    ['is an update rule', fused({ transforms: [(fused() as { rule: unknown }).rule] })],
    ['is an update rule', fused({ transforms: [{ transform: 'chain', options: { transforms: [(fused() as { rule: unknown }).rule] } }] })],
    ['at most one accumulation', fused({ transforms: [{ transform: 'accumulateGradients', options: { n: 2 } }, { transform: 'accumulateGradients', options: { n: 2 } }] })],
    ['either rule or inner must be given', fused({ rule: null })], ['got both', around(tf.train.sgd(1), { rule: (fused() as { rule: unknown }).rule })],
    ['rule must be', without(fused(), 'rule')], ['rule must be an update rule, got "byNorm"', fused({ rule: norm({ maxNorm: 1 }) })],
    ['rule.options.learningRate must be', { ...fused(), rule: { transform: 'adam', options: without((fused() as { rule: { options: Json } }).rule.options, 'learningRate') } }],
    ['rule.options.learningRate must be a finite number', ruled({ learningRate: { number: 'Infinity' } })], ['rule.options.beta1 must be', ruled({ beta1: 1 })],
    ['inner must be null or an object', without(fused(), 'inner')], ['inner must be null or an object', fused({ rule: null, inner: [] })],
    ['inner: unknown key "more"', fused({ rule: null, inner: { className: 'SGD', config: { learningRate: 1 }, more: 1 } })],
    ['inner.className must be a string', inner(5, {})], ['class "toString" is not registered', inner('toString', {})], ['class "Nothing" is not registered', inner('Nothing', {})],
    ['inner.className must be that of an optimizer, got "Dense"', inner('Dense', { units: 3 })], ['got "ClipkitOptimizer"', inner('ClipkitOptimizer', fused())],
    ['inner.config must be an object', inner('SGD', [])], ['inner.config.learningRate must be a number', inner('SGD', {})], ['inner.config.learningRate must be a number >= 0, got "x"', inner('SGD', { learningRate: 'x' })],
    ['inner.config.learningRate must be a number >= 0, got NaN', inner('SGD', { learningRate: NaN })], ['inner.config.learningRate must be a number >= 0, got -1', inner('SGD', { learningRate: -1 })],
    ['inner.config: unknown option "rate"', inner('SGD', { learningRate: 1, rate: 1 })], ['inner.config.beta2 must be', inner('Adam', { learningRate: 1, beta1: 0.9, beta2: 1, epsilon: 1e-7 })],
    ['inner.config.useNesterov must be true or false', inner('Momentum', { learningRate: 1, momentum: 0.9, useNesterov: 1 })],
    ['waited must be', schedule('onPlateau', { from: 1, factor: 0.5, patience: 2, waited: -1 })], ['waited must be below patience', schedule('onPlateau', { from: 1, factor: 0.5, patience: 2, waited: 2 })],
    ['value must be', schedule('onPlateau', { from: 1, factor: 0.5, patience: 2, value: { number: 'Infinity' } })], ['value must be', schedule('adjustable', { value: { name: '1' } })],
    ['best must be', schedule('onPlateau', { from: 1, factor: 0.5, patience: 2, best: { number: 'NaN' } })],
    ['points must be', schedule('piecewise', { points: [[0, 1], [1]] })], ['in rising order', schedule('piecewise', { points: [[1, 1], [1, 2]] })], ['points must be', schedule('piecewise', { points: [] })],
  ])('%s', (words, config) => {
    const said = refusal(config);
    expect(said).toContain('[core] fromConfig');
    expect(said).toContain(words);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('the key %s, at any level', (key) => {
    for (const text of [`{"${key}":1}`, `{"transforms":[{"transform":"byNorm","options":{"${key}":{"x":1}}}]}`, `{"rule":null,"inner":{"className":"SGD","config":{"learningRate":1,"${key}":{}}}}`]) {
      const config: Json = fused();
      for (const [name, value] of Object.entries(JSON.parse(text) as Json)) Object.defineProperty(config, name, { value, enumerable: true, configurable: true, writable: true });
      expect(refusal(config)).toContain(`the key ${key} is refused`);
    }
  });

  it('what only looks like data, without running it', () => {
    const getter = vi.fn(() => []);
    for (const [config, words] of [
      [Object.defineProperty(fused(), 'transforms', { get: getter, enumerable: true }), 'a getter'], [Object.defineProperty(fused(), 'inner', { get: getter, enumerable: true }), 'a getter'],
      [limit(Object.defineProperty({}, 'number', { get: getter, enumerable: true })), 'a getter'], [limit(undefined), 'maxNorm must be plain data'], [limit(() => 1), 'maxNorm must be plain data'],
      [limit(new Map()), 'maxNorm must be plain data'], [limit(1n), 'maxNorm must be plain data'], [fused({ transforms: new Array(3) }), 'transforms[2] must be plain data'],
    ] as const) expect(refusal(config)).toContain(words);
    expect(getter).not.toHaveBeenCalled();
  });

  it('a class that is no optimizer, before any of it runs', () => {
    const build = vi.spyOn(layers.layers as never, 'dense' as never);
    class Trap extends tf.serialization.Serializable {
      static readonly className = 'TrapOfTheTest';
      static override fromConfig = vi.fn();
      override getConfig(): tf.serialization.ConfigDict { return {}; }
    }
    tf.serialization.registerClass(Trap as never);
    expect(refusal(inner('TrapOfTheTest', {}))).toContain('must be that of an optimizer');
    expect(Trap.fromConfig).not.toHaveBeenCalled();
    expect(build).not.toHaveBeenCalled();
  });

  it('without building the wrapped optimizer', () => {
    for (const config of [around(tf.train.adam(0.1), { transforms: [norm({ maxNorm: -1 })] }), around(tf.train.momentum(0.1, 0.9), { nonFinite: 'x' }), around(tf.train.sgd(1), { transforms: [{ transform: 'adam', options: {} }] })]) {
      expect(refusal(config)).not.toBe('loaded');
    }
  });
});

describe('is refused or harmless, however it is built', () => {
  const hostile: Readonly<Record<string, () => unknown>> = {
    'a pattern that back-tracks': () => ruled({ excludeFromWeightDecay: { name: '^(([a-z_0-9/])+)+[A-Z]$', flags: '' }, weightDecay: 1 }),
    'a pattern of many copies': () => ruled({ excludeFromWeightDecay: { name: '((a{99}){99}){99}', flags: '' } }),
    'many patterns': () => ruled({ excludeFromWeightDecay: Array.from({ length: 30_000 }, () => ({ name: '(v?){30}x', flags: '' })) }),
    'a long pattern': () => ruled({ excludeFromWeightDecay: { name: 'a|'.repeat(1e6), flags: '' } }),
    'deep groups': () => ruled({ excludeFromWeightDecay: { name: `${'('.repeat(4000)}${')'.repeat(4000)}`, flags: '' } }),
    'a warm-up 30 deep': () => limit(wrapped(30, 1, (then) => ({ schedule: 'warmup', options: { steps: 2, then } }))),
    'a warm-up 100 deep': () => ruled({ learningRate: wrapped(100, 1, (then) => ({ schedule: 'warmup', options: { steps: 2, then } })) }),
    'a warm-up 5000 deep': () => limit(wrapped(5000, 1, (then) => ({ schedule: 'warmup', options: { steps: 2, then } }))),
    'lists in lists': () => limit(wrapped(100_000, 1, (each) => [each])),
    'objects in objects, in the wrapped one': () => inner('SGD', { learningRate: wrapped(100_000, 1, (a) => ({ a })) }),
    'optimizers in optimizers': () => wrapped(1000, fused(), (config) => inner('ClipkitOptimizer', config)),
    'itself': () => { const config = fused(); config['transforms'] = [config]; return config; },
    'a window of a billion': () => fused({ transforms: [{ transform: 'autoClip', options: { window: 1e9 } }] }),
    'many windows': () => fused({ transforms: Array.from({ length: 60 }, () => ({ transform: 'autoClip', options: { window: 100_000 } })) }),
    'twenty thousand transforms': () => fused({ transforms: Array.from({ length: 20_000 }, () => norm({ maxNorm: 1 })) }),
    'the most transforms': () => fused({ transforms: Array.from({ length: 64 }, (_, at) => (at % 2 ? norm({ maxNorm: 1 }) : { transform: 'byValue', options: { limit: 1 } })) }),
    'chains in chains': () => fused({ transforms: [wrapped(3000, norm({ maxNorm: 1 }), (each) => ({ transform: 'chain', options: { transforms: each } }))] }),
    'feedback in feedback': () => fused({ transforms: [wrapped(60, norm({ maxNorm: 1 }), (each) => ({ transform: 'errorFeedback', options: { transform: each } }))] }),
    'a hundred thousand groups': () => fused({ transforms: [{ transform: 'perGroup', options: { groups: Array.from({ length: 100_000 }, () => ({ match: { name: 'a' }, use: [] })) } }] }),
    'ten thousand empty groups': () => fused({ transforms: [{ transform: 'perGroup', options: { groups: Array.from({ length: 10_000 }, () => ({ match: { name: 'a' }, use: [] })) } }] }),
    'a million points': () => schedule('piecewise', { points: Array.from({ length: 1e6 }, (_, at) => [at, 1]) }),
    'the most points': () => schedule('piecewise', { points: Array.from({ length: 10_000 }, (_, at) => [at, 1]) }),
    'an endless accumulation': () => fused({ transforms: [{ transform: 'accumulateGradients', options: { n: 1e15 } }] }),
    'endless steps': () => schedule('linear', { from: 1, to: 0, steps: 1e300 }),
    'endless iterations': () => { const config = saved(muon()) as { rule: { options: Json } }; config.rule.options['iterations'] = 1e9; return config; },
    'a huge name': () => fused({ transforms: [{ transform: 'perGroup', options: { groups: [{ match: { name: 'a'.repeat(1e7) }, use: [] }] } }] }),
    'huge unknown names': () => fused({ ['k'.repeat(1e6)]: 'v'.repeat(1e6) }),
    'a huge list': () => fused({ transforms: new Array(4e9) }),
  };
  const mayLoad = ['a pattern that back-tracks', 'a warm-up 30 deep', 'a warm-up 100 deep', 'the most transforms', 'feedback in feedback', 'the most points'];
  it.each(Object.entries(hostile))('%s', (name, make) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const config = make();
    const said = refusal(config);
    expect(said.length).toBeLessThan(600);
    if (mayLoad.includes(name)) {
      expect(said).toBe('loaded');
      expect(takeSteps(load(config)).every(Number.isFinite)).toBe(true);
    } else expect(said).toContain('[core] fromConfig');
  }, ENOUGH);
});

describe('in code as from files', () => {
  it('limits are the same', () => {
    expect(() => autoClip({ window: 100_001 })).toThrow('[clip] autoClip: window must be an integer >= 1 and <= 100000, got 100001');
    expect(() => sgd({ gradientAccumulationSteps: 1e15 })).toThrow('gradientAccumulationSteps must be an integer >= 1 and <= 16777216');
    expect(() => sgd({ clip: Array.from({ length: 6 }, () => autoClip({ window: 100_000 })) })).toThrow('may remember at most 1000000 numbers');
    expect(() => sgd({ learningRate: Infinity })).toThrow('learningRate must be a finite number >= 0, got Infinity');
    expect(() => linear({ from: Infinity, to: 0, steps: 1 })).toThrow('from must be a finite number, got Infinity');
    expect(autoClip({ window: 100_000 }).options['window']).toBe(100_000);
  });

  it('what cannot be loaded again is refused when saving, with what to do', () => {
    for (const optimizer of [adam({ excludeFromWeightDecay: /^(?!bias)/ }), clip(tf.train.sgd(1), adaptiveClip({ exclude: /(a)\1/ }))]) {
      expect(() => optimizer.getConfig()).toThrow(/^\[core\] getConfig: (rule|transforms\[0\])\.options\.ex.*: the pattern ".*" has a .*write it without, as several patterns, or list the names$/);
      expect(takeSteps(optimizer).every(Number.isFinite)).toBe(true);
    }
    expect(() => clip(tf.train.sgd(-1), byNorm(1)).getConfig()).toThrow('[core] getConfig: inner.config.learningRate must be a number >= 0, got -1');
    expect(() => sgd({ clip: Array.from({ length: 65 }, () => byNorm(1)) }).getConfig()).toThrow('at most 64 transforms');
  });

  it('a variable goes through one of many groups, so that these count once', () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const groups = (count: number, each: number): GradientTransform => perGroup(
      Array.from({ length: count }, (_, index) => ({ match: new RegExp(`layer_${index}/`), use: Array.from({ length: each }, () => byNorm(0.1)) })),
      { rest: [byNorm(0.2), byNorm(0.3)] },
    );
    for (const transform of [groups(300, 1), groups(500, 2), groups(10, 61)]) {
      const optimizer = sgd({ clip: transform });
      expect(takeSteps(load(saved(optimizer)))).toEqual(takeSteps(optimizer));
    }
    expect(() => sgd({ clip: groups(2, 62) }).getConfig()).toThrow('at most 64 transforms for one variable');
    expect(() => sgd({ clip: [groups(2, 1), ...Array.from({ length: 61 }, () => byNorm(1))] }).getConfig()).toThrow('at most 64 transforms for one variable');
    expect(() => sgd({ clip: groups(520, 2) }).getConfig()).toThrow('at most 1024 transforms altogether');
  }, ENOUGH);

  it('a transform of another stage inside a transform of one\'s own is refused when the optimizer is made', () => {
    const around = defineTransform({ kind: 'aroundOfTheTest', arguments: (use: GradientTransform) => ({ use }), options: { use: fields.transform() }, update: ({ gradient, apply }, { use }) => ({ gradient: apply(use, 'use', { gradient }).gradient }) });
    expect(() => sgd({ clip: around(clipWeights({ value: 1 })) })).toThrow('a transform in aroundOfTheTest must be');
    expect(takeSteps(sgd({ clip: around(byNorm(1)) })).every(Number.isFinite)).toBe(true);
  });

  it('a warm-up follows a value that is set by hand', () => {
    const target = adjustable(1);
    const rising = warmup({ steps: 4, then: target });
    target.value = 8;
    expect([0, 1, 3, 4].map(rising)).toEqual([2, 4, 8, 8]);
  });
});

const positive = fc.double({ min: 1e-3, max: 10, noNaN: true });
const steps = fc.integer({ min: 1, max: 40 });
const plainSchedule: fc.Arbitrary<Schedule> = fc.oneof(
  positive.map(constant), positive.map(adjustable),
  fc.record({ from: positive, to: positive, steps }).map(linear), fc.record({ from: positive, to: positive, steps }).map(cosine),
  fc.record({ from: positive, rate: positive, every: steps }).map(exponential), fc.record({ from: positive, to: positive, steps, power: positive }).map(polynomial),
  fc.record({ from: positive, factor: fc.double({ min: 0, max: 0.9, noNaN: true }), patience: steps }).map(onPlateau),
  fc.array(positive, { minLength: 1, maxLength: 9 }).map((values) => piecewise(values.map((value, at) => [3 * at, value] as const))),
);
const anySchedule = fc.oneof(plainSchedule, fc.record({ steps, then: plainSchedule }).map(warmup), fc.record({ steps, then: fc.record({ steps, then: plainSchedule }).map(warmup) }).map(warmup));
const threshold = fc.oneof(positive, fc.constant(Infinity), anySchedule);
const pattern = fc.oneof(fc.constantFrom('dense/bias', 'head_two/kernel'), fc.constantFrom(/bias$/, /^head.*kernel/i, /^(conv|dense)_\d+\/kernel$/g));
const patterns = fc.oneof(pattern, fc.array(pattern, { maxLength: 3 }));
const simple: fc.Arbitrary<GradientTransform> = fc.oneof(
  threshold.map((each) => byNorm(each)), threshold.map((each) => byGlobalNorm(each)), threshold.map((each) => byValue(each)), fc.constantFrom(zClip(), adaGC(), truncateGradients({ fraction: 0.5 })),
  patterns.map((exclude) => adaptiveClip({ exclude })), fc.integer({ min: 1, max: 9 }).map((window) => autoClip({ window })),
);
const transform = fc.oneof(
  simple, simple.map(errorFeedback), fc.array(simple, { maxLength: 3 }).map((list) => chain(...list)),
  fc.tuple(patterns, simple, simple).map(([match, use, rest]) => perGroup([{ match, use }], { rest })),
);
const optimizers = fc.tuple(fc.array(transform, { maxLength: 3 }), fc.oneof(positive, anySchedule), fc.integer({ min: 0, max: 5 }), patterns).map(([transforms, learningRate, which, exclude]) => [
  () => adam({ learningRate, clip: transforms, nonFinite: 'skip' }), () => sgd({ learningRate, clip: transforms, momentum: 0.9, weightDecay: 0.1, excludeFromWeightDecay: exclude }),
  () => lars({ learningRate, clip: transforms, excludeFromLayerAdaptation: exclude }), () => clip(tf.train.adam(0.1), transforms), () => clip(tf.train.momentum(0.1, 0.9), transforms), () => clip(tf.train.rmsprop(0.1), transforms),
][which]!());

describe('random configurations', () => {
  it('load and are saved again as they were', () => {
    fc.assert(fc.property(optimizers, (optimizer) => {
      const config = saved(optimizer);
      const loaded = load(config);
      expect(saved(loaded)).toEqual(config);
      optimizer.dispose();
      loaded.dispose();
    }), { numRuns: 150 });
  });

  const poisons = fc.oneof(
    fc.constantFrom<unknown>(null, true, NaN, Infinity, -1, 0, 1e300, '', 'toString', 'x', [], {}, { name: 'a' }, { number: 'NaN' }, { number: 'Infinity' }, { name: '(a+)+$', flags: '' }, { name: '(?<=a)', flags: '' },
      { schedule: 'constant', options: { value: -1 } }, { transform: 'byNorm', options: { maxNorm: 1 } }, { transform: 'adam', options: {} }, { className: 'Dense', config: {} }),
    fc.jsonValue(),
  );

  it('damaged in one place: refused with nothing left, or as good as any', () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    fc.assert(fc.property(optimizers, fc.nat(), poisons, fc.constantFrom('replace', 'delete', 'rename', 'add'), (optimizer, place, poison, how) => {
      const config = saved(optimizer);
      optimizer.dispose();
      const places: [Json, string][] = [];
      const visit = (value: unknown): void => {
        if (typeof value !== 'object' || value === null) return;
        for (const key of Object.keys(value)) {
          places.push([value as Json, key]);
          visit((value as Json)[key]);
        }
      };
      visit(config);
      const [holder, key] = places[place % places.length]!;
      if (how === 'replace') holder[key] = poison;
      if (how === 'add') holder[`${key}X`] = poison;
      if (how === 'rename') holder[`${key}X`] = holder[key];
      if (how === 'delete' || how === 'rename') delete holder[key];
      if (refusal(config) !== 'loaded') return;
      const loaded = load(config);
      // What was left out has its default now; nothing that was said is lost.
      expect(saved(load(saved(loaded)))).toEqual(saved(loaded));
      // A schedule may well say a number that is none in some step: that is refused when it comes.
      try {
        expect(takeSteps(loaded)).toHaveLength(15);
      } catch (error) {
        expect(String(error)).toMatch(/\(from the schedule \w+ at step \d\)/);
      }
    }), { numRuns: 600 });
    tf.disposeVariables();
  });
});

it('no schedule of finite parameters is ever NaN', () => {
  const wide = fc.oneof(fc.double({ min: -3e38, max: 3e38, noNaN: true }), fc.constantFrom(0, -0, 3e38, -3e38, 1e-300));
  const size = fc.oneof(fc.integer({ min: 1, max: 10 }), fc.constantFrom(1, 2 ** 53 - 1));
  const share = fc.oneof(fc.double({ min: 0, max: 3e38, noNaN: true }), fc.constantFrom(0, 1));
  const any = fc.oneof(
    fc.record({ from: wide, to: wide, steps: size }).map(linear), fc.record({ from: wide, to: wide, steps: size }).map(cosine),
    fc.record({ from: wide, rate: share, every: size }).map(exponential), fc.record({ from: wide, to: wide, steps: size, power: share }).map(polynomial),
  );
  fc.assert(fc.property(fc.oneof(any, fc.record({ steps: size, then: any }).map(warmup)), fc.oneof(fc.nat(30), fc.constantFrom(1e6, 2 ** 53 - 1)), (each, step) => { expect(each(step)).not.toBeNaN(); }), { numRuns: 2000 });
});

it('customObjects, which loading a model puts in, is not looked at', () => {
  expect(saved(load({ ...fused(), customObjects: { Layer: class {} } }))).toEqual(fused());
});
