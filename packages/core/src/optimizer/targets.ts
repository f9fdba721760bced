/** Finds the variables that a list of gradients is for, and checks that each gradient fits. Lists seen before are recognised. */
import * as tf from '@tensorflow/tfjs-core';
import { expected } from '../errors';
import { describe, type LayoutOf } from '../trace/layout';
import type { Target } from '../trace/target';

export interface NamedGradient {
  readonly name: string;
  readonly tensor: tf.Tensor | null | undefined;
}
export type Gradients = readonly NamedGradient[] | Readonly<Record<string, tf.Tensor | null | undefined>>;

/** The variables of one list of gradients; the array is the same one as long as the variables are. */
export interface TargetList {
  readonly targets: readonly Target[];
  /** For each entry of the list, the index of its target, or −1: no gradient, no elements, or a variable that came before. */
  readonly indexOf: Int32Array;
  readonly names: readonly string[];
}

/** Lists remembered, so that two models that share an optimizer do not chase each other out. */
const MOST_LISTS = 4;

export class TargetLists {
  private lists: TargetList[] = [];

  constructor(private readonly owner: string, private readonly layoutOf?: LayoutOf) {}

  /** The targets of these gradients, with the gradients set. Nothing is changed when one does not fit. */
  resolve(gradients: readonly NamedGradient[]): TargetList {
    let list = this.lists.find((each) => this.matches(each, gradients));
    if (!list) {
      list = this.build(gradients);
      this.lists = [list, ...this.lists.filter(({ targets }) => targets.every(({ variable }) => !variable!.isDisposed))].slice(0, MOST_LISTS);
    }
    for (let entry = 0; entry < gradients.length; entry++) {
      const index = list.indexOf[entry]!;
      if (index >= 0) checkFits(this.owner, list.targets[index]!, gradients[entry]!.tensor!);
    }
    for (let entry = 0; entry < gradients.length; entry++) {
      const index = list.indexOf[entry]!;
      if (index >= 0) list.targets[index]!.gradient = gradients[entry]!.tensor!;
    }
    return list;
  }

  private matches({ names, indexOf, targets }: TargetList, gradients: readonly NamedGradient[]): boolean {
    if (names.length !== gradients.length) return false;
    for (let entry = 0; entry < names.length; entry++) {
      const { name, tensor } = gradients[entry]!, index = indexOf[entry]!;
      if (name !== names[entry]) return false;
      if (index < 0 ? isPresent(tensor) && names.indexOf(name) === entry : !isPresent(tensor) || targets[index]!.variable!.isDisposed) return false;
    }
    return true;
  }

  private build(gradients: readonly NamedGradient[]): TargetList {
    const targets: Target[] = [], seen = new Set<string>();
    const indexOf = Int32Array.from(gradients, ({ name, tensor }) => {
      if (!isPresent(tensor) || seen.has(name)) return -1;
      const variable = tf.engine().registeredVariables[name];
      if (!variable) throw new RangeError(expected(this.owner, 'each gradient\'s name', 'that of a live variable', name));
      seen.add(name);
      return targets.push({ ...describe(name, variable.shape, this.layoutOf), variable, gradient: tensor }) - 1;
    });
    return { targets, indexOf, names: gradients.map(({ name }) => name) };
  }
}

const isPresent = (tensor: tf.Tensor | null | undefined): tensor is tf.Tensor => tensor !== null && tensor !== undefined && tensor.size > 0;

export function toList(owner: string, gradients: Gradients): readonly NamedGradient[] {
  if (Array.isArray(gradients)) return gradients as readonly NamedGradient[];
  if (typeof gradients !== 'object' || gradients === null) throw new TypeError(expected(owner, 'gradients', 'a list of { name, tensor } or a map from names to tensors', gradients));
  return Object.entries(gradients).map(([name, tensor]) => ({ name, tensor: tensor as tf.Tensor }));
}

export function checkFits(owner: string, target: Target, gradient: tf.Tensor): void {
  const { shape, name } = target;
  if (gradient.dtype !== 'float32') throw new TypeError(`${owner}: the gradient of ${name} must be float32, got ${gradient.dtype}`);
  if (gradient.isDisposed) throw new TypeError(`${owner}: the gradient of ${name} is disposed`);
  let fits = gradient.shape.length === shape.length;
  for (let axis = 0; fits && axis < shape.length; axis++) fits = gradient.shape[axis] === shape[axis];
  if (!fits) throw new RangeError(`${owner}: the gradient of ${name} must have shape [${shape.join()}], got [${gradient.shape.join()}]`);
}
