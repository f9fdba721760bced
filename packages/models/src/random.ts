/** Seeded randomness: numbers, permutations, and seeds for layers, the same on every machine. */

/** Mixes two whole numbers into 32 well-stirred bits (the finaliser of MurmurHash3, applied twice). */
export function mix(first: number, second: number): number {
  return stir((stir(first | 0) ^ stir((second | 0) + 0x9e3779b9)) | 0);
}

function stir(bits: number): number {
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** A function that returns uniform numbers in [0, 1), the same ones for the same seed; unseeded it is `Math.random`. (mulberry32) */
export function uniform(seed?: number): () => number {
  if (seed === undefined) return Math.random;
  let state = mix(seed, 0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
}

/** The numbers 0 … count − 1 in random order. (Fisher and Yates) */
export function permutation(count: number, random: () => number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const chosen = Math.floor(random() * (last + 1));
    const held = order[last]!;
    order[last] = order[chosen]!;
    order[chosen] = held;
  }
  return order;
}

/**
 * Hands each layer of a model a seed of its own. Equal seeds would give layers of equal shape equal weights, and tfjs takes
 * seed 0 for no seed at all, so that the derived seeds are never 0.
 */
export function layerSeeds(seed?: number): () => number | undefined {
  let layer = 0;
  return () => (seed === undefined ? undefined : mix(seed, ++layer) || 1);
}
