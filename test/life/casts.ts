/** The variables that sequences play with: small, and named so that saving by name is easy to get wrong. */

/** Of every rank, or all alike, so that nothing but name and order tells the variables apart. */
export const SHAPES: Readonly<Record<string, readonly (readonly number[])[]>> = {
  various: [[3, 2], [4], [], [2, 2, 1, 3]],
  alike: [[3], [3], [3], [3]],
};

/** Names as layers have them, and names that look like parts of a file of weights. */
export const NAMES: Readonly<Record<string, readonly string[]>> = {
  layers: ['dense_Dense1/kernel', 'dense_Dense1/bias', 'dense_Dense2/kernel', 'dense_Dense2/bias'],
  numbered: ['w_1', 'w_2', 'w', 'w_10'],
  reserved: ['iter', 'counters', 'state', 'checksum'],
  nested: ['inner/kernel', 'a#1/b', 'kernel#0/0.adam/firstMoment', 'inner/iter'],
  odd: ['50% kernel', '%2F/ kernel', ' ', ' /'],
  foreign: ['ядро', '核/kernel', 'a.b/c', 'kernel:0'],
  digits: ['1000007', '1000008', '1000009', '1000010'],
};

/**
 * What variables are called in the process that loads. `kept`: the same. `suffixed`: as tf.loadLayersModel does while a
 * name is taken. `unnamed`: tfjs numbers them. `counted`: layers that tfjs named itself, after other layers. `shifted`:
 * like that, and some of the new names are old names of other variables, so that names mislead.
 */
export const RENAMINGS = ['kept', 'suffixed', 'unnamed', 'counted', 'shifted'] as const;
export type Renaming = (typeof RENAMINGS)[number];

/** The new names; null for a variable that tfjs numbers. `used`: every name that this sequence had so far. */
export function rename(names: readonly string[], how: Renaming, used: ReadonlySet<string>): (string | null)[] {
  if (how === 'kept') return [...names];
  if (how === 'unnamed') return names.map(() => null);
  const unused = (make: (round: number) => string[]): string[] => {
    for (let round = 1; ; round++) {
      const made = make(round);
      if (!made.some((name) => used.has(name))) return made;
    }
  };
  if (how === 'shifted') return [...names.slice(1), ...unused((round) => [`${names.at(-1)!}_${round}`])];
  const counted = how === 'counted' && names.every((name) => /^dense_Dense\d+/.test(name));
  return unused((round) =>
    names.map((name) =>
      counted ? name.replace(/\d+/, (digits) => String(Number(digits) + 3 * round)) : `${name}_${round}`,
    ),
  );
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((all, each) => all * each, 1);
