/** An optimizer's state as uniquely named weights, and back: all of it, or nothing is changed. */
import * as tf from '@tensorflow/tfjs-core';
import type { LayoutOf } from '../trace/layout';
import type { Slot } from '../trace/program';
import { isStock, placeIn, planStockState, stockState, type NamedTensor } from '../optimizer/stock';
import { isSmall, StateRecord, type Cycle, type StateStore } from '../state/store';
import { checksumOf } from './checksum';
import { encodeHeader, slotsOfStep, slotsOfVariables, type Header, type Manifest } from './header';
import { COUNTERS, innerName, ITERATIONS, stepName, variableName } from './names';
import { readState } from './read';
import { readTensors, type SavedTensor } from './saved';

/** What saving must know of an optimizer. */
export interface Savable {
  readonly inner: tf.Optimizer | null;
  readonly iterations: number;
  readonly calls: number;
  readonly state: StateStore;
  /** Every slot that some step uses, by its path. */
  readonly slots: ReadonlyMap<string, Slot>;
  /** Calls that make one step. */
  readonly period: number;
  readonly layoutOf: LayoutOf | undefined;
  appliedSteps(): Promise<number>;
  /** Whether the optimizer was disposed, or took a step, since. */
  isDisposed(): boolean;
  hasStepped(): boolean;
}

/** New tensors of all that the optimizer remembers at this moment; later steps do not change them. */
export async function saveWeights(optimizer: Savable): Promise<NamedTensor[]> {
  const { inner, state, slots } = optimizer;
  const made: NamedTensor[] = [];
  const add = (name: string, make: () => tf.Tensor): void => { made.push({ name, tensor: tf.keep(tf.tidy(make)) }); };
  try {
    // All that can change is copied, or asked for, before anything is waited for.
    const applied = optimizer.appliedSteps(), { iterations, calls } = optimizer, innerIterations = inner?.iterations ?? 0;
    const cycles = cyclesOf(state.records, optimizer.period);
    const stepSlots = addSlots(add, state, slotsOfStep(slots), state.step, stepName);
    const variables = state.records.map((record, place): Manifest => {
      const { name, shape, cycle } = record;
      const own = addSlots(add, state, slotsOfVariables(slots), record, (path) => variableName(place, name ?? '', path));
      return { name, shape, cycle: Math.max(0, cycles.indexOf(cycle)), slots: own };
    });
    const theirs = inner ? isStock(inner) ? stockState(inner) : await inner.getWeights() : [];
    if (optimizer.hasStepped()) throw new RangeError('[core] getWeights: a step was taken while the wrapped optimizer was being read; await getWeights() before the next step');
    for (const { name, tensor } of theirs) add(innerName(name), () => copyOf(tensor));
    add(ITERATIONS, () => tf.scalar(iterations, 'int32'));
    const header: Header = {
      calls, innerIterations, appliedSteps: await applied, innerWeights: theirs.length,
      cycles: cycles.map((each) => each?.calls ?? 0), slots: stepSlots, variables, checksum: 0,
    };
    const values = await readTensors('[core] getWeights', made);
    values.set(COUNTERS, { name: COUNTERS, dtype: 'int32', shape: [], values: Int32Array.from(encodeHeader(header)) });
    const counters = encodeHeader({ ...header, checksum: checksumOf(values.values()) });
    add(COUNTERS, () => tf.tensor1d(counters, 'int32'));
    // tfjs looks for the iterations in the first place.
    made.unshift(...made.splice(-2));
    return made;
  } catch (error) {
    tf.dispose(made.map(({ tensor }) => tensor));
    throw error;
  }
}

const copyOf = (tensor: tf.Tensor): tf.Tensor => (tensor.dtype === 'float32' ? tf.mul(tensor, 1) : tf.add(tensor, tf.zerosLike(tensor)));

/** The cycles that have begun, behind one that stands for all that have not. */
function cyclesOf(records: readonly StateRecord[], period: number): (Cycle | null)[] {
  const begun = period > 1 ? records.flatMap(({ cycle }) => (cycle.calls > 0 ? [cycle] : [])) : [];
  return [null, ...new Set(begun)];
}

/** Returns for each slot whether the record has it. */
function addSlots(add: (name: string, make: () => tf.Tensor) => void, state: StateStore, slots: readonly Slot[], record: StateRecord, nameOf: (path: string) => string): boolean[] {
  return slots.map((slot) => {
    const place = state.place(slot), tensor = record.tensors[place], number = record.numbers[place];
    if (tensor) add(nameOf(slot.path), () => copyOf(tensor));
    else if (number !== undefined) add(nameOf(slot.path), () => tf.scalar(number));
    return tensor !== undefined || number !== undefined;
  });
}

/** What was counted in a file, for the optimizer to take. */
export interface Counted {
  readonly iterations: number;
  readonly calls: number;
  readonly appliedSteps: number;
}

/**
 * Takes saved weights, all of them or none.
 * @throws TypeError, RangeError where anything is missing, unknown, damaged, or of another optimizer
 */
export async function loadWeights(owner: string, optimizer: Savable, weights: readonly NamedTensor[]): Promise<Counted> {
  const { inner, state, slots, period, layoutOf } = optimizer;
  const saved = readState(await readTensors(owner, weights), { owner, slots, inner, period, layoutOf });
  checkAlive(owner, optimizer);
  if (saved.cycles.some((calls) => calls >= period)) throw new RangeError(`${owner}: the state was saved after ${Math.max(...saved.cycles)} micro-batches of a cycle, and ${period} make one here; load it into an optimizer that accumulates as many as the saved one`);
  const putInner = inner && isStock(inner) ? planStockState(owner, inner, saved.inner, saved.variables, saved.innerIterations) : null;
  const step = new StateRecord(null, null), records: StateRecord[] = [];
  try {
    fill(step, saved.step, state, slots);
    const cycles = saved.cycles.map((calls): Cycle => ({ calls }));
    const held = new Set(saved.inner.map(({ name }) => placeIn(name)));
    saved.variables.forEach(({ name, shape, cycle, slots: own }, place) => {
      const record = new StateRecord(name, shape);
      records.push(record);
      record.innerHolds = held.has(place);
      if (cycles[cycle]!.calls > 0) record.cycle = cycles[cycle]!;
      fill(record, own, state, slots);
    });
    if (inner && !putInner) await inner.setWeights(theirTensors(saved.inner, weights));
    checkAlive(owner, optimizer);
  } catch (error) {
    for (const record of [step, ...records]) record.dispose();
    throw error;
  }
  putInner?.();
  state.restore(step, records);
  return saved;
}

function checkAlive(owner: string, optimizer: Savable): void {
  if (optimizer.isDisposed()) throw new RangeError(`${owner}: the optimizer was disposed before the weights were read; nothing was loaded`);
}

/** Gives a record what was saved of it. */
function fill(record: StateRecord, saved: ReadonlyMap<string, SavedTensor>, state: StateStore, slots: ReadonlyMap<string, Slot>): void {
  for (const [path, { values, shape }] of saved) {
    const slot = slots.get(path)!, place = state.place(slot);
    if (isSmall(slot)) record.numbers[place] = values[0]!;
    else record.tensors[place] = tf.tidy(() => tf.keep(tf.tensor(values, shape as number[], 'float32')));
  }
}

/** The wrapped optimizer's weights under its own names. */
function theirTensors(saved: readonly SavedTensor[], weights: readonly NamedTensor[]): NamedTensor[] {
  const byName = new Map(weights.map(({ name, tensor }) => [name, tensor]));
  return saved.map(({ name }) => ({ name, tensor: byName.get(innerName(name))! }));
}
