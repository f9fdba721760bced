/** What every backend does: run a program over targets, and keep the small values of its state in its own way. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Program } from '../trace/program';
import type { Target } from '../trace/target';
import type { StateStore } from '../state/store';

type Read = (step: number) => number;
/** Values that functions gave, so that each is called once a step. */
export type Readings = Map<Read, number>;

/** Asks a function, unless it was asked before. */
export function reading(read: Read, step: number, readings: Readings | null | undefined): number {
  if (!readings) return read(step);
  let value = readings.get(read);
  if (value === undefined) readings.set(read, value = read(step));
  return value;
}

/** What a step is run with. */
export interface Run {
  readonly program: Program;
  readonly targets: readonly Target[];
  readonly state: StateStore;
  /** Attempted steps before this one. */
  readonly step: number;
  /** What plain functions gave in this call of applyGradients already, where several programs ask them. */
  readonly readings?: Readings | null;
  /** Called with the finished norms before anything is written; may throw, and then nothing has changed. */
  readonly inspect: ((isFinite: (index: number) => boolean) => void) | null;
}

/** The norms of an observed step on the host. They stay readable until the next step. */
export interface HostNorms {
  readonly where: 'host';
  readonly totalRaw: number;
  readonly totalBefore: number;
  readonly totalAfter: number;
  /** Per variable, by its index among the targets. */
  raw(index: number): number;
  before(index: number): number;
  after(index: number): number;
}

/** The same as tensors of the caller's: totals [raw, before, after], and a row of these three per variable. */
export interface DeviceNorms {
  readonly where: 'device';
  readonly totals: Tensor;
  readonly variables: Tensor;
}

export interface RunResult {
  /** The changed gradients, in the order of the targets, where the program makes them; the caller disposes them. */
  readonly gradients: readonly Tensor[] | null;
  /** Whether the step was applied, rather than skipped. Reads a scalar back where the backend keeps it on a device. */
  readonly applied: () => boolean;
  /** The same as a scalar mask where only a device knows it; the current tidy's. */
  readonly validity: Tensor | null;
  readonly norms: HostNorms | DeviceNorms | null;
}

export interface Backend {
  readonly name: 'cpu' | 'wasm' | 'eager';
  /** Whether small values are numbers on the host, so that looking at them costs nothing. */
  readonly host: boolean;
  /** Passes over memory that the program needs for these targets. */
  passes(program: Program, targets: readonly Target[]): number;
  run(run: Run): RunResult;
}
