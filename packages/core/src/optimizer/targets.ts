/** Finds the variables that a list of gradients is for, and checks that each gradient fits. Lists seen before are recognised. */
import * as tf from '@tensorflow/tfjs-core';
import { expected, show } from '../errors';
import { isSameShape } from '../shape';
import type { StateRecord } from '../state/store';
import { describe, type LayoutOf } from '../trace/layout';
import type { Target } from '../trace/target';
import { moveFirst, withFirst } from './recent';

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
  /** All variables of the list, each once, those without a gradient too. */
  readonly variables: readonly tf.Variable[];
  /** The targets' records of state, since the store's generation that is named. */
  records: readonly StateRecord[];
  generation: number;
}

/** Lists remembered: models that share an optimizer, and what is frozen now and then, do not chase each other out. */
const MOST_LISTS = 64;

export class TargetLists {
  private lists: TargetList[] = [];

  constructor(private readonly owner: string, private readonly layoutOf?: LayoutOf) {}

  /** The targets of these gradients, with the gradients set. Nothing is changed when one does not fit. */
  resolve(gradients: readonly NamedGradient[]): TargetList {
    const list = this.recall(gradients) ?? this.remember(this.build(gradients));
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

  private recall(gradients: readonly NamedGradient[]): TargetList | undefined {
    const { lists } = this;
    for (let at = 0; at < lists.length; at++) {
      if (this.matches(lists[at]!, gradients)) return moveFirst(lists, at);
    }
    return undefined;
  }

  private remember(list: TargetList): TargetList {
    this.lists = withFirst(list, this.lists, MOST_LISTS);
    return list;
  }

  private matches({ names, indexOf, targets }: TargetList, gradients: readonly NamedGradient[]): boolean {
    if (names.length !== gradients.length) return false;
    for (let entry = 0; entry < names.length; entry++) {
      const { name, tensor } = gradients[entry]!, index = indexOf[entry]!;
      if (name !== names[entry]) return false;
      if (index >= 0) {
        if (!this.isPresent(name, tensor) || targets[index]!.variable!.isDisposed) return false;
      } else if (this.isPresent(name, tensor) && !this.cameBefore(names, indexOf, entry)) return false;
    }
    return true;
  }

  /** Whether an earlier entry has a gradient for the same variable. */
  private cameBefore(names: readonly string[], indexOf: Int32Array, entry: number): boolean {
    for (let at = 0; at < entry; at++) if (names[at] === names[entry] && indexOf[at]! >= 0) return true;
    return false;
  }

  private build(gradients: readonly NamedGradient[]): TargetList {
    const targets: Target[] = [], seen = new Set<string>(), variables = new Set<tf.Variable>();
    const indexOf = Int32Array.from(gradients, ({ name, tensor }) => {
      const isPresent = this.isPresent(name, tensor), variable = variableOf(name);
      if (variable && variable.size > 0) variables.add(variable);
      if (!isPresent || seen.has(name)) return -1;
      if (!variable) throw new RangeError(expected(this.owner, 'each gradient\'s name', 'that of a live variable', name));
      seen.add(name);
      return targets.push({ ...describe(name, variable.shape, this.layoutOf), variable, gradient: tensor }) - 1;
    });
    return { targets, indexOf, names: gradients.map(({ name }) => name), variables: [...variables], records: [], generation: -1 };
  }

  /** Null, undefined and a tensor without elements are no gradient; anything else must be one. */
  private isPresent(name: string, tensor: tf.Tensor | null | undefined): tensor is tf.Tensor {
    if (tensor === null || tensor === undefined) return false;
    if (typeof tensor.size !== 'number') throw new TypeError(expected(this.owner, `the gradient of ${name}`, 'a tensor or null', tensor));
    return tensor.size > 0;
  }
}

/** Names are users', and what tfjs keeps variables in has inherited ones. */
function variableOf(name: string): tf.Variable | undefined {
  const live = tf.engine().registeredVariables;
  return Object.hasOwn(live, name) ? live[name] : undefined;
}

const LIST_WORDS = 'a list of { name, tensor } or a map from variables\' names to tensors, as tf.variableGrads() returns';

/** Refuses what is no list of gradients, rather than take it for one without any. */
export function toList(owner: string, gradients: Gradients): readonly NamedGradient[] {
  if (Array.isArray(gradients)) {
    for (const each of gradients as readonly NamedGradient[]) {
      if (typeof each !== 'object' || each === null || typeof each.name !== 'string' || !('tensor' in each)) throw new TypeError(expected(owner, 'gradients', LIST_WORDS, [each]));
    }
    return gradients as readonly NamedGradient[];
  }
  const isMap = Object.prototype.toString.call(gradients) === '[object Object]' && !(gradients instanceof tf.Tensor);
  if (!isMap) throw new TypeError(expected(owner, 'gradients', LIST_WORDS, gradients));
  return Object.entries(gradients).map(([name, tensor]) => ({ name, tensor: tensor as tf.Tensor }));
}

export function checkFits(owner: string, target: Target, gradient: tf.Tensor): void {
  const { shape, name } = target;
  if (gradient.dtype !== 'float32') throw new TypeError(`${owner}: the gradient of ${name} must be float32, got ${gradient.dtype ?? show(gradient)}`);
  if (gradient.isDisposed) throw new TypeError(`${owner}: the gradient of ${name} is disposed`);
  if (!isSameShape(gradient.shape, shape)) throw new RangeError(`${owner}: the gradient of ${name} must have shape [${shape.join()}], got [${gradient.shape.join()}]`);
}
