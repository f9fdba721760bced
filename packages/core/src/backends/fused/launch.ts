/** What is known of a launch when a program meets its targets, so that a step only fills in what changed. */
import type { Formula } from '../../formula/formula';
import type { Target } from '../../trace/target';
import type { Kernel, Launch } from './device';
import type { KernelSpec } from './plan';

/** A launch of one kernel on one target, with what must be looked up again each step. */
export interface BoundLaunch<Handle> {
  readonly kernel: Kernel<Handle>;
  readonly launch: Launch<Handle>;
  /** Inputs that are slots of state: their buffers stay. */
  readonly slots: readonly LiveInput[];
  /** Inputs whose buffers must be looked up each step. */
  readonly live: readonly LiveInput[];
  /** Registers of the uniforms; copied into the launch each time. */
  readonly uniforms: Int32Array;
  /** Registers that results are copied to. */
  readonly results: Int32Array;
}

/** An input of a launch: its place among them, and where its tensor comes from. */
export interface LiveInput {
  readonly at: number;
  readonly from: 'gradient' | 'weight' | 'item' | 'state';
  readonly leaf: Formula;
}

/** A register's place in the array of all, from an operand of a target's tape. */
export const absolute = (operand: number, base: number): number => (operand < 0 ? ~operand : base + operand);

export const sourceOf = (leaf: Formula): LiveInput['from'] => (leaf.operation === 'input' ? leaf.attribute : leaf.operation) as LiveInput['from'];

export function bindLaunch<Handle>(spec: KernelSpec, kernel: Kernel<Handle>, target: Target, operand: (formula: Formula) => number, base: number, arrays: ReadonlyMap<Formula, number>, values: readonly Float64Array[]): BoundLaunch<Handle> {
  const inputs = spec.inputs.map((leaf, at): LiveInput => ({ at, leaf, from: sourceOf(leaf) }));
  const perUnit = spec.units.length > 0 || spec.reduces.some((each) => spec.isUnit(each));
  return {
    kernel,
    slots: inputs.filter(({ from }) => from === 'state'),
    live: inputs.filter(({ from }) => from !== 'state'),
    uniforms: Int32Array.from(spec.uniforms, (each) => absolute(operand(each), base)),
    results: Int32Array.from(spec.reduces, (each) => (spec.isUnit(each) ? -1 : base + operand(each))),
    launch: {
      inputs: [], outputs: [],
      uniforms: new Float64Array(spec.uniforms.length),
      units: spec.units.map((each) => values[arrays.get(each)!]!),
      results: new Float64Array(spec.reduces.length),
      unitResults: spec.reduces.map((each) => (spec.isUnit(each) ? values[arrays.get(each)!]! : null)),
      rows: perUnit ? target.rows : 1,
      columns: perUnit ? target.units : target.size,
      inner: perUnit ? target.inner : 1,
    },
  };
}
