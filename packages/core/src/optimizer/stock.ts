/**
 * What tfjs's own optimizers remember, and where. Their getWeights() leaves out the accumulated powers of beta and fails for
 * Adamax, so a resumed run would differ; here every field is saved.
 */
import * as tf from '@tensorflow/tfjs-core';
import { expected, show } from '../errors';
import type { SavedTensor } from '../saving/saved';
import { isSameShape } from '../shape';
import type { Known } from '../state/match';

interface StockSlot {
  originalName: string;
  variable: tf.Variable;
}

/** Per class name: fields with one slot per variable, and fields that are single variables. */
const FIELDS: Readonly<Record<string, { readonly slots: readonly string[]; readonly single: readonly string[] }>> = {
  SGD: { slots: [], single: [] },
  Momentum: { slots: ['accumulations'], single: [] },
  Adagrad: { slots: ['accumulatedGrads'], single: [] },
  Adadelta: { slots: ['accumulatedGrads', 'accumulatedUpdates'], single: [] },
  RMSProp: { slots: ['accumulatedMeanSquares', 'accumulatedMoments', 'accumulatedMeanGrads'], single: [] },
  Adam: { slots: ['accumulatedFirstMoment', 'accumulatedSecondMoment'], single: ['accBeta1', 'accBeta2'] },
  Adamax: { slots: ['accumulatedFirstMoment', 'accumulatedWeightedInfNorm'], single: ['iteration', 'accBeta1'] },
};

type Fields = Record<string, StockSlot[] | tf.Variable | undefined> & { iterations_?: number };
const fieldsOf = (optimizer: tf.Optimizer): Fields => optimizer as unknown as Fields;

/** Whether every piece of this optimizer's state is known here. */
export const isStock = (optimizer: tf.Optimizer): boolean => Object.hasOwn(FIELDS, optimizer.getClassName());

export interface NamedTensor {
  name: string;
  tensor: tf.Tensor;
}

/** All state of a stock optimizer under unique names; the tensors stay the optimizer's. */
export function stockState(optimizer: tf.Optimizer): NamedTensor[] {
  const { slots, single } = FIELDS[optimizer.getClassName()]!, fields = fieldsOf(optimizer);
  return [
    ...single.map((field) => ({ name: field, tensor: fields[field] as tf.Variable })),
    ...slots.flatMap((field) => slotsOf(optimizer, field).flatMap((slot, index) => (slot ? [{ name: `${field}/${index}`, tensor: slot.variable as tf.Tensor }] : []))),
  ];
}

/** The place of a variable in a name that `stockState` gave; −1 in one that has none. */
export const placeIn = (name: string): number => Number(/\/(0|[1-9]\d{0,5})$/.exec(name)?.[1] ?? -1);

/** What a stock optimizer knows of the variables that it has state of, by their places in its lists. */
export function stockVariables(optimizer: tf.Optimizer): Known[] {
  const known: Known[] = [];
  for (const field of FIELDS[optimizer.getClassName()]?.slots ?? []) {
    slotsOf(optimizer, field).forEach((slot, place) => {
      // The name is that of the variable, a slash, and what the slot is for.
      if (slot) known[place] = { name: slot.originalName.replace(/\/[^/]*$/, ''), shape: slot.variable.shape };
    });
  }
  return Array.from(known, (each) => each ?? { name: null, shape: null });
}

/** Forgets the state of the variable at a place; those after it move up. */
export function forgetStockPlace(optimizer: tf.Optimizer, place: number): void {
  for (const field of FIELDS[optimizer.getClassName()]!.slots) {
    for (const slot of slotsOf(optimizer, field).splice(place, 1)) slot?.variable.dispose();
  }
}

/** Momentum's own dispose() leaves its learning rate behind. */
export function disposeStock(optimizer: tf.Optimizer): void {
  optimizer.dispose();
  for (const held of Object.values(optimizer) as unknown[]) if (held instanceof tf.Tensor) held.dispose();
}

/**
 * Checks state that `stockState` named against the variables that it is for, and returns what puts it in place.
 * @throws TypeError, RangeError where anything is unknown, missing, or of another shape
 */
export function planStockState(owner: string, optimizer: tf.Optimizer, saved: readonly SavedTensor[], variables: readonly Known[], iterations: number): () => void {
  const className = optimizer.getClassName(), { slots, single } = FIELDS[className]!, fields = fieldsOf(optimizer);
  const placed = new Map<number, Map<string, SavedTensor>>(), singles = new Map<string, SavedTensor>();
  for (const each of saved) {
    const field = each.name.split('/')[0]!, place = placeIn(each.name);
    const isSlot = slots.includes(field) && each.name === `${field}/${place}`;
    if (!isSlot && !single.includes(each.name)) throw new RangeError(`${owner}: ${className} has no state ${show(each.name)}`);
    if (each.dtype !== 'float32') throw new TypeError(expected(owner, `${className}'s ${each.name}`, 'of dtype float32', each.dtype));
    if (isSlot) placed.set(place, (placed.get(place) ?? new Map<string, SavedTensor>()).set(field, each));
    else singles.set(field, each);
  }
  for (const field of single) {
    const found = singles.get(field);
    if (!found) throw new RangeError(`${owner}: ${className}'s ${field} is missing`);
    if (found.shape.length > 0) throw new RangeError(`${owner}: ${className}'s ${field} must have shape [], got [${found.shape.join()}]`);
  }
  // A centered RMSProp alone has means of gradients.
  const wanted = slots.filter((field) => field !== 'accumulatedMeanGrads' || fields['centered'] as unknown as boolean);
  for (const [place, own] of placed) checkPlace(owner, className, place, own, wanted, variables[place]);
  return () => {
    const made = slots.map((field): StockSlot[] => {
      const list: StockSlot[] = [];
      for (const [place, own] of placed) {
        const found = own.get(field);
        if (found) list[place] = { originalName: `${variables[place]?.name ?? place}/${field}`, variable: variableOf(found) };
      }
      return list;
    });
    slots.forEach((field, index) => {
      for (const slot of slotsOf(optimizer, field)) slot?.variable.dispose();
      fields[field] = made[index]!;
    });
    for (const [field, { values }] of singles) tf.tidy(() => { (fields[field] as tf.Variable).assign(tf.scalar(values[0]!)); });
    fields.iterations_ = iterations;
  };
}

function checkPlace(owner: string, className: string, place: number, own: ReadonlyMap<string, SavedTensor>, wanted: readonly string[], variable: Known | undefined): void {
  const name = variable?.name ?? `variable ${place}`;
  const missing = wanted.find((field) => !own.has(field)), extra = [...own.keys()].find((field) => !wanted.includes(field));
  if (missing || extra) throw new RangeError(`${owner}: ${className}'s ${missing ?? extra} of ${name} is ${missing ? 'missing' : 'unexpected'}`);
  const shape = variable?.shape ?? [...own.values()][0]!.shape;
  for (const [field, found] of own) {
    if (!isSameShape(found.shape, shape)) throw new RangeError(`${owner}: ${className}'s ${field} of ${name} must have shape [${shape.join()}], got [${found.shape.join()}]`);
  }
}

const variableOf = ({ values, shape }: SavedTensor): tf.Variable => tf.tidy(() => tf.variable(tf.tensor(values, shape as number[], 'float32'), false));

function slotsOf(optimizer: tf.Optimizer, field: string): (StockSlot | undefined)[] {
  return (fieldsOf(optimizer)[field] as StockSlot[] | undefined) ?? [];
}

/** The slots of one field, by position in the list of variables. */
export const stockSlots = (optimizer: tf.Optimizer, field: string): readonly (tf.Variable | undefined)[] =>
  slotsOf(optimizer, field).map((slot) => slot?.variable);

export function readLearningRate(optimizer: tf.Optimizer): number {
  return (optimizer as unknown as { learningRate: number }).learningRate;
}

/** SGD and Momentum keep the rate in a tensor of their own and would ignore a plain assignment. */
export function writeLearningRate(optimizer: tf.Optimizer, rate: number): void {
  const settable = optimizer as unknown as { learningRate: number; setLearningRate?: (rate: number) => void };
  if (settable.setLearningRate) settable.setLearningRate(rate);
  else settable.learningRate = rate;
}
