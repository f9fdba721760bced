/**
 * Recognises gradients by their names and shapes, so that what was bound to such a list is found again. Holds no
 * gradient between calls.
 */
import * as tf from '@tensorflow/tfjs-core';
import { show } from '../errors';
import { isSameShape } from '../shape';
import { describe } from '../trace/layout';
import type { Target } from '../trace/target';
import { moveFirst, withFirst } from './recent';

export type Gradient = tf.Tensor | null | undefined;

/** Gradients of the same names and shapes; its targets are the same array whenever such gradients come. */
export interface GradientList {
  readonly targets: readonly Target[];
  /** For each gradient the index of its target, or −1 where there is none: it is null, or has no elements. */
  readonly indexOf: Int32Array;
  /** Null for a plain list, whose gradients belong to no variable that is known. */
  readonly names: readonly string[] | null;
}

/** Enough for the models of one program; a loop whose shapes change at each step still keeps no more. */
const MOST_LISTS = 8;

const RELEASED = null as unknown as tf.Tensor;

export class GradientLists {
  private lists: GradientList[] = [];

  constructor(
    private readonly owner: string,
    private readonly needsVariables: boolean,
  ) {}

  /** The list of these gradients, with the gradients set: release it afterwards. */
  take(gradients: readonly Gradient[], names: readonly string[] | null): GradientList {
    this.check(gradients, names);
    const place = this.lists.findIndex((each) => this.matches(each, gradients, names));
    const list = place < 0 ? this.remember(this.build(gradients, names)) : moveFirst(this.lists, place);
    for (let entry = 0; entry < gradients.length; entry++) {
      const index = list.indexOf[entry]!;
      if (index >= 0) list.targets[index]!.gradient = gradients[entry]!;
    }
    return list;
  }

  release({ targets }: GradientList): void {
    for (const target of targets) target.gradient = RELEASED;
  }

  private check(gradients: readonly Gradient[], names: readonly string[] | null): void {
    for (let entry = 0; entry < gradients.length; entry++) {
      const gradient = gradients[entry];
      if (gradient === null || gradient === undefined) continue;
      if (!(gradient instanceof tf.Tensor)) {
        const advice = names
          ? ''
          : '; a list has nothing but tensors, and gradients with names come as a map from names to tensors';
        throw new TypeError(
          `${this.owner}: ${labelOf(names, entry)} must be a tensor or null, got ${show(gradient)}${advice}`,
        );
      }
      if (gradient.isDisposed) throw new TypeError(`${this.owner}: ${labelOf(names, entry)} is disposed`);
      if (gradient.dtype !== 'float32')
        throw new TypeError(
          `${this.owner}: ${labelOf(names, entry)} must be float32, got ${gradient.dtype}; ` +
            "tf.cast(gradient, 'float32') makes it so",
        );
    }
  }

  private matches(list: GradientList, gradients: readonly Gradient[], names: readonly string[] | null): boolean {
    const { indexOf, targets } = list;
    if (indexOf.length !== gradients.length || (list.names === null) !== (names === null)) return false;
    for (let entry = 0; entry < indexOf.length; entry++) {
      if (names && names[entry] !== list.names![entry]) return false;
      const gradient = gradients[entry];
      const index = indexOf[entry]!;
      if (index < 0) {
        if (isPresent(gradient)) return false;
        continue;
      }
      const { shape, variable } = targets[index]!;
      if (!gradient || !isSameShape(gradient.shape, shape)) return false;
      if (this.needsVariables && variable !== tf.engine().registeredVariables[names![entry]!]) return false;
    }
    return true;
  }

  private build(gradients: readonly Gradient[], names: readonly string[] | null): GradientList {
    const targets: Target[] = [];
    const indexOf = Int32Array.from(gradients, (gradient, entry) => {
      if (!isPresent(gradient)) return -1;
      const name = names ? names[entry]! : String(entry);
      const variable = this.needsVariables ? this.variableOf(name, gradient, names) : null;
      return targets.push({ ...describe(name, gradient.shape), variable, gradient: RELEASED }) - 1;
    });
    return { targets, indexOf, names: names && [...names] };
  }

  private variableOf(name: string, gradient: tf.Tensor, names: readonly string[] | null): tf.Variable {
    const reason = `${this.owner}: the chain looks at the variables, and`;
    if (!names)
      throw new TypeError(
        `${reason} a list does not say whose its gradients are; pass a map whose keys are the variables' names`,
      );
    const live = tf.engine().registeredVariables;
    const variable = Object.hasOwn(live, name) ? live[name]! : null;
    if (!variable)
      throw new TypeError(
        `${reason} there is none for gradient ${name}; pass a map whose keys are the variables' names`,
      );
    if (variable.dtype !== 'float32')
      throw new TypeError(`${reason} ${name} is of dtype ${variable.dtype}, not float32`);
    if (!isSameShape(variable.shape, gradient.shape))
      throw new RangeError(
        `${reason} the gradient of ${name} must have its shape [${variable.shape.join()}], ` +
          `got [${gradient.shape.join()}]`,
      );
    return variable;
  }

  private remember(list: GradientList): GradientList {
    this.lists = withFirst(list, this.lists, MOST_LISTS);
    return list;
  }
}

/** What an error calls gradients. */
export const labelOf = (names: readonly string[] | null, entry: number): string =>
  names ? `the gradient of ${names[entry]!}` : `gradients[${entry}]`;

const isPresent = (gradient: Gradient): gradient is tf.Tensor =>
  gradient !== null && gradient !== undefined && gradient.size > 0;
