/**
 * What an optimizer remembers: one record per live variable, and the step's own small values.
 *
 * Slots are private, so kernels write them in place. Small values are numbers on host backends and scalar tensors on the others.
 */
import * as tf from '@tensorflow/tfjs-core';
import { canonicalName } from '../trace/layout';
import type { Slot } from '../trace/program';
import type { Target } from '../trace/target';

export interface SavedTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** State of one variable, or of the whole step; places are indexed alike in all records. */
export class StateRecord {
  readonly numbers: number[] = [];
  readonly tensors: (tf.Tensor | undefined)[] = [];
  constructor(readonly key: string) {}
}

export class StateStore {
  /** Grows whenever a tensor was replaced, so that whoever holds pointers to slots looks again. */
  version = 0;
  readonly step = new StateRecord('');
  private readonly records = new Map<tf.Variable, StateRecord>();
  private readonly places = new Map<string, number>();
  private readonly slots: Slot[] = [];
  private saved: Map<string, SavedTensor> | null = null;

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

  record(target: Target): StateRecord {
    const variable = target.variable!;
    let record = this.records.get(variable);
    if (!record) {
      this.forgetDisposed();
      const name = canonicalName(variable.name);
      let occurrence = 0;
      for (const other of this.records.values()) if (other.key.startsWith(`${name}#`)) occurrence++;
      record = new StateRecord(`${name}#${occurrence}/`);
      this.records.set(variable, record);
    }
    return record;
  }

  /** A slot's number on a host backend; made from its saved or first value when it is new. */
  number(slot: Slot, record: StateRecord): number {
    const place = this.place(slot);
    return record.numbers[place] ??= this.takeSaved(record.key + slot.path, [])?.values[0] ?? (slot.init as number);
  }

  /** A slot's tensor; made from its saved or first value when it is new. Call inside a tidy. */
  tensor(slot: Slot, record: StateRecord, target: Target | null): tf.Tensor {
    const place = this.place(slot);
    return record.tensors[place] ??= tf.keep(this.create(slot, record, target));
  }

  private create(slot: Slot, record: StateRecord, target: Target | null): tf.Tensor {
    const shape = shapeOf(slot, target);
    const saved = this.takeSaved(record.key + slot.path, shape);
    if (saved) return tf.tensor(saved.values, shape as number[], 'float32');
    if (slot.extent !== 'element' && !slot.shape) return tf.scalar(record.numbers[this.place(slot)] ?? (slot.init as number));
    // A real copy: clone() would share the buffer, which is written in place.
    if (slot.init === 'weight') return tf.mul(target!.variable!, 1);
    return tf.fill(shape as number[], slot.init);
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

  /** Takes a tensor that was kept for it. */
  adopt(slot: Slot, record: StateRecord, tensor: tf.Tensor): void {
    const place = this.place(slot);
    record.tensors[place]?.dispose();
    record.tensors[place] = tensor;
    this.version++;
  }

  /** Swaps a slot's values with the variables' own. Returns for how many variables. */
  exchange(slot: Slot): number {
    const place = this.place(slot);
    let exchanged = 0;
    for (const [variable, { tensors }] of this.records) {
      const held = tensors[place];
      if (!held || variable.isDisposed) continue;
      tensors[place] = tf.keep(tf.tidy(() => tf.mul(variable, 1)));
      tf.tidy(() => { variable.assign(tf.mul(held, 1)); });
      held.dispose();
      exchanged++;
    }
    this.version++;
    return exchanged;
  }

  /** Small values change hands when the backend changes: numbers for a host, tensors for a device. */
  migrate(toHost: boolean): void {
    for (const record of [this.step, ...this.records.values()]) {
      for (const [place, slot] of this.slots.entries()) {
        if (slot.extent === 'element' || slot.shape) continue;
        const tensor = record.tensors[place];
        if (toHost && tensor) {
          record.numbers[place] = tensor.dataSync()[0]!;
          tensor.dispose();
          record.tensors[place] = undefined;
        }
      }
    }
    this.version++;
  }

  /** Everything under unique names, as tensors that stay this store's (slots) or become the caller's (`made`). */
  export(): { name: string; tensor: tf.Tensor; made: boolean }[] {
    const entries: { name: string; tensor: tf.Tensor; made: boolean }[] = [];
    for (const record of [this.step, ...this.records.values()]) {
      for (const [place, slot] of this.slots.entries()) {
        const name = record.key + slot.path, tensor = record.tensors[place], number = record.numbers[place];
        if (tensor) entries.push({ name, tensor, made: false });
        else if (number !== undefined) entries.push({ name, tensor: tf.scalar(number), made: true });
      }
    }
    for (const [name, { shape, values }] of this.saved ?? []) entries.push({ name, tensor: tf.tensor(values, shape as number[]), made: true });
    return entries;
  }

  /** Takes saved state: what belongs to a variable is handed out when that variable is first seen. */
  import(saved: ReadonlyMap<string, SavedTensor>): void {
    const order = [...this.records.keys()];
    this.dispose();
    this.saved = new Map(saved);
    for (const variable of order) if (!variable.isDisposed) this.record({ variable } as Target);
  }

  /** Whether saved state waits for its variables. */
  get hasSaved(): boolean {
    return this.saved !== null && this.saved.size > 0;
  }

  /** Refuses saved state that does not fit these variables, before any of it is used. */
  checkShapes(targets: readonly Target[]): void {
    for (const target of targets) {
      const { key } = this.record(target);
      for (const slot of this.slots) {
        const saved = slot.extent === 'scalar' ? undefined : this.saved!.get(key + slot.path);
        if (saved) checkShape(key + slot.path, shapeOf(slot, target), saved.shape);
      }
    }
  }

  private takeSaved(name: string, shape: readonly number[]): SavedTensor | undefined {
    const found = this.saved?.get(name);
    if (!found) return undefined;
    this.saved!.delete(name);
    checkShape(name, shape, found.shape);
    return found;
  }

  private forgetDisposed(): void {
    for (const [variable, record] of this.records) {
      if (!variable.isDisposed) continue;
      for (const tensor of record.tensors) tensor?.dispose();
      this.records.delete(variable);
      this.version++;
    }
  }

  dispose(): void {
    for (const record of [this.step, ...this.records.values()]) {
      for (const tensor of record.tensors) tensor?.dispose();
      record.tensors.length = 0;
      record.numbers.length = 0;
    }
    this.records.clear();
    this.saved = null;
    this.version++;
  }
}

function checkShape(name: string, wanted: readonly number[], got: readonly number[]): void {
  if (wanted.join() !== got.join()) throw new RangeError(`[core] setWeights: ${name} must have shape [${wanted.join()}], got [${got.join()}]`);
}

/** The shape of a slot's tensor for a variable. */
export function shapeOf(slot: Slot, target: Target | null): readonly number[] {
  if (slot.shape) return typeof slot.shape === 'function' ? slot.shape(target!) : slot.shape;
  return slot.extent === 'element' ? target!.shape : [];
}
