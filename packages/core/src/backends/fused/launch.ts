/** What is known of a launch when a program meets its targets, so that a step only fills in what changed. */
import type { Formula } from '../../formula/formula';
import type { Target } from '../../trace/target';
import type { Kernel, Launch } from './device';
import type { KernelSpec } from './plan';
import { Splitter } from './splitter';

/** A kernel of a class, with what all its launches share: they run one after another. */
export interface ClassKernel<Place> {
  readonly kernel: Kernel<Place>;
  readonly splitter: Splitter<Place> | null;
  /** Inputs that are slots of state: their buffers stay. */
  readonly slots: readonly LiveInput[];
  /** Inputs whose buffers must be looked up each step. */
  readonly live: readonly LiveInput[];
  /** Operands of the uniforms, whose values are copied to `uniformValues` each time. */
  readonly uniforms: Int32Array;
  readonly uniformValues: Float64Array;
  /** Registers of a target's block that results are copied to; −1 for a result per unit. */
  readonly results: Int32Array;
  readonly resultValues: Float64Array;
  /** Indices of the class's arrays of values per unit: those read, and those written or −1. */
  readonly units: readonly number[];
  readonly unitResults: readonly number[];
}

/** A launch of a class's kernel on one target. */
export interface BoundLaunch<Place> {
  readonly of: ClassKernel<Place>;
  readonly launch: Launch<Place>;
}

/** An input of a launch: its place among them, and where its tensor comes from. */
export interface LiveInput {
  readonly at: number;
  readonly from: 'gradient' | 'weight' | 'item' | 'state';
  readonly leaf: Formula;
}

/** A register's place in the array of all, from an operand of a target's tape. */
export const absolute = (operand: number, base: number): number => (operand < 0 ? ~operand : base + operand);

export const sourceOf = (leaf: Formula): LiveInput['from'] =>
  (leaf.operation === 'input' ? leaf.attribute : leaf.operation) as LiveInput['from'];

export function prepareKernel<Place>(
  spec: KernelSpec,
  compile: (spec: KernelSpec) => Kernel<Place>,
  operand: (formula: Formula) => number,
  arrays: ReadonlyMap<Formula, number>,
): ClassKernel<Place> {
  const inputs = spec.inputs.map((leaf, at): LiveInput => ({ at, leaf, from: sourceOf(leaf) }));
  return {
    kernel: compile(spec),
    splitter: Splitter.of(spec, compile),
    slots: inputs.filter(({ from }) => from === 'state'),
    live: inputs.filter(({ from }) => from !== 'state'),
    uniforms: Int32Array.from(spec.uniforms, operand),
    uniformValues: new Float64Array(spec.uniforms.length),
    results: Int32Array.from(spec.reduces, (each) => (spec.isUnit(each) ? -1 : operand(each))),
    resultValues: new Float64Array(spec.reduces.length),
    units: spec.units.map((each) => arrays.get(each)!),
    unitResults: spec.reduces.map((each) => (spec.isUnit(each) ? arrays.get(each)! : -1)),
  };
}

export function bindLaunch<Place>(
  of: ClassKernel<Place>,
  { rows, units, inner, size }: Target,
  arrays: readonly Float64Array[],
): BoundLaunch<Place> {
  const perUnit = of.units.length > 0 || of.unitResults.some((index) => index >= 0);
  return {
    of,
    launch: {
      inputs: [],
      outputs: [],
      uniforms: of.uniformValues,
      units: of.units.map((index) => arrays[index]!),
      results: of.resultValues,
      unitResults: of.unitResults.map((index) => arrays[index] ?? null),
      rows: perUnit ? rows : 1,
      columns: perUnit ? units : size,
      inner: perUnit ? inner : 1,
    },
  };
}
