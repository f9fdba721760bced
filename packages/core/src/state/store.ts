/**
 * What an optimizer remembers: one record per variable, in the order in which the variables came, and one of the step.
 *
 * A record that was loaded has no variable until a list of gradients has one that it belongs to. Slots are private, so kernels
 * write them in place. Small values are numbers on host backends and scalar tensors on the others.
 */
import * as tf from '@tensorflow/tfjs-core';
import { isSameShape } from '../shape';
import type { Slot } from '../trace/program';
import type { Target } from '../trace/target';
import { matchVariables } from './match';

/** Where a set of variables that step together stands between two steps. */
export interface Cycle {
  /** Micro-batches collected. */
  calls: number;
}

/** State of one variable, or of the whole step; places are indexed alike in all records. */
export class StateRecord {
  readonly numbers: (number | undefined)[] = [];
  readonly tensors: (tf.Tensor | undefined)[] = [];
  variable: tf.Variable | null = null;
  /** Whether a wrapped optimizer remembers something of it. */
  innerHolds = false;
  cycle: Cycle = { calls: 0 };

  /** Name and shape are those of the variable, or what is known of them while it has not come yet. */
  constructor(public name: string | null, public shape: readonly number[] | null) {}

  get isEmpty(): boolean {
    return !this.innerHolds && !this.tensors.some(Boolean) && !this.numbers.some((each) => each !== undefined);
  }

  bind(variable: tf.Variable): void {
    this.variable = variable;
    this.name = variable.name;
    this.shape = variable.shape;
  }

  dispose(): void {
    for (const tensor of this.tensors) tensor?.dispose();
    this.tensors.length = 0;
    this.numbers.length = 0;
  }
}

export class StateStore {
  /** Grows whenever a tensor was replaced, so that whoever holds pointers to slots looks again. */
  version = 0;
  /** Grows whenever a variable may have become unknown. */
  generation = 0;
  /** Told the place of each record that is forgotten, since its variable is gone. */
  onForget: (place: number) => void = () => {};
  step = new StateRecord(null, null);
  /** In the order in which their variables came, those that still wait for theirs among them. */
  records: StateRecord[] = [];
  private readonly byVariable = new Map<tf.Variable, StateRecord>();
  private readonly places = new Map<string, number>();
  readonly slots: Slot[] = [];

  /** The index of a slot in every record. */
  place(slot: Slot): number {
    let index = this.places.get(slot.path);
    if (index === undefined) {
      index = this.slots.length;
      this.places.set(slot.path, index);
      this.slots.push(slot);
    }
    return index;
  }

  /** The record of a variable that `meet` was told of; that of the step where gradients alone are worked on. */
  record({ variable }: Target): StateRecord {
    return (variable && this.byVariable.get(variable)) ?? this.step;
  }

  /**
   * Gives each of these variables a record: its own, the saved one that belongs to it, or a new one.
   * @throws RangeError, before anything changed, where it cannot be told which saved state belongs to which variable
   */
  meet(owner: string, variables: readonly tf.Variable[]): StateRecord[] {
    const strangers = variables.filter((variable) => !this.byVariable.has(variable));
    if (strangers.length) {
      const waiting = this.records.filter(({ variable }) => !variable);
      const found = waiting.length ? matchVariables(owner, waiting, strangers, this.unknownBut(strangers)) : [];
      this.forgetDisposed();
      strangers.forEach((variable, index) => { this.adopt(variable, waiting[found[index] ?? -1]); });
    }
    return variables.map((variable) => this.byVariable.get(variable)!);
  }

  private unknownBut(strangers: readonly tf.Variable[]): tf.Variable[] {
    const known = new Set(strangers);
    return Object.values(tf.engine().registeredVariables).filter((variable) => !known.has(variable) && !this.byVariable.has(variable));
  }

  private adopt(variable: tf.Variable, waiting: StateRecord | undefined): void {
    const record = waiting ?? new StateRecord(variable.name, variable.shape);
    if (!waiting) this.records.push(record);
    record.bind(variable);
    this.byVariable.set(variable, record);
    this.version++;
  }

  /** A slot's number on a host backend; its first value when it is new. */
  number(slot: Slot, record: StateRecord): number {
    return record.numbers[this.place(slot)] ??= slot.init as number;
  }

  /** A slot's tensor; made with its first value when it is new. Call inside a tidy. */
  tensor(slot: Slot, record: StateRecord, target: Target | null): tf.Tensor {
    return record.tensors[this.place(slot)] ??= tf.keep(this.create(slot, record, target));
  }

  private create(slot: Slot, record: StateRecord, target: Target | null): tf.Tensor {
    if (isSmall(slot)) return tf.scalar(record.numbers[this.place(slot)] ?? (slot.init as number));
    // A real copy: clone() would share the buffer, which is written in place.
    if (slot.init === 'weight') return tf.mul(target!.variable!, 1);
    return tf.fill(shapeOf(slot, target) as number[], slot.init);
  }

  /** Replaces a tensor by one made in the current tidy. */
  replace(slot: Slot, record: StateRecord, next: tf.Tensor): void {
    const place = this.place(slot), old = record.tensors[place];
    if (old === next) return;
    // An op may hand back its own input's buffer (reshape, cast); clone() gives it an owner of its own.
    record.tensors[place] = tf.keep(tf.clone(next));
    old?.dispose();
    this.version++;
  }

  /** Gives a slot a buffer of its own where somebody else can see the one it has. */
  unshare(slot: Slot, record: StateRecord): void {
    this.replace(slot, record, tf.mul(record.tensors[this.place(slot)]!, 1));
  }

  /** The records that have such a slot, but no variable yet. */
  waiting(slot: Slot): StateRecord[] {
    const place = this.place(slot);
    return this.records.filter(({ variable, tensors }) => !variable && tensors[place]);
  }

  /** Swaps a slot's values with the variables' own. Returns for how many variables. */
  exchange(slot: Slot): number {
    const place = this.place(slot);
    let exchanged = 0;
    for (const { variable, tensors } of this.records) {
      const held = tensors[place];
      if (!held || !variable || variable.isDisposed) continue;
      tensors[place] = tf.keep(tf.tidy(() => tf.mul(variable, 1)));
      tf.tidy(() => { variable.assign(tf.mul(held, 1)); });
      held.dispose();
      exchanged++;
    }
    this.version++;
    return exchanged;
  }

  /** Small values become numbers when the backend changes to a host; the other way they become tensors when they are next used. */
  migrate(toHost: boolean): void {
    for (const record of toHost ? [this.step, ...this.records] : []) {
      for (const [place, slot] of this.slots.entries()) {
        const tensor = record.tensors[place];
        if (!isSmall(slot) || !tensor) continue;
        record.numbers[place] = tensor.dataSync()[0]!;
        tensor.dispose();
        record.tensors[place] = undefined;
      }
    }
    this.version++;
  }

  /**
   * Takes the place of all that is remembered. Where the first records are those of the variables known so far, as in a
   * snapshot of this very optimizer, they are theirs; all others wait for theirs.
   */
  restore(step: StateRecord, records: StateRecord[]): void {
    const known = this.records.flatMap(({ variable }) => (variable && !variable.isDisposed ? [variable] : []));
    this.dispose();
    this.step = step;
    this.records = records;
    const isOwn = records.length <= known.length && records.every(({ name, shape }, index) => {
      const variable = known[index]!;
      return name === variable.name && shape !== null && isSameShape(shape, variable.shape);
    });
    if (isOwn) records.forEach((record, index) => { this.adopt(known[index]!, record); });
  }

  private forgetDisposed(): void {
    for (let place = this.records.length - 1; place >= 0; place--) {
      const record = this.records[place]!;
      if (!record.variable?.isDisposed) continue;
      record.dispose();
      this.byVariable.delete(record.variable);
      this.records.splice(place, 1);
      this.onForget(place);
      this.version++;
    }
  }

  dispose(): void {
    for (const record of [this.step, ...this.records]) record.dispose();
    this.step = new StateRecord(null, null);
    this.records = [];
    this.byVariable.clear();
    this.version++;
    this.generation++;
  }
}

/** Whether a slot is a small value: a number on a host, a scalar tensor elsewhere. */
export const isSmall = (slot: Slot): boolean => slot.extent !== 'element' && !slot.shape;

/** The shape of a slot's tensor for a variable. */
export function shapeOf(slot: Slot, target: Pick<Target, 'shape'> | null): readonly number[] {
  if (slot.shape) return typeof slot.shape === 'function' ? slot.shape(target as Target) : slot.shape;
  return slot.extent === 'element' ? target!.shape : [];
}
