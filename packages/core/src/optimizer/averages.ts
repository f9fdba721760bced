/** Moving averages of the weights in the variables' place, and back. */
import * as tf from '@tensorflow/tfjs-core';
import type { StateStore } from '../state/store';
import { describe } from '../trace/layout';
import type { Slot } from '../trace/program';

export class Averages {
  /** Whether the variables hold the averages now, and the averages' slot the weights. */
  private swapped = false;

  constructor(private readonly owner: string, private readonly state: StateStore) {}

  /** Swaps what the variables and the slot hold, for these variables and all that are known. */
  swap(slot: Slot, variables: readonly tf.Variable[]): void {
    const { owner, state } = this;
    state.meet(owner, variables);
    const unmet = state.waiting(slot).map(({ name }) => name ?? 'a variable without a name');
    if (unmet.length && state.records.some(({ variable }) => variable))
      throw new RangeError(
        `${owner}: swapAveragedWeights has saved averages of ${unmet.join(', ')}, which came in no step since loading; ` +
          "pass the model's variables",
      );
    tf.tidy(() => {
      for (const variable of variables) {
        const target = { ...describe(variable.name, variable.shape), variable, gradient: variable };
        state.tensor(slot, state.record(target), target);
      }
    });
    if (!state.exchange(slot))
      throw new RangeError(`${owner}: swapAveragedWeights knows no variables before the first step; pass them`);
    this.swapped = !this.swapped;
  }

  /** Refuses what needs the weights themselves; `advice` is what to do instead. */
  refuseSwapped(advice: string): void {
    if (this.swapped) throw new RangeError(`${this.owner}: the variables hold their averages; ${advice}`);
  }

  /** Told when the state is replaced: what the variables hold now are their weights. */
  forget(): void {
    this.swapped = false;
  }
}
