/** Damage to a file's weights. */
import fc from 'fast-check';
import { sizeOf } from '../life/casts';

/** A weight whose parts need not fit. */
export interface Weight {
  name: string;
  dtype: string;
  shape: number[];
  values: (number | string)[];
}

/** What happens to a list of weights; a weight that an earlier damage has taken out stays out. */
interface Damage {
  /** In words, for a failing test. */
  readonly what: string;
  do(weights: Weight[]): void;
}

const VALUES: Readonly<Record<string, (value: number) => number>> = {
  NaN: () => NaN,
  infinite: () => Infinity,
  negative: (value) => (value === 0 ? -1 : -value),
  'half of one more': (value) => value + 0.5,
  huge: () => 1e30,
  zero: () => 0,
  'one more': (value) => value + 1,
  'a few bits off': (value) => Math.fround(value * (1 + 2 ** -21)),
};

const NAMES: Readonly<Record<string, (name: string) => string>> = {
  'another name': () => 'nothing',
  'a name with a number': (name) => `${name}_1`,
  'no name': () => '',
  'a name of the wrapped optimizer': (name) => `inner/${name}`,
  'its name cut short': (name) => name.slice(0, -1),
  'its name in capitals': (name) => name.toUpperCase(),
};

const SHAPES: Readonly<Record<string, (shape: number[]) => number[]>> = {
  'one more axis': (shape) => [...shape, 1],
  'a single axis': (shape) => [sizeOf(shape)],
  'its axes turned round': (shape) => [...shape].reverse(),
};

const keysOf = (record: object): fc.Arbitrary<string> => fc.constantFrom(...Object.keys(record));

/** One damage to these weights, which are changed where they stand. `others`: those of another optimizer's file. */
function damageTo(original: readonly Weight[], others: readonly Weight[]): fc.Arbitrary<Damage> {
  const weight = fc.constantFrom(...original);
  const other = fc.constantFrom(...others);
  const filled = fc.constantFrom(...original.filter(({ values }) => values.length));
  const element = fc.nat(5);
  const remove = (weights: Weight[], which: Weight): void => {
    if (weights.includes(which)) weights.splice(weights.indexOf(which), 1);
  };
  return fc.oneof(
    weight.map((each): Damage => ({
      what: `drop ${each.name}`,
      do: (weights) => {
        remove(weights, each);
      },
    })),
    weight.map((each): Damage => ({
      what: `end before ${each.name}`,
      do: (weights) => {
        if (weights.includes(each)) weights.length = weights.indexOf(each);
      },
    })),
    weight.map((each): Damage => ({
      what: `${each.name} twice`,
      do: (weights) => {
        weights.push(structuredClone(each));
      },
    })),
    fc.tuple(weight, keysOf(NAMES)).map(([each, how]) => ({
      what: `${each.name} gets ${how}`,
      do: () => {
        each.name = NAMES[how]!(each.name);
      },
    })),
    fc.tuple(weight, weight).map(([a, b]) => ({
      what: `${a.name} gets the name ${b.name}`,
      do: () => {
        a.name = b.name;
      },
    })),
    fc.tuple(weight, weight).map(([a, b]) => ({
      what: `${a.name} and ${b.name} change names`,
      do: () => {
        [a.name, b.name] = [b.name, a.name];
      },
    })),
    fc.tuple(filled, element, element).map(([each, i, j]) => ({
      what: `elements ${i} and ${j} of ${each.name} change places`,
      do: () => {
        const { values } = each;
        const [from, to] = [i % values.length, j % values.length];
        [values[from], values[to]] = [values[to]!, values[from]!];
      },
    })),
    fc.tuple(weight, keysOf(SHAPES)).map(([each, how]) => ({
      what: `${each.name} gets ${how}`,
      do: () => {
        each.shape = SHAPES[how]!(each.shape);
      },
    })),
    fc.tuple(weight, fc.boolean()).map(([each, isLonger]) => ({
      what: `${each.name} becomes ${isLonger ? 'longer' : 'shorter'}`,
      do: () => {
        each.values = isLonger ? [...each.values, 0.25] : each.values.slice(1);
        each.shape = [each.values.length];
      },
    })),
    fc.tuple(weight, fc.constantFrom('int32', 'bool', 'string', 'float32')).map(([each, dtype]) => ({
      what: `${each.name} becomes ${dtype}`,
      do: () => {
        each.dtype = dtype;
      },
    })),
    fc.tuple(filled, element, keysOf(VALUES)).map(([each, at, how]) => ({
      what: `element ${at} of ${each.name} becomes ${how}`,
      do: () => {
        const place = at % each.values.length;
        each.values[place] = VALUES[how]!(Number(each.values[place]));
      },
    })),
    other.map((foreign): Damage => ({
      what: `another optimizer's ${foreign.name} beside them`,
      do: (weights) => {
        weights.push(structuredClone(foreign));
      },
    })),
    fc.tuple(weight, other).map(([each, foreign]) => ({
      what: `another optimizer's ${foreign.name} in place of ${each.name}`,
      do: () => {
        Object.assign(each, structuredClone(foreign));
      },
    })),
    fc.constant<Damage>({
      what: 'the whole file of another optimizer',
      do: (weights) => {
        weights.splice(0, weights.length, ...structuredClone([...others]));
      },
    }),
  );
}

/** A list of weights that was damaged once or more, and how. */
export function damagedWeights(
  whole: readonly Weight[],
  others: readonly Weight[],
): fc.Arbitrary<{ readonly what: string; make(): Weight[] }> {
  // Damages name weights of this copy; make() gives a fresh one its whole values first.
  const original = structuredClone([...whole]);
  return fc.array(damageTo(original, others), { minLength: 1, maxLength: 3 }).map((list) => {
    const what = list.map((each) => each.what).join('; ');
    return {
      what,
      [fc.toStringMethod]: () => what,
      make: () => {
        original.forEach((each, index) => {
          Object.assign(each, structuredClone(whole[index]!));
        });
        const weights = [...original];
        for (const each of list) each.do(weights);
        return structuredClone(weights);
      },
    };
  });
}
