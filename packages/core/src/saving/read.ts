/** Reads saved weights into a state, whole or not at all: every name, number and shape is checked before anybody uses one. */
import { expected, show } from '../errors';
import type { VariableInfo } from '../formula/formula';
import { isSameShape } from '../shape';
import { describe } from '../trace/layout';
import type { Slot } from '../trace/program';
import { shapeOf } from '../state/store';
import { checksumOf } from './checksum';
import { decodeHeader, slotsOfStep, slotsOfVariables, type Header } from './header';
import { LEGACY_COUNTERS, readLegacy } from './legacy';
import { COUNTERS, innerName, ITERATIONS, parseName, stepName, variableName } from './names';
import { countsOf, type Expectation, type SavedState, type SavedTensor, type SavedVariable } from './saved';

export function readState(weights: ReadonlyMap<string, SavedTensor>, wanted: Expectation): SavedState {
  const { owner } = wanted;
  const need = (name: string): SavedTensor => {
    const found = weights.get(name);
    if (!found) throw new RangeError(`${owner}: the weight ${show(name)} is missing; is this the state of another optimizer?`);
    return found;
  };
  const counts = countsOf(owner, need(ITERATIONS)), counters = countsOf(owner, need(COUNTERS));
  if (counts.length !== 1) throw new RangeError(expected(owner, `the weight ${show(ITERATIONS)}`, 'one number', counts));
  if (counters.length === LEGACY_COUNTERS) return readLegacy(weights, wanted, counts[0]!, counters);
  const header = decodeHeader(counters, slotsOfStep(wanted.slots).length, slotsOfVariables(wanted.slots).length);
  if (!header) throw new RangeError(`${owner}: the weight ${show(COUNTERS)} does not fit this optimizer: is this the state of another one, or of a later version?`);
  return new Reader(weights, wanted, header).read(counts[0]!);
}

class Reader {
  private readonly unread: Set<string>;
  private readonly owner: string;
  private readonly variableSlots: readonly Slot[];

  constructor(private readonly weights: ReadonlyMap<string, SavedTensor>, private readonly wanted: Expectation, private readonly header: Header) {
    this.owner = wanted.owner;
    this.unread = new Set(weights.keys());
    this.variableSlots = slotsOfVariables(wanted.slots);
  }

  read(iterations: number): SavedState {
    this.take(ITERATIONS);
    this.take(COUNTERS);
    const { calls, appliedSteps, innerIterations, cycles, slots } = this.header;
    const step = this.readSlots(slotsOfStep(this.wanted.slots), slots, null, stepName);
    const variables = this.readVariables(), inner = this.readInner();
    for (const name of this.unread) throw new RangeError(`${this.owner}: unexpected weight ${show(name)}: no state of this optimizer has that name`);
    this.checkSum();
    return { iterations, calls, appliedSteps, cycles, step, variables, inner, innerIterations };
  }

  private take(name: string): SavedTensor {
    const found = this.weights.get(name);
    if (!found) throw new RangeError(`${this.owner}: the weight ${show(name)} is missing`);
    this.unread.delete(name);
    return found;
  }

  /** The slots that have come into being, each with its shape. */
  private readSlots(
    slots: readonly Slot[],
    present: readonly boolean[],
    variable: VariableInfo | null,
    nameOf: (path: string) => string,
  ): Map<string, SavedTensor> {
    const found = new Map<string, SavedTensor>();
    slots.forEach((slot, index) => {
      if (!present[index]) return;
      const saved = this.take(nameOf(slot.path));
      const wanted = shapeOf(slot, variable);
      if (saved.dtype !== 'float32') throw new TypeError(expected(this.owner, `the weight ${show(saved.name)}`, 'of dtype float32', saved.dtype));
      if (!isSameShape(wanted, saved.shape)) throw new RangeError(`${this.owner}: the weight ${show(saved.name)} must have shape [${wanted.join()}], got [${saved.shape.join()}]`);
      found.set(slot.path, saved);
    });
    return found;
  }

  private readVariables(): SavedVariable[] {
    return this.header.variables.map(({ name, shape, cycle, slots }, place): SavedVariable => {
      const known = shape && describe(name ?? '', shape, this.wanted.layoutOf);
      return { name, shape, cycle, slots: this.readSlots(this.variableSlots, slots, known, (path) => variableName(place, name ?? '', path)) };
    });
  }

  private readInner(): SavedTensor[] {
    const names = [...this.weights.keys()].flatMap((text) => {
      const name = parseName(text);
      return name?.of === 'inner' ? [name.name] : [];
    });
    if (!this.wanted.inner && names.length) throw new RangeError(`${this.owner}: unexpected weight ${show(innerName(names[0]!))}: this optimizer wraps none`);
    if (names.length !== this.header.innerWeights) throw new RangeError(`${this.owner}: ${this.header.innerWeights} weights of the wrapped optimizer were saved, got ${names.length}; is one missing?`);
    return names.map((name) => ({ ...this.take(innerName(name)), name }));
  }

  private checkSum(): void {
    const { checksum } = this.header;
    if (checksum === 0 || checksum === checksumOf(this.weights.values())) return;
    throw new RangeError(`${this.owner}: the weights are not as they were saved, since their checksum differs: the file is damaged or mixed up. If you changed them on purpose, set the last two numbers of ${show(COUNTERS)} to 0`);
  }
}
