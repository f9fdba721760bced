/** A seeded stream of numbers, for shapes and values that are the same on every run. */

/** Mulberry32: a function that returns the next number in [0, 1). */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
};

/** Draws from a stream. */
export class Draw {
  constructor(readonly next: () => number) {}

  /** A whole number from low to high, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  of<Choice>(...choices: readonly Choice[]): Choice {
    return choices[this.whole(0, choices.length - 1)] as Choice;
  }

  values(shape: readonly number[]): Float32Array {
    return Float32Array.from({ length: shape.reduce((size, side) => size * side, 1) }, () => this.next() * 2 - 1);
  }
}
