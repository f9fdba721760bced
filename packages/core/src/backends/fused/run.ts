/**
 * One step of a bound program: reductions level by level, small values between them, then one map per variable.
 *
 * Nothing is written before every small value is known and every output is allocated, so whatever can fail fails
 * before.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Formula } from '../../formula/formula';
import type { Guard } from '../../trace/guard';
import { isTouched, type Program, type Slot } from '../../trace/program';
import type { Target } from '../../trace/target';
import type { StateRecord, StateStore } from '../../state/store';
import { reading, type HostNorms, type Run, type RunResult } from '../backend';
import { bind, type Binding, type BoundTarget, type StateRegisters } from './bind';
import { Customs } from './customs';
import type { Device } from './device';
import { absolute, sourceOf, type BoundLaunch, type LiveInput } from './launch';
import { isLeaf } from './plan';
import { foldRegisters, runTape } from './tape';

/** A slot's tensor, and the device's record of its memory, which tells when that has gone or moved. */
interface HeldSlot<Handle> {
  readonly tensor: tf.Tensor;
  readonly handle: Handle;
}

const NO_ARRAYS: readonly Float64Array[] = [];

export class BoundProgram<Handle, Place> {
  private readonly binding: Binding<Place>;
  private readonly customs: Customs<Place>;
  private readonly norms: HostNorms | null;
  private records: readonly StateRecord[] = [];
  /** Of this step: looking a buffer up costs more than all else that is done for a small variable. */
  private readonly gradients: Place[] = [];
  private readonly weights: Handle[] = [];
  private readonly weightPlaces: Place[] = [];
  private readonly readsWeights: boolean;
  private readonly guards: readonly { readonly registers: readonly number[]; readonly check: Guard['check'] }[];
  private store: StateStore | null = null;
  private storeVersion = -1;
  /** The slots whose places kernels were told. */
  private held: HeldSlot<Handle>[] = [];

  constructor(
    private readonly program: Program,
    readonly targets: readonly Target[],
    private readonly device: Device<Handle, Place>,
  ) {
    this.binding = bind(program, targets, device);
    this.customs = new Customs(this.binding, targets);
    this.norms = program.observation && this.normsOf(program.observation);
    const launches = this.binding.targets.flatMap(({ reductions, map, materials }) => [
      ...reductions,
      map,
      ...materials.values(),
    ]);
    this.readsWeights =
      program.weight !== null || launches.some((each) => each?.of.live.some(({ from }) => from === 'weight'));
    this.guards = program.guards.map(({ values, check }) => ({
      check,
      registers: values.map((each) => this.binding.register(each)),
    }));
  }

  run(given: Run): RunResult {
    const { state } = given;
    if (this.store !== state || this.storeVersion !== state.version || !this.holdsSlots()) this.lookUp(state);
    try {
      return this.compute(given);
    } finally {
      this.customs.clear();
      if (this.device.placesAreMemory) this.letGo();
    }
  }

  private compute({ state, step, inspect, readings }: Run): RunResult {
    this.findBuffers();
    this.loadRegisters(state, step, readings);
    this.computeSmallValues(0);
    for (const { check, registers } of this.guards)
      check(
        registers.map((each) => this.binding.registers[each]!),
        step,
      );
    for (let level = 1; level < this.binding.levels.length; level++) {
      this.runLevel(level - 1);
      this.computeSmallValues(level);
    }
    inspect?.((index) => Number.isFinite(this.value(this.program.raw!, index)));
    const applied = this.value(this.program.valid) !== 0;
    const gradients = this.write();
    this.remember(state);
    return { gradients, applied: () => applied, validity: null, norms: this.norms };
  }

  /** Between steps the memory of gradients and weights is held by nobody but their tensors. */
  private letGo(): void {
    this.gradients.length = this.weights.length = this.weightPlaces.length = 0;
    for (const { reductions, map, materials, gradientOutput, weightOutput } of this.binding.targets) {
      for (const bound of [...reductions, map, ...materials.values()]) {
        for (const { at } of bound?.of.live ?? []) bound!.launch.inputs[at] = undefined as never;
      }
      for (const output of [gradientOutput, weightOutput])
        if (output >= 0) map!.launch.outputs[output] = undefined as never;
    }
  }

  private value(formula: Formula, target?: number): number {
    return formula.operation === 'const'
      ? (formula.attribute as number)
      : this.binding.registers[this.binding.register(formula, target)]!;
  }

  /** Whether each slot's memory is where it was, and nobody else's. */
  private holdsSlots(): boolean {
    for (const { tensor, handle } of this.held) if (tensor.isDisposed || !this.device.isAlone(handle)) return false;
    return true;
  }

  /** Finds records and slots of state anew, because some were replaced, loaded or moved. */
  private lookUp(store: StateStore): void {
    this.store = store;
    this.held = [];
    this.records = this.targets.map((target) => store.record(target));
    const locate =
      (record: StateRecord) =>
      (each: StateRegisters): void => {
        store.number(each.slot, record);
        each.place = store.place(each.slot);
      };
    this.binding.stepState.forEach(locate(store.step));
    for (const target of this.binding.targets) {
      target.state.forEach(locate(this.records[target.index]!));
      for (const bound of [...target.reductions, target.map, ...target.materials.values()]) {
        for (const { at, leaf } of bound?.of.slots ?? [])
          bound!.launch.inputs[at] = this.hold(this.slotOf(leaf), target.index);
      }
      target.plan.destinations.forEach((destination, index) => {
        if (destination.to === 'state') target.map!.launch.outputs[index] = this.hold(destination.slot, target.index);
      });
    }
    this.storeVersion = store.version;
  }

  /** The place of a slot that kernels read and write, in a buffer that nobody else sees. */
  private hold(slot: Slot, target: number): Place {
    const store = this.store!,
      record = this.records[target]!;
    let tensor = store.tensor(slot, record, this.targets[target]!);
    if (tensor.isDisposed)
      throw new Error(
        `[core] step: the memory of ${slot.path} of ${record.name} was disposed by somebody else; ` +
          'nothing was changed. Load saved weights, or make a new optimizer',
      );
    if (!this.device.isAlone(this.device.handle(tensor))) {
      store.unshare(slot, record);
      tensor = store.tensor(slot, record, this.targets[target]!);
    }
    const handle = this.device.handle(tensor);
    this.held.push({ tensor, handle });
    return this.device.place(handle);
  }

  private slotOf(leaf: Formula): Slot {
    return this.program.slots.get(leaf.attribute as string)!;
  }

  private placeOf(tensor: tf.Tensor): Place {
    return this.device.place(this.device.handle(tensor));
  }

  private findBuffers(): void {
    for (let index = 0; index < this.targets.length; index++) {
      const { gradient, variable } = this.targets[index]!;
      this.gradients[index] = this.placeOf(gradient);
      if (!this.readsWeights) continue;
      const handle = (this.weights[index] = this.device.handle(variable!));
      this.weightPlaces[index] = this.device.place(handle);
    }
  }

  private loadRegisters(store: StateStore, step: number, readings: Run['readings']): void {
    const { registers, params, stepState, targets } = this.binding;
    for (const { register, read } of params) registers[register] = read ? reading(read, step, readings) : step;
    for (const { place, from } of stepState) registers[from] = store.step.numbers[place]!;
    for (const target of targets) {
      const { numbers } = this.records[target.index]!;
      for (const { place, from } of target.state) registers[from] = numbers[place]!;
    }
  }

  private computeSmallValues(level: number): void {
    const { registers, targets, levels } = this.binding;
    for (const phase of levels[level]!) {
      if (phase.kind === 'step') {
        for (const { kind, registers: from, out } of phase.folds) registers[out] = foldRegisters(kind, registers, from);
        runTape(phase.tape, registers, 0, NO_ARRAYS);
      } else {
        for (const target of targets) {
          const tape = phase.tapes[target.index];
          if (tape) runTape(tape, registers, target.base, target.arrays);
        }
      }
    }
  }

  private runLevel(level: number): void {
    const { registers, targets, customs } = this.binding;
    for (const target of targets) {
      const bound = target.reductions[level];
      if (!bound) continue;
      this.launch(bound, target);
      const { results, resultValues } = bound.of;
      for (let index = 0; index < results.length; index++) {
        if (results[index]! >= 0) registers[target.base + results[index]!] = resultValues[index]!;
      }
    }
    for (const node of customs[level]!) this.customs.call(node, null, (arg) => this.argument(arg, null));
    for (const target of targets) {
      for (const node of target.plan.customs[level]!)
        this.customs.call(node, target.index, (arg) => this.argument(target.plan.resolve(arg), target));
    }
  }

  private launch(bound: BoundLaunch<Place>, target: BoundTarget<Place>): void {
    const {
        launch,
        of: { kernel, splitter, live, uniforms, uniformValues },
      } = bound,
      { registers } = this.binding;
    for (let index = 0; index < live.length; index++) {
      const { at, from, leaf } = live[index]!;
      launch.inputs[at] =
        from === 'gradient'
          ? this.gradients[target.index]!
          : from === 'weight'
            ? this.weightPlaces[target.index]!
            : this.placeOf(this.tensorOf({ from, leaf }, target.index));
    }
    for (let index = 0; index < uniforms.length; index++)
      uniformValues[index] = registers[absolute(uniforms[index]!, target.base)]!;
    if (splitter?.isNeeded(launch)) splitter.run(launch);
    else kernel.run(launch);
  }

  private tensorOf({ from, leaf }: Omit<LiveInput, 'at'>, target: number): tf.Tensor {
    switch (from) {
      case 'gradient':
        return this.targets[target]!.gradient;
      case 'weight':
        return this.targets[target]!.variable!;
      case 'item':
        return this.customs.tensor(leaf, target);
      case 'state':
        return this.stateTensor(leaf, target);
    }
  }

  private stateTensor(leaf: Formula, target: number | null): tf.Tensor {
    const slot = this.slotOf(leaf),
      store = this.store!;
    return slot.extent === 'scalar' || target === null
      ? store.tensor(slot, store.step, null)
      : store.tensor(slot, this.records[target]!, this.targets[target]!);
  }

  /** An argument of a custom node, as a tensor. */
  private argument(arg: Formula, target: BoundTarget<Place> | null): tf.Tensor {
    if (arg.opaque)
      return arg.operation === 'item'
        ? this.customs.tensor(arg, target?.index ?? 0)
        : this.stateTensor(arg, target?.index ?? null);
    if (arg.extent !== 'element') return tf.scalar(this.value(arg, target?.index));
    if (isLeaf(arg)) return this.tensorOf({ from: sourceOf(arg), leaf: arg }, target!.index);
    const bound = target!.materials.get(arg)!,
      output = this.device.allocate(this.targets[target!.index]!.shape);
    bound.launch.outputs[0] = this.placeOf(output);
    this.launch(bound, target!);
    return output;
  }

  private write(): readonly tf.Tensor[] | null {
    const {
      device,
      binding: { targets },
    } = this;
    const gradients: tf.Tensor[] = [];
    /** The new buffers of variables that may not be written in place. */
    const fresh: (tf.Tensor | null)[] = [];
    for (let index = 0; index < targets.length; index++) {
      const { map, gradientOutput, weightOutput } = targets[index]!,
        { shape } = this.targets[index]!;
      if (gradientOutput >= 0) {
        gradients.push(device.allocate(shape));
        map!.launch.outputs[gradientOutput] = this.placeOf(gradients.at(-1)!);
      }
      if (weightOutput >= 0) {
        const own = this.weights[index]!,
          output = device.exclusive(own) ? null : device.allocate(shape);
        map!.launch.outputs[weightOutput] = output ? this.placeOf(output) : this.weightPlaces[index]!;
        fresh.push(output);
      }
    }
    for (let index = 0; index < targets.length; index++) {
      const target = targets[index]!;
      if (target.map) this.launch(target.map, target);
    }
    for (let index = 0; index < fresh.length; index++) {
      const variable = this.targets[index]!.variable!,
        output = fresh[index];
      if (output) variable.assign(output);
      else device.written(this.weights[index]!, variable.size);
    }
    return this.program.gradient ? gradients : null;
  }

  /** Stores the new small values, rounded as a tensor of them would be, so that saving loses nothing. */
  private remember(store: StateStore): void {
    const { registers, stepState, targets } = this.binding;
    for (const { place, next } of stepState) if (next >= 0) store.step.numbers[place] = Math.fround(registers[next]!);
    for (const target of targets) {
      const { numbers } = this.records[target.index]!;
      for (const { place, next } of target.state) if (next >= 0) numbers[place] = Math.fround(registers[next]!);
    }
    for (const slot of this.program.slots.values()) {
      if (!slot.shape || !slot.next) continue;
      if (slot.extent === 'scalar') {
        if (isTouched(slot, this.targets) && this.value(slot.gate!) !== 0)
          store.replace(slot, store.step, this.customs.tensor(slot.next, 0));
        continue;
      }
      for (const { index, plan } of targets) {
        if (plan.slots.includes(slot) && this.value(slot.gate!, index) !== 0)
          store.replace(slot, this.records[index]!, this.customs.tensor(plan.resolve(slot.next), index));
      }
    }
  }

  private normsOf({
    raw,
    before,
    after,
    totalRaw,
    totalBefore,
    totalAfter,
  }: NonNullable<Program['observation']>): HostNorms {
    const value = (formula: Formula, target?: number): number => this.value(formula, target);
    return {
      where: 'host',
      get totalRaw() {
        return value(totalRaw);
      },
      get totalBefore() {
        return value(totalBefore);
      },
      get totalAfter() {
        return value(totalAfter);
      },
      raw: (index) => value(raw, index),
      before: (index) => value(before, index),
      after: (index) => value(after, index),
    };
  }
}
