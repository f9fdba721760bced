/**
 * What tfjs's own optimizers remember, and where. Their getWeights() leaves out the accumulated powers of beta and fails for
 * Adamax, so a resumed run would differ; here every field is saved.
 */
import * as tf from '@tensorflow/tfjs-core';

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
    ...slots.flatMap((field) => ((fields[field] as StockSlot[] | undefined) ?? []).flatMap((slot, index) => (slot ? [{ name: `${field}/${index}`, tensor: slot.variable as tf.Tensor }] : []))),
  ];
}

/** Puts state back that `stockState` named. */
export function restoreStockState(optimizer: tf.Optimizer, saved: readonly NamedTensor[], iterations: number): void {
  const fields = fieldsOf(optimizer), known = FIELDS[optimizer.getClassName()]!;
  for (const { name } of saved) {
    const [field] = name.split('/');
    if (!known.slots.includes(field!) && !known.single.includes(field!)) throw new RangeError(`[core] setWeights: ${optimizer.getClassName()} has no state ${name}`);
  }
  for (const field of known.slots) {
    for (const slot of (fields[field] as StockSlot[] | undefined) ?? []) slot?.variable.dispose();
    fields[field] = [];
  }
  for (const { name, tensor } of saved) {
    const [field, index] = name.split('/');
    if (index === undefined) (fields[field!] as tf.Variable).assign(tensor as tf.Tensor<tf.Rank>);
    else (fields[field!] as StockSlot[])[Number(index)] = { originalName: name, variable: tf.variable(tensor, false) };
  }
  fields.iterations_ = iterations;
}

/** The slots of one field, by position in the list of variables. */
export const stockSlots = (optimizer: tf.Optimizer, field: string): readonly (tf.Variable | undefined)[] =>
  ((fieldsOf(optimizer)[field] as StockSlot[] | undefined) ?? []).map((slot) => slot?.variable);

export function readLearningRate(optimizer: tf.Optimizer): number {
  return (optimizer as unknown as { learningRate: number }).learningRate;
}

/** SGD and Momentum keep the rate in a tensor of their own and would ignore a plain assignment. */
export function writeLearningRate(optimizer: tf.Optimizer, rate: number): void {
  const settable = optimizer as unknown as { learningRate: number; setLearningRate?: (rate: number) => void };
  if (settable.setLearningRate) settable.setLearningRate(rate);
  else settable.learningRate = rate;
}
