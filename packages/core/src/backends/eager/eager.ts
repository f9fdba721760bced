/**
 * The eager backend: a program as tf ops, on whatever backend tfjs runs. It defines what a formula means; on cpu it is
 * what all others are tested against. It reads nothing back, unless the tensors are in the host's memory anyway.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Formula } from '../../formula/formula';
import type { CustomFunction } from '../../formula/functions';
import { apply, isArithmetic, type ArithmeticOperation } from '../../formula/operations';
import type { Reduction } from '../../formula/reductions';
import { isSameShape } from '../../shape';
import { belongs, isTouched, reachable, resolve, rootsOf, type Program, type Slot } from '../../trace/program';
import type { Target } from '../../trace/target';
import { reading, type Backend, type DeviceNorms, type Run, type RunResult } from '../backend';
import { device } from './device';
import { host } from './host';
import { EAGER, isHostMemory } from './operations';
import type { SmallValues } from './small';

const backend = (run: Backend['run']): Backend => ({
  name: 'eager',
  host: false,
  passes: (program) => reachable(rootsOf(program)).size,
  run,
});

export const eager = backend((run) => (isHostMemory() ? new EagerStep(run, host) : new EagerStep(run, device)).run());
/** The same as if every tensor were on a device. */
export const eagerOnDevice = backend((run) => new EagerStep(run, device).run());

class EagerStep<Small> {
  private readonly program: Program;
  private readonly ofStep = new Map<Formula, unknown>();
  private readonly ofTarget: Map<Formula, unknown>[];
  /** Values that depend on nothing but constants and the step. */
  private readonly known = new Map<Formula, number | null>();
  /** Whether elements must be seen as [rows, units, inner]; else they keep their variable's shape. */
  private readonly cubes: boolean;

  constructor(
    private readonly given: Run,
    private readonly small: SmallValues<Small>,
  ) {
    this.program = given.program;
    this.cubes = hasUnits(given.program);
    this.ofTarget = given.targets.map(() => new Map());
  }

  run(): RunResult {
    const { program, small } = this;
    const { targets, state, inspect, step } = this.given;
    for (const { values, check } of program.guards) {
      const numbers = values.map((each) => this.hostKnown(each)!);
      check(numbers, step);
    }
    inspect?.((index) => small.isFinite(this.value(program.raw!, index)));
    const gradients = program.gradient && targets.map((_, index) => this.full(program.gradient!, index));
    const weights = program.weight && targets.map((_, index) => this.full(program.weight!, index));
    const changes: (() => void)[] = [];
    for (const slot of program.slots.values()) {
      if (!slot.next) continue;
      if (slot.extent === 'scalar') {
        if (!isTouched(slot, targets)) continue;
        const next = this.next(slot, null);
        changes.push(() => {
          state.replace(slot, state.step, next);
        });
        continue;
      }
      for (const [index, target] of targets.entries()) {
        if (!belongs(slot, target)) continue;
        const next = this.next(slot, index);
        const record = state.record(target);
        changes.push(() => {
          state.replace(slot, record, next);
        });
      }
    }
    const norms = program.observation && this.norms(program.observation);
    const valid = program.valid.operation === 'const' ? null : this.value(program.valid, null);
    for (const change of changes) change();
    weights?.forEach((weight, index) => {
      targets[index]!.variable!.assign(weight as tf.Tensor<tf.Rank>);
    });
    const applied = (): boolean => valid === null || small.isTrue(valid);
    return { gradients, applied, validity: valid && small.maskOf(valid), norms };
  }

  private norms(observation: NonNullable<Program['observation']>): DeviceNorms {
    const { raw, before, after, totalRaw, totalBefore, totalAfter } = observation;
    const { targets } = this.given;
    const one = (formula: Formula, index: number | null): tf.Tensor =>
      this.small.boundedTensor(this.value(formula, index));
    const rows = targets.map((_, index) => tf.stack([raw, before, after].map((each) => one(each, index))));
    return {
      where: 'device',
      totals: tf.stack([totalRaw, totalBefore, totalAfter].map((each) => one(each, null))),
      variables: rows.length ? tf.stack(rows) : tf.zeros([0, 3]),
    };
  }

  private next(slot: Slot, index: number | null): tf.Tensor {
    if (slot.extent === 'element' && !slot.shape) return this.full(slot.next!, index!);
    const next = this.tensor(slot.next!, index);
    if (!slot.shape || slot.gate!.operation === 'const') return next;
    const old = this.given.state.tensor(
      slot,
      this.recordOf(slot, index),
      index === null ? null : this.given.targets[index]!,
    );
    return tf.where(this.tensor(slot.gate!, index), next, old);
  }

  private recordOf(slot: Slot, index: number | null): ReturnType<Run['state']['record']> {
    const { state, targets } = this.given;
    return slot.extent === 'scalar' || index === null ? state.step : state.record(targets[index]!);
  }

  private resolve(formula: Formula, index: number | null): Formula {
    return index === null ? formula : resolve(formula, this.given.targets[index]!);
  }

  /** A small value. */
  private value(formula: Formula, index: number | null): Small {
    return this.find(this.resolve(formula, index), index) as Small;
  }

  /** A value as tf ops take it. Elements are [rows, units, inner], units [units, 1]. */
  private tensor(formula: Formula, index: number | null): tf.Tensor {
    const at = this.resolve(formula, index);
    const found = this.find(at, index);
    return isSmall(at) ? this.small.tensor(found as Small, at.mask) : (found as tf.Tensor);
  }

  /** A small value, a tensor, or all that a custom node returned. */
  private find(at: Formula, index: number | null): unknown {
    const ofStep = at.extent === 'scalar';
    const known = ofStep ? this.ofStep : this.ofTarget[index!]!;
    let found = known.get(at);
    if (found === undefined) {
      found = isSmall(at)
        ? this.computeSmall(at, ofStep ? null : index)
        : this.computeTensor(at, ofStep ? null : index);
      known.set(at, found);
    }
    return found;
  }

  private computeSmall(at: Formula, index: number | null): Small {
    const {
      small,
      given: { targets },
    } = this;
    const target = index === null ? null : targets[index]!;
    const known = this.hostKnown(at);
    if (known !== null) return small.number(known, at.mask);
    switch (at.operation) {
      case 'size':
        return small.number(at.attribute === 'each' ? target!.size : target!.rows * target!.inner, false);
      case 'state':
        return small.read(this.held(at, index));
      case 'item':
        return small.read(this.item(at, index));
      case 'reduce':
        return this.reduce(at, index);
      default:
        return small.arithmetic(
          arithmetic(at),
          at.args.map((arg) => this.value(arg, index)),
        );
    }
  }

  private computeTensor(at: Formula, index: number | null): unknown {
    const target = index === null ? null : this.given.targets[index]!;
    switch (at.operation) {
      case 'input':
        return this.shaped(at.attribute === 'gradient' ? target!.gradient : target!.variable!, target!);
      case 'state':
        return at.opaque ? this.held(at, index) : this.shaped(this.held(at, index), target!);
      case 'item':
        return at.opaque ? this.item(at, index) : this.shaped(this.item(at, index), target!);
      case 'custom':
        return (at.attribute as CustomFunction)(
          at.args.map((arg) => this.argument(arg, index)),
          target,
        );
      default:
        return this.elements(at, index!);
    }
  }

  private elements(at: Formula, index: number): tf.Tensor {
    const args = at.args.map((arg) => this.resolve(arg, index));
    const smalls = args.filter(isSmall);
    if (at.operation === 'mul' && smalls.length === 1) {
      return this.small.times(this.tensor(args.find((each) => !isSmall(each))!, index), this.value(smalls[0]!, index));
    }
    const made = EAGER[arithmetic(at)](...args.map((arg) => this.tensor(arg, index)));
    return smalls.length === args.length ? tf.broadcastTo(made, this.shapeOf(index)) : made;
  }

  private held(at: Formula, index: number | null): tf.Tensor {
    const slot = this.program.slots.get(at.attribute as string)!;
    return this.given.state.tensor(
      slot,
      this.recordOf(slot, index),
      index === null ? null : this.given.targets[index]!,
    );
  }

  private item(at: Formula, index: number | null): tf.Tensor {
    return (this.find(at.args[0]!, index) as readonly tf.Tensor[])[at.attribute as number]!;
  }

  /** The number that the host knows without a look at any tensor; a function is asked for it once. */
  private hostKnown(at: Formula): number | null {
    let known = this.known.get(at);
    if (known === undefined) this.known.set(at, (known = this.evaluate(at)));
    return known;
  }

  private evaluate(at: Formula): number | null {
    const { step, readings } = this.given;
    if (at.operation === 'const') return at.attribute as number;
    if (at.operation === 'param')
      return at.attribute === 'step' ? step : reading(at.attribute as (step: number) => number, step, readings);
    if (!isArithmetic(at.operation)) return null;
    const args = at.args.map((arg) => this.hostKnown(arg));
    return args.includes(null) ? null : apply(at.operation, args as number[]);
  }

  private argument(arg: Formula, index: number | null): tf.Tensor {
    const at = this.resolve(arg, index);
    const value = this.tensor(at, index);
    return at.extent === 'element' && !at.opaque
      ? tf.reshape(value, this.given.targets[index!]!.shape as number[])
      : value;
  }

  private shaped(tensor: tf.Tensor, { rows, units, inner }: Target): tf.Tensor {
    return this.cubes ? tf.reshape(tensor, [rows, units, inner]) : tensor;
  }

  private shapeOf(index: number): number[] {
    const { rows, units, inner, shape } = this.given.targets[index]!;
    return (this.cubes ? [rows, units, inner] : shape) as number[];
  }

  private reduce(at: Formula, index: number | null): Small {
    const kind = at.attribute as Reduction;
    const [arg] = at.args as [Formula];
    if (at.extent === 'scalar')
      return this.small.fold(
        kind,
        this.given.targets.map((_, each) => this.value(arg, each)),
      );
    const from = this.resolve(arg, index);
    if (from.extent === 'element') return this.small.reduce(kind, this.tensor(from, index), at.extent === 'unit');
    const value = this.value(from, index);
    if (at.extent === 'unit') return kind === 'norm' ? this.small.arithmetic('abs', [value]) : value;
    return this.small.reduceUnits(kind, value);
  }

  private full(formula: Formula, index: number): tf.Tensor {
    const target = this.given.targets[index]!;
    const value = this.tensor(formula, index);
    const wanted = this.shapeOf(index);
    const wide = isSameShape(value.shape, wanted) ? value : tf.broadcastTo(value, wanted);
    // A value that is its own input's tensor (an unchanged gradient) is copied: whoever takes it may keep or change it.
    const own = isPassedThrough(formula, target) ? tf.mul(wide, 1) : wide;
    return this.cubes ? tf.reshape(own, target.shape as number[]) : own;
  }
}

const isSmall = (at: Formula): boolean => at.extent !== 'element' && !at.opaque && at.operation !== 'custom';

function arithmetic({ operation }: Formula): ArithmeticOperation {
  if (!isArithmetic(operation)) throw new Error(`[core] eager: no meaning for ${operation}`);
  return operation;
}

const isPassedThrough = (formula: Formula, target: Target): boolean =>
  ['input', 'state', 'item'].includes(resolve(formula, target).operation);

const unitPrograms = new WeakMap<Program, boolean>();
function hasUnits(program: Program): boolean {
  let known = unitPrograms.get(program);
  if (known === undefined) {
    known = [...reachable(rootsOf(program))].some(({ extent }) => extent === 'unit');
    unitPrograms.set(program, known);
  }
  return known;
}
