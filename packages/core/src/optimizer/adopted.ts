/**
 * State taken over from another optimizer, until the optimizer knows its own slots: clipping may still be put before
 * them.
 */
import * as tf from '@tensorflow/tfjs-core';
import { StateRecord, type StateStore } from '../state/store';
import type { Known } from '../state/match';
import type { Slot } from '../trace/program';

export interface AdoptedState {
  /** Steps taken. */
  readonly iterations: number;
  /** What is known of the variables, by their places in the other optimizer's list. */
  readonly variables: readonly Known[];
  /** Per name of the rule's state: a tensor of the other optimizer for each place. */
  readonly tensors: Readonly<Record<string, readonly (tf.Tensor | undefined)[]>>;
  /** Per name of the rule's state: its value for every variable that has a tensor. */
  readonly numbers: Readonly<Record<string, number>>;
}

export class Adoption {
  private readonly tensors: Readonly<Record<string, readonly (tf.Tensor | undefined)[]>>;

  constructor(private readonly state: AdoptedState) {
    // Real copies: slots are written in place, and the other optimizer may go on with its own.
    this.tensors = tf.tidy(
      () =>
        Object.fromEntries(
          Object.entries(state.tensors).map(([name, list]) => [
            name,
            list.map((each) => each && tf.keep(tf.mul(each, 1))),
          ]),
        ) as never,
    );
  }

  /** Hands the state over, as records that wait for their variables. */
  settle(slotOf: (name: string) => Slot, store: StateStore): void {
    const records = this.state.variables.flatMap(({ name, shape }, place) => {
      const record = new StateRecord(name, shape);
      for (const [own, list] of Object.entries(this.tensors)) record.tensors[store.place(slotOf(own))] = list[place];
      if (!record.tensors.some(Boolean)) return [];
      // Rounded as a tensor of it would be, so that saving loses nothing.
      for (const [own, value] of Object.entries(this.state.numbers))
        record.numbers[store.place(slotOf(own))] = Math.fround(value);
      return [record];
    });
    store.restore(new StateRecord(null, null), records);
  }

  dispose(): void {
    for (const list of Object.values(this.tensors)) for (const tensor of list) tensor?.dispose();
  }
}
