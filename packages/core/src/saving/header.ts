/**
 * The weight `counters`: what is counted, which other weights there must be, and their checksum, as whole numbers of at least 0.
 *
 * Names and shapes of variables stand here, so that variables are known of which nothing is remembered yet.
 */
import type { Slot } from '../trace/program';

/** Grows when files of this version cannot be read by earlier ones. */
const FORMAT = 2;

export interface Header {
  /** Calls of applyGradients, and steps that changed the variables. */
  readonly calls: number;
  readonly appliedSteps: number;
  /** Of the wrapped optimizer: its steps, and how many weights it saved. */
  readonly innerIterations: number;
  readonly innerWeights: number;
  /** Micro-batches collected in each cycle. */
  readonly cycles: readonly number[];
  /** For each slot of the whole step, whether it has come into being. */
  readonly slots: readonly boolean[];
  readonly variables: readonly Manifest[];
  /** Of all weights, this number taken for 0; 0 where nobody shall check. */
  readonly checksum: number;
}

/** What is known of one variable. */
export interface Manifest {
  readonly name: string | null;
  readonly shape: readonly number[] | null;
  /** Index of its cycle. */
  readonly cycle: number;
  /** For each slot of a variable, whether it has come into being. */
  readonly slots: readonly boolean[];
}

export const slotsOfStep = (slots: ReadonlyMap<string, Slot>): Slot[] => [...slots.values()].filter(({ extent }) => extent === 'scalar');
export const slotsOfVariables = (slots: ReadonlyMap<string, Slot>): Slot[] => [...slots.values()].filter(({ extent }) => extent !== 'scalar');

export function encodeHeader({ calls, appliedSteps, innerIterations, innerWeights, cycles, slots, variables, checksum }: Header): number[] {
  const manifests = variables.flatMap(({ name, shape, cycle, slots: own }) => [
    cycle,
    ...counted(shape),
    ...counted(name === null ? null : Array.from({ length: name.length }, (_, at) => name.charCodeAt(at))),
    ...own.map(Number),
  ]);
  return [
    FORMAT, calls, appliedSteps, innerIterations, innerWeights, ...counted(cycles), ...slots.map(Number), variables.length, ...manifests,
    checksum >>> 16, checksum & 0xffff,
  ];
}

/** A list behind its length; 0 stands for none, so the length is one more. */
const counted = (list: readonly number[] | null): number[] => (list ? [list.length + 1, ...list] : [0]);

/** Null where the numbers are no header for so many slots of the step and of each variable. */
export function decodeHeader(numbers: readonly number[], stepSlots: number, variableSlots: number): Header | null {
  const reader = new Reader(numbers);
  const [format, calls, appliedSteps, innerIterations, innerWeights] = reader.take(5);
  if (format !== FORMAT) return null;
  const cycles = reader.counted() ?? [], slots = reader.flags(stepSlots);
  const [count] = reader.take(1);
  const variables: Manifest[] = [];
  while (variables.length < count! && !reader.failed) {
    const [cycle] = reader.take(1), shape = reader.counted(), codes = reader.counted();
    const name = codes && Array.from(codes, (each) => String.fromCharCode(each)).join('');
    variables.push({ cycle: cycle!, shape, name, slots: reader.flags(variableSlots) });
  }
  const [high, low] = reader.take(2);
  const isWhole = !reader.failed && reader.isAtEnd && variables.every(({ cycle }) => cycle < cycles.length);
  if (!isWhole) return null;
  return {
    calls: calls!, appliedSteps: appliedSteps!, innerIterations: innerIterations!, innerWeights: innerWeights!,
    cycles, slots, variables, checksum: (high! << 16) | low!,
  };
}

class Reader {
  failed = false;
  private at = 0;

  constructor(private readonly numbers: readonly number[]) {}

  get isAtEnd(): boolean {
    return this.at === this.numbers.length;
  }

  take(count: number): number[] {
    if (this.at + count > this.numbers.length) this.failed = true;
    if (this.failed) return [];
    this.at += count;
    return this.numbers.slice(this.at - count, this.at);
  }

  counted(): number[] | null {
    const [count = 0] = this.take(1);
    return count === 0 ? null : this.take(count - 1);
  }

  flags(count: number): boolean[] {
    const flags = this.take(count);
    if (!flags.every((each) => each <= 1)) this.failed = true;
    return flags.map(Boolean);
  }
}

/** The header's numbers, for the checksum: without the checksum itself. */
export const withoutChecksum = (numbers: ArrayLike<number>): Int32Array => Int32Array.from(Array.from(numbers).slice(0, -2));
