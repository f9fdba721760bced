/**
 * The eager backend: a program as tf ops, on whatever backend tfjs runs. It defines what a formula means; on cpu it is
 * what all other backends are tested against. It reads nothing back, unless the tensors are in the host's memory anyway.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Formula } from '../../formula/formula';
import type { CustomFunction } from '../../formula/functions';
import { evaluate, isArithmetic } from '../../formula/operations';
import type { Reduction } from '../../formula/reductions';
import { belongs, isTouched, reachable, resolve, rootsOf, type Program, type Slot } from '../../trace/program';
import type { Target } from '../../trace/target';
import type { Backend, DeviceNorms, Run, RunResult } from '../backend';
import { foldArray } from '../fused/tape';
import { EAGER, isHostMemory, safeNorm } from './operations';

export const eager: Backend = {
  name: 'eager',
  host: false,
  passes: (program) => reachable(rootsOf(program)).size,
  run: (run) => new EagerStep(run).run(),
};

class EagerStep {
  private readonly program: Program;
  private readonly ofStep = new Map<Formula, unknown>();
  private readonly ofTarget: Map<Formula, unknown>[];
  private readonly hostKnown = new Map<Formula, boolean>();

  /** Whether elements must be seen as [rows, units, inner]; else they keep their variable's shape. */
  private readonly cubes: boolean;

  constructor(private readonly run_: Run) {
    this.program = run_.program;
    this.cubes = hasUnits(run_.program);
    this.ofTarget = run_.targets.map(() => new Map());
  }

  run(): RunResult {
    const { program } = this, { targets, state, inspect } = this.run_;
    if (inspect) {
      const flags = targets.map((_, index) => tf.isFinite(this.tensor(program.raw!, index)));
      inspect((index) => flags[index]!.dataSync()[0] !== 0);
    }
    const gradients = program.gradient && targets.map((_, index) => this.full(program.gradient!, index));
    const weights = program.weight && targets.map((_, index) => this.full(program.weight!, index));
    const changes: (() => void)[] = [];
    for (const slot of program.slots.values()) {
      if (!slot.next) continue;
      if (slot.extent === 'scalar') {
        if (!isTouched(slot, targets)) continue;
        const next = this.next(slot, null);
        changes.push(() => { state.replace(slot, state.step, next); });
        continue;
      }
      for (const [index, target] of targets.entries()) {
        if (!belongs(slot, target)) continue;
        const next = this.next(slot, index), record = state.record(target);
        changes.push(() => { state.replace(slot, record, next); });
      }
    }
    const norms = program.observation && this.norms(program.observation);
    const valid = program.valid.operation === 'const' ? null : this.tensor(program.valid, null);
    for (const change of changes) change();
    weights?.forEach((weight, index) => { targets[index]!.variable!.assign(weight as tf.Tensor<tf.Rank>); });
    return { gradients, applied: () => valid === null || valid.dataSync()[0] !== 0, validity: isHostMemory() ? null : valid, norms };
  }

  private norms({ raw, before, after, totalRaw, totalBefore, totalAfter }: NonNullable<Program['observation']>): DeviceNorms {
    const { targets } = this.run_;
    const column = (formula: Formula): tf.Tensor => (targets.length ? tf.stack(targets.map((_, index) => this.tensor(formula, index))) : tf.zeros([0]));
    return {
      where: 'device',
      totals: tf.stack([totalRaw, totalBefore, totalAfter].map((each) => this.tensor(each, null))),
      variables: tf.stack([raw, before, after].map(column), 1),
    };
  }

  private next(slot: Slot, index: number | null): tf.Tensor {
    if (slot.extent === 'element' && !slot.shape) return this.full(slot.next!, index!);
    const next = this.tensor(slot.next!, index);
    if (!slot.shape || slot.gate!.operation === 'const') return next;
    const old = this.run_.state.tensor(slot, this.recordOf(slot, index), index === null ? null : this.run_.targets[index]!);
    return tf.where(this.tensor(slot.gate!, index), next, old);
  }

  private recordOf(slot: Slot, index: number | null): ReturnType<Run['state']['record']> {
    const { state, targets } = this.run_;
    return slot.extent === 'scalar' || index === null ? state.step : state.record(targets[index]!);
  }

  private tensor(formula: Formula, index: number | null): tf.Tensor {
    return this.value(formula, index) as tf.Tensor;
  }

  /** A value: a tensor, or for a custom node all that it returned. Elements are [rows, units, inner], units [units, 1]. */
  private value(formula: Formula, index: number | null): unknown {
    const at = index === null ? formula : resolve(formula, this.run_.targets[index]!);
    const known = at.extent === 'scalar' ? this.ofStep : this.ofTarget[index!]!;
    let found = known.get(at);
    if (found === undefined) {
      found = this.compute(at, at.extent === 'scalar' ? null : index);
      known.set(at, found);
    }
    return found;
  }

  private compute(at: Formula, index: number | null): unknown {
    const { targets, step } = this.run_;
    const target = index === null ? null : targets[index]!;
    if (this.isHostKnown(at)) {
      const value = evaluate(at, step);
      return at.mask ? tf.scalar(value !== 0, 'bool') : tf.scalar(value);
    }
    switch (at.operation) {
      case 'size': return tf.scalar(at.attribute === 'each' ? target!.size : target!.rows * target!.inner);
      case 'input': return this.shaped(at.attribute === 'gradient' ? target!.gradient : target!.variable!, target!);
      case 'state': {
        const slot = this.program.slots.get(at.attribute as string)!;
        const held = this.run_.state.tensor(slot, this.recordOf(slot, index), target);
        return at.extent === 'element' ? this.shaped(held, target!) : held;
      }
      case 'custom': return (at.attribute as CustomFunction)(at.args.map((arg) => this.argument(arg, index)), target);
      case 'item': {
        const item = (this.value(at.args[0]!, index) as readonly tf.Tensor[])[at.attribute as number]!;
        return at.extent === 'element' ? this.shaped(item, target!) : item;
      }
      case 'reduce': return this.reduce(at, index);
      default:
        if (!isArithmetic(at.operation)) throw new Error(`[core] eager: no meaning for ${at.operation}`);
        return EAGER[at.operation](...at.args.map((arg) => this.tensor(arg, index)));
    }
  }

  /** Whether a value depends on nothing but constants and the step, so that the host can compute it whole. */
  private isHostKnown(at: Formula): boolean {
    let known = this.hostKnown.get(at);
    if (known === undefined) {
      known = at.operation === 'const' || at.operation === 'param' || (isArithmetic(at.operation) && at.args.every((arg) => this.isHostKnown(arg)));
      this.hostKnown.set(at, known);
    }
    return known;
  }

  private argument(arg: Formula, index: number | null): tf.Tensor {
    const value = this.tensor(arg, index);
    return arg.extent === 'element' && index !== null ? tf.reshape(value, this.run_.targets[index]!.shape as number[]) : value;
  }

  private shaped(tensor: tf.Tensor, { rows, units, inner }: Target): tf.Tensor {
    return this.cubes ? tf.reshape(tensor, [rows, units, inner]) : tensor;
  }

  private reduce(at: Formula, index: number | null): tf.Tensor {
    const kind = at.attribute as Reduction, [arg] = at.args as [Formula];
    if (at.extent === 'scalar') {
      const { targets } = this.run_;
      const parts = targets.map((_, each) => this.tensor(arg, each));
      if (isHostMemory() || !parts.length) return tf.scalar(foldArray(kind, parts.map((each) => each.dataSync()[0]!)));
      return REDUCE[kind](tf.stack(parts.map((each) => tf.reshape(each, []))));
    }
    const value = this.tensor(arg, index);
    if (at.extent === 'unit') return tf.reshape(REDUCE[kind](value, [0, 2]), [-1, 1]);
    return REDUCE[kind](value);
  }

  private full(formula: Formula, index: number): tf.Tensor {
    const target = this.run_.targets[index]!, value = this.tensor(formula, index);
    const { rows, units, inner, shape } = target;
    const wanted = (this.cubes ? [rows, units, inner] : shape) as number[];
    const wide = sameShape(value.shape, wanted) ? value : tf.broadcastTo(value, wanted);
    // A value that is its own input's tensor (an unchanged gradient) is copied: whoever takes it may keep or change it.
    const own = isPassedThrough(formula, target) ? tf.mul(wide, 1) : wide;
    return this.cubes ? tf.reshape(own, shape as number[]) : own;
  }
}

const isPassedThrough = (formula: Formula, target: Target): boolean => ['input', 'state', 'item'].includes(resolve(formula, target).operation);

const sameShape = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((each, axis) => each === b[axis]);

const unitPrograms = new WeakMap<Program, boolean>();
function hasUnits(program: Program): boolean {
  let known = unitPrograms.get(program);
  if (known === undefined) {
    known = [...reachable(rootsOf(program))].some(({ extent }) => extent === 'unit');
    unitPrograms.set(program, known);
  }
  return known;
}

const REDUCE: Record<Reduction, (x: tf.Tensor, axes?: number[]) => tf.Tensor> = {
  sum: (x, axes) => tf.sum(x, axes),
  max: (x, axes) => tf.max(x, axes),
  norm: safeNorm,
};
