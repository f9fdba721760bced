/**
 * clipGradients(): what `how` holds at the time of the call counts, whatever came before; and nothing is left behind.
 */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  adaptiveClip,
  adjustable,
  byGlobalNorm,
  byNorm,
  byValue,
  centralizeGradients,
  chain,
  clipGradients,
  normalizeGradients,
  perGroup,
  piecewise,
  softClip,
  truncateGradients,
  zClip,
  type ClipOptions,
  type GradientTransform,
} from '@clipkit/clip';
import { StandaloneChain } from '@clipkit/core';
import { readHow, type How } from '../src/how';
import { RUNTIMES, runOn } from './support/runtimes';

afterEach(() => {
  tf.disposeVariables();
});

type Entry = tf.Tensor | null | undefined;
interface Values {
  readonly gradients: (number[] | null | undefined)[];
  readonly norm: number;
}
const numbersOf = (tensor: Entry): number[] | null | undefined => tensor && [...tensor.dataSync()];

/** Reads a result and disposes it; an entry that has no gradient must stay what it was. */
function read({ gradients, norm }: { gradients: readonly Entry[]; norm: tf.Scalar }): Values {
  const values = { gradients: gradients.map(numbersOf), norm: norm.dataSync()[0]! };
  tf.dispose([...(gradients.filter(Boolean) as tf.Tensor[]), norm]);
  return values;
}
const clipped = (gradients: readonly Entry[] | Readonly<Record<string, Entry>>, how: How): Values => {
  const { gradients: made, norm } = clipGradients(gradients as tf.Tensor[], how);
  return read({ gradients: Object.values(made), norm });
};
/** The same by a chain that has never run before. */
function anew(gradients: readonly Entry[] | Readonly<Record<string, Entry>>, how: How): Values {
  const { transforms, nonFinite } = readHow('test', how);
  const names = Array.isArray(gradients) ? null : Object.keys(gradients);
  return read(new StandaloneChain('test', transforms, nonFinite).run(Object.values(gradients), names));
}

/** Shapes of a list: null and undefined for no gradient, [0] and [2, 0] for no elements. */
const SHAPES: readonly (readonly number[] | null | undefined)[] = [
  [3],
  [3],
  [2, 2],
  [4, 3],
  [],
  [0],
  [2, 0],
  null,
  undefined,
];
const shapes = fc.array(fc.constantFrom(...SHAPES), { maxLength: 6 });
const makeEntries = (of: readonly (readonly number[] | null | undefined)[], seed: number): Entry[] =>
  of.map((shape, index) => (shape ? tf.randomNormal([...shape], 0, 2, 'float32', 17 * seed + index + 1) : shape));

const transform: fc.Arbitrary<GradientTransform> = fc.oneof(
  fc
    .constantFrom(0.1, 1, 5)
    .chain((limit) =>
      fc.constantFrom(
        byNorm(limit),
        byGlobalNorm(limit),
        byValue(limit),
        byValue([-limit, 2 * limit]),
        softClip(limit),
        byGlobalNorm(Infinity, { minNorm: limit }),
      ),
    ),
  fc.constantFrom(
    centralizeGradients(),
    truncateGradients({ length: 2 }),
    normalizeGradients({ to: 2 }),
    chain(byValue(1), byNorm(0.5)),
  ),
  fc
    .constantFrom('a', /^b/, ['c', 'd'])
    .map((match) => perGroup([{ match, use: byNorm(0.2) }], { rest: byValue(0.4) })),
);
/** A change of an options object in place. */
type Change = (how: ClipOptions) => void;
const limits = { clipvalue: undefined, clipnorm: undefined, globalClipnorm: undefined, global_clipnorm: undefined };
const change: fc.Arbitrary<Change> = fc.oneof(
  fc
    .tuple(fc.constantFrom('clipvalue', 'clipnorm', 'globalClipnorm', 'global_clipnorm'), fc.constantFrom(0.1, 0.7, 3))
    .map(
      ([name, value]): Change =>
        (how) =>
          Object.assign(how, limits, { [name]: value }),
    ),
  fc.array(transform, { maxLength: 3 }).map((list): Change => (how) => {
    how.clip = list;
  }),
  transform.map((each): Change => (how) => {
    how.clip = each;
  }),
  transform.map((each): Change => (how) => {
    if (Array.isArray(how.clip)) how.clip.push(each);
  }),
  fc.constant<Change>((how) => {
    if (Array.isArray(how.clip)) how.clip.reverse();
  }),
  fc.constant<Change>((how) => {
    delete how.clip;
  }),
  fc.constantFrom('propagate', 'zero', 'skip').map((policy): Change => (how) => {
    how.nonFinite = policy as 'zero';
  }),
);

describe.each(RUNTIMES)('on %s', (runtime) => {
  it('each call is as if it were the first, whatever was changed in place between', () =>
    runOn(runtime, () => {
      const how: ClipOptions = {};
      fc.assert(
        fc.property(
          fc.array(fc.tuple(change, shapes, fc.boolean(), fc.nat(5)), { minLength: 1, maxLength: 8 }),
          (calls) => {
            const before = tf.memory();
            for (const [apply, of, named, seed] of calls) {
              apply(how);
              const entries = makeEntries(of, seed);
              const given = named
                ? Object.fromEntries(entries.map((each, index) => [`${'abcdef'[index]!}`, each]))
                : entries;
              const copies = entries.map(numbersOf);
              expect(clipped(given, how)).toEqual(anew(given, how));
              expect(entries.map(numbersOf)).toEqual(copies);
              tf.dispose(entries.filter(Boolean) as tf.Tensor[]);
            }
            expect([tf.memory().numTensors, tf.memory().numBytes]).toEqual([before.numTensors, before.numBytes]);
          },
        ),
        { numRuns: runtime === 'eager' ? 25 : 60, seed: 5 },
      );
    }));

  it('lists, and what is inside of transforms, may be changed in place too', () =>
    runOn(runtime, () => {
      const gradients = { a: tf.tensor1d([3, 4]), b: tf.tensor1d([6, 8]) };
      const list: GradientTransform[] = [byNorm(1)];
      const use: GradientTransform[] = [byNorm(1)];
      const names = ['a'];
      const group = perGroup([{ match: names, use }]);
      const inside = { clip: list };
      const both = (how: How): number[][] => {
        const values = clipped(gradients, how);
        expect(values).toEqual(anew(gradients, how));
        return values.gradients.map((each) => each!.map((value) => Math.round(1e4 * value) / 1e4));
      };
      expect([both(list), both(inside), both(group)]).toEqual([
        [
          [0.6, 0.8],
          [0.6, 0.8],
        ],
        [
          [0.6, 0.8],
          [0.6, 0.8],
        ],
        [
          [0.6, 0.8],
          [6, 8],
        ],
      ]);
      list[0] = byNorm(5);
      use[0] = byNorm(0.5);
      expect([both(list), both(inside), both(group)]).toEqual([
        [
          [3, 4],
          [3, 4],
        ],
        [
          [3, 4],
          [3, 4],
        ],
        [
          [0.3, 0.4],
          [6, 8],
        ],
      ]);
      list.push(byValue(3.5));
      names.push('b');
      expect([both(list), both(inside), both(group)]).toEqual([
        [
          [3, 3.5],
          [3, 3.5],
        ],
        [
          [3, 3.5],
          [3, 3.5],
        ],
        [
          [0.3, 0.4],
          [0.3, 0.4],
        ],
      ]);
      list.length = 0;
      expect(both(list)).toEqual([
        [3, 4],
        [6, 8],
      ]);
    }));

  it('thresholds that move are read in each call', () =>
    runOn(runtime, () => {
      const limit = adjustable(1);
      const gradients = [tf.tensor1d([3, 4])];
      const how = { clipnorm: limit };
      expect(clipped(gradients, how).gradients[0]![0]).toBeCloseTo(0.6, 6);
      limit.value = 2;
      expect(clipped(gradients, how).gradients[0]![0]).toBeCloseTo(1.2, 6);
      expect(clipped(gradients, { clipnorm: adjustable(1) }).gradients[0]![0]).toBeCloseTo(0.6, 6);
      let value = 0.5;
      const plain = { clipnorm: () => value };
      expect(clipped(gradients, plain).gradients[0]![0]).toBeCloseTo(0.3, 6);
      value = 5;
      expect(clipped(gradients, plain).gradients[0]![0]).toBe(3);
      // A schedule is made of the points that it was given, not of what their list becomes.
      const points: [number, number][] = [[0, 1]];
      const stairs = piecewise(points);
      points[0]![1] = 2;
      expect([stairs(0), clipped(gradients, { clipnorm: stairs }).norm]).toEqual([1, 5]);
      expect(clipped(gradients, { clipnorm: stairs }).gradients[0]![0]).toBeCloseTo(0.6, 6);
    }));

  it('weights are those of the live variable of that name, of each call', () =>
    runOn(runtime, () => {
      const how = adaptiveClip({ clipping: 0.5 });
      const gradient = tf.tensor1d([7, 24]);
      for (const size of [5, 10, 1]) {
        const variable = tf.tidy(() => tf.variable(tf.tensor1d([0.6 * size, 0.8 * size]), true, 'kernel'));
        expect(clipped({ kernel: gradient }, how).gradients[0]![1]).toBeCloseTo(((24 / 25) * size) / 2, 5);
        variable.assign(tf.tensor1d([1.2 * size, 1.6 * size]));
        expect(clipped({ kernel: gradient }, how).gradients[0]![1]).toBeCloseTo((24 / 25) * size, 5);
        variable.dispose();
        expect(() => clipGradients({ kernel: gradient }, how)).toThrow('there is none for gradient kernel');
      }
    }));

  it('a list has no variables, also where those without names are called 0, 1, …', () =>
    runOn(runtime, () => {
      tf.tidy(() => {
        for (const name of ['0', '1']) tf.variable(tf.ones([2]), true, name);
      });
      const gradients = [tf.tensor1d([7, 24]), tf.tensor1d([7, 24])];
      expect(() => clipGradients(gradients, adaptiveClip())).toThrow(
        '[clip] clipGradients: the chain looks at the variables, and a list does not say whose its gradients are; pass a map',
      );
      expect(() => clipGradients({ 0: gradients[0]!, 1: gradients[1]! }, adaptiveClip())).not.toThrow();
      expect(clipped(gradients, byNorm(5)).gradients[0]![0]).toBeCloseTo(1.4, 6);
    }));

  it('keeps tensors and bytes where they were over many shapes, and with gradients that are gone', () =>
    runOn(runtime, () => {
      const call = (step: number): void => {
        const gradients = makeEntries([[1 + (step % 23)], [2, 1 + (step % 7)], step % 3 ? null : [3]], step);
        clipped(gradients, { globalClipnorm: 1, nonFinite: step % 2 ? 'zero' : 'propagate' });
        tf.dispose(gradients.filter(Boolean) as tf.Tensor[]);
      };
      for (let step = 0; step < 50; step++) call(step);
      const { numTensors, numBytes } = tf.memory();
      for (let step = 50; step < 400; step++) call(step);
      expect([tf.memory().numTensors, tf.memory().numBytes]).toEqual([numTensors, numBytes]);
    }));

  describe('refuses in words, and leaves nothing behind:', () => {
    const gone = (): tf.Tensor => {
      const tensor = tf.ones([2]);
      tensor.dispose();
      return tensor;
    };
    const rows: [string, () => unknown, How, RegExp][] = [
      [
        'a number',
        () => ({ a: tf.ones([2]), b: 3 }),
        { clipnorm: 1 },
        /the gradient of b must be a tensor or null, got 3/,
      ],
      ['an array', () => ({ a: [1, 2] }), { clipnorm: 1 }, /the gradient of a must be a tensor or null, got \[1, 2\]/],
      [
        'an object',
        () => ({ a: { x: 1 } }),
        { clipnorm: 1 },
        /the gradient of a must be a tensor or null, got an object with keys \{x\}/,
      ],
      [
        'what tf.variableGrads returns, whole',
        () => ({ value: tf.scalar(1), grads: { a: tf.ones([2]) } }),
        { clipnorm: 1 },
        /the gradient of grads must be a tensor/,
      ],
      [
        'entries with names',
        () => [{ name: 'a', tensor: tf.ones([2]) }],
        { clipnorm: 1 },
        /gradients\[0\] must be a tensor or null, got an object with keys \{name, tensor\}; a list has nothing but tensors/,
      ],
      ['false', () => [tf.ones([2]), false], { clipnorm: 1 }, /gradients\[1\] must be a tensor or null, got false/],
      [
        'int32',
        () => ({ a: tf.ones([2]), b: tf.ones([2], 'int32') }),
        { clipnorm: 1 },
        /the gradient of b must be float32, got int32/,
      ],
      [
        'int32 without elements',
        () => [tf.zeros([0], 'int32')],
        { clipnorm: 1 },
        /gradients\[0\] must be float32, got int32/,
      ],
      ['a disposed one', () => [tf.ones([2]), gone()], { clipnorm: 1 }, /gradients\[1\] is disposed/],
      [
        'a disposed one without elements',
        () => {
          const tensor = tf.zeros([0]);
          tensor.dispose();
          return [tensor];
        },
        { clipnorm: 1 },
        /gradients\[0\] is disposed/,
      ],
      ['a tensor', () => tf.ones([2]), { clipnorm: 1 }, /gradients must be a list of tensors or a map/],
      [
        'a Map',
        () => new Map([['a', null]]),
        { clipnorm: 1 },
        /gradients must be a list of tensors or a map.*got a Map/,
      ],
      ['a promise', () => Promise.resolve({}), { clipnorm: 1 }, /got a Promise/],
      ['nothing', () => undefined, { clipnorm: 1 }, /got undefined/],
      [
        'a NaN under throw, in a map',
        () => ({ a: tf.ones([2]), b: tf.tensor1d([NaN]), c: tf.tensor1d([Infinity]) }),
        { clipnorm: 1, nonFinite: 'throw' },
        /the gradient of b and the gradient of c must be finite, got a NaN or an infinity/,
      ],
      [
        'a NaN under throw, in a list',
        () => [null, tf.zeros([0]), tf.tensor1d([NaN])],
        { clipnorm: 1, nonFinite: 'throw' },
        /gradients\[2\] must be finite/,
      ],
      ['what remembers', () => [tf.ones([2])], zClip(), /zClip remembers earlier steps and needs an optimizer/],
      ['two limits', () => [tf.ones([2])], { clipnorm: 1, clipvalue: 1 }, /at most one of/],
      ['an unknown option', () => [tf.ones([2])], { clipNorm: 1 } as never, /unknown option "clipNorm"/],
      ['a limit that is no number', () => [tf.ones([2])], { clipnorm: 1n } as never, /clipnorm must be a number/],
      [
        'options that contain themselves',
        () => [tf.ones([2])],
        (() => {
          const how: ClipOptions = {};
          how.clip = [how, how] as never;
          return how;
        })(),
        /clip must be a gradient transform/,
      ],
      [
        'an instance of a class',
        () => [tf.ones([2])],
        new (class {
          clipnorm = 1;
        })(),
        /options must be an object/,
      ],
      [
        "a shape that is not its variable's",
        () => {
          tf.tidy(() => tf.variable(tf.ones([3]), true, 'kernel'));
          return { kernel: tf.ones([2]) };
        },
        adaptiveClip(),
        /the gradient of kernel must have its shape \[3\], got \[2\]/,
      ],
    ];
    it.each(rows)('%s', (_name, make, how, message) =>
      runOn(runtime, () => {
        clipped([tf.ones([2])], { clipnorm: 1 });
        const given = make();
        const { numTensors, numBytes } = tf.memory();
        expect(() => clipGradients(given as tf.Tensor[], how)).toThrow(message);
        expect(() => clipGradients(given as tf.Tensor[], how)).toThrow(message);
        expect([tf.memory().numTensors, tf.memory().numBytes]).toEqual([numTensors, numBytes]);
      }),
    );
  });

  it('takes variables for gradients, lists with holes and maps without a prototype', () =>
    runOn(runtime, () => {
      const variable = tf.tidy(() => tf.variable(tf.tensor1d([3, 4])));
      expect(clipped([variable], { clipnorm: 1 }).gradients[0]![1]).toBeCloseTo(0.8, 6);
      expect([...variable.dataSync()]).toEqual([3, 4]);
      expect(clipped([, variable] as never, { clipnorm: 10 }).gradients).toEqual([undefined, [3, 4]]);
      const map = Object.assign(Object.create(null) as object, { a: variable, constructor: variable });
      expect(clipped(map as never, { clipnorm: 10 })).toEqual({
        gradients: [
          [3, 4],
          [3, 4],
        ],
        norm: Math.fround(Math.sqrt(50)),
      });
      expect(clipped([], { clipnorm: 10 })).toEqual({ gradients: [], norm: 0 });
      expect(clipped({}, { globalClipnorm: 10 })).toEqual({ gradients: [], norm: 0 });
    }));
});
