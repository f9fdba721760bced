/** State taken over from another optimizer, by place in its list of variables, until the first list of gradients says which they are. */
import * as tf from '@tensorflow/tfjs-core';
import { describe } from '../trace/layout';
import type { Slot } from '../trace/program';
import type { Target } from '../trace/target';
import type { StateStore } from '../state/store';

export interface AdoptedState {
  /** Steps taken. */
  readonly iterations: number;
  /** Per name of the rule's state: a variable of the other optimizer for each place in its list. */
  readonly tensors: Readonly<Record<string, readonly (tf.Tensor | undefined)[]>>;
  /** Per name of the rule's state: its value for every variable that has a tensor. */
  readonly numbers: Readonly<Record<string, number>>;
}

export class Adoption {
  private readonly tensors: Readonly<Record<string, (tf.Tensor | undefined)[]>>;

  constructor(private readonly state: AdoptedState) {
    // Real copies: slots are written in place, and the other optimizer may go on with its own.
    this.tensors = tf.tidy(() => Object.fromEntries(Object.entries(state.tensors).map(([name, list]) => [name, list.map((each) => each && tf.keep(tf.mul(each, 1)))])) as never);
  }

  /** Gives each variable of the list the state of its place. Nothing is changed when one does not fit. */
  bind(owner: string, names: readonly string[], slotOf: (name: string) => Slot, store: StateStore): void {
    const targets = names.map((name, place): Target | null => {
      const variable = tf.engine().registeredVariables[name];
      return variable && names.indexOf(name) === place ? { ...describe(name, variable.shape), variable, gradient: variable } : null;
    });
    const places = Object.entries(this.tensors).flatMap(([name, list]) => list.flatMap((tensor, place) => {
      const target = targets[place];
      return tensor && target ? [{ slot: slotOf(name), tensor, target, name, place }] : [];
    }));
    for (const { tensor, target, name } of places) {
      if (tensor.shape.join() !== target.shape.join()) throw new RangeError(`${owner}: the adopted ${name} of ${target.name} has shape [${tensor.shape.join()}], the variable [${target.shape.join()}]; are the variables in the same order?`);
    }
    for (const { slot, tensor, target, name, place } of places) {
      store.adopt(slot, store.record(target), tensor);
      this.tensors[name]![place] = undefined;
      for (const [other, value] of Object.entries(this.state.numbers)) store.record(target).numbers[store.place(slotOf(other))] = value;
    }
    this.dispose();
  }

  dispose(): void {
    for (const list of Object.values(this.tensors)) for (const tensor of list) tensor?.dispose();
  }
}
