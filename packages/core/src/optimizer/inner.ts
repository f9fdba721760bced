/** Hands changed gradients to the optimizer that is wrapped, and knows whose state it keeps at which place. */
import type * as tf from '@tensorflow/tfjs-core';
import { StateRecord, type StateStore } from '../state/store';
import { disposeStock, forgetStockPlace, isStock, stockVariables, type NamedTensor } from './stock';
import type { Gradients, NamedGradient, TargetList } from './targets';

export class Inner {
  /** tfjs's own optimizers know variables by their places in the list: here those of our records. */
  private readonly goesByPlaces: boolean;

  constructor(private readonly optimizer: tf.Optimizer, private readonly state: StateStore) {
    this.goesByPlaces = isStock(optimizer);
    if (this.goesByPlaces) state.onForget = (place): void => { forgetStockPlace(optimizer, place); };
  }

  /** What it remembers from before it was wrapped waits for its variables. */
  settle(): void {
    const { optimizer, state } = this;
    if (!this.goesByPlaces || state.records.length) return;
    const records = stockVariables(optimizer).map(({ name, shape }) => {
      const record = new StateRecord(name, shape);
      record.innerHolds = shape !== null;
      return record;
    });
    state.restore(new StateRecord(null, null), records);
  }

  /** Its own step, with the changed gradients in the place of those that came. */
  apply(gradients: Gradients, named: readonly NamedGradient[], list: TargetList, changed: readonly tf.Tensor[]): void {
    if (!this.goesByPlaces) {
      this.optimizer.applyGradients(inTheirForm(gradients, named, list, changed));
      return;
    }
    this.optimizer.applyGradients(this.byPlace(list, changed));
    for (const record of list.records) record.innerHolds = true;
  }

  /**
   * Each gradient at the place of its variable, whatever the list's own order: tfjs goes by places, so another order, or
   * a second list, would mix up its state. Places without a gradient are holes, which its loops leave out.
   */
  private byPlace(list: TargetList, changed: readonly tf.Tensor[]): NamedTensor[] {
    const { records } = this.state;
    const arranged: NamedTensor[] = new Array<NamedTensor>(records.length);
    list.targets.forEach(({ name }, index) => {
      const record = list.records[index]!;
      arranged[records[index] === record ? index : records.indexOf(record)] = { name, tensor: changed[index]! };
    });
    return arranged;
  }

  dispose(): void {
    if (this.goesByPlaces) disposeStock(this.optimizer);
    else this.optimizer.dispose();
  }
}

/** The list as it came, with the changed gradients in it. */
function inTheirForm(
  gradients: Gradients,
  named: readonly NamedGradient[],
  list: TargetList,
  changed: readonly tf.Tensor[],
): NamedTensor[] {
  const changedOf = new Map(list.targets.map(({ name }, index) => [name, changed[index]!]));
  // A variable that stands in the list twice gets the same changed gradient in both places; one without keeps none.
  const replaced = named.map(({ name, tensor }) => ({ name, tensor: (tensor && changedOf.get(name)) ?? tensor }));
  if (Array.isArray(gradients)) return replaced as NamedTensor[];
  return Object.fromEntries(replaced.map(({ name, tensor }) => [name, tensor])) as never;
}
