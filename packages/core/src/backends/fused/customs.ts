/** Calls custom nodes, the ordinary tf ops inside a program, and keeps what they return until the step ends. */
import * as tf from '@tensorflow/tfjs-core';
import type { Formula } from '../../formula/formula';
import type { CustomFunction } from '../../formula/functions';
import type { Target } from '../../trace/target';
import type { Binding } from './bind';

export class Customs<Place> {
  private readonly outputs = new Map<Formula, (readonly tf.Tensor[])[]>();

  constructor(private readonly binding: Binding<Place>, private readonly targets: readonly Target[]) {}

  /** Calls a node for a target, or once for the step, and writes its numbers to their registers. */
  call(node: Formula, target: number | null, argument: (arg: Formula) => tf.Tensor): void {
    const info = target === null ? null : this.targets[target]!;
    const made = (node.attribute as CustomFunction)(node.args.map(argument), info) as readonly tf.Tensor[];
    const all = this.outputs.get(node) ?? [];
    all[target ?? 0] = made;
    this.outputs.set(node, all);
    for (const item of this.binding.items) {
      // These are host backends: dataSync reads memory that is there already.
      if (item.args[0] === node) this.binding.registers[this.binding.register(item, target ?? undefined)] = made[item.attribute as number]!.dataSync()[0]!;
    }
  }

  tensor(item: Formula, target: number): tf.Tensor {
    const node = item.args[0]!;
    return this.outputs.get(node)![node.extent === 'scalar' ? 0 : target]![item.attribute as number]!;
  }

  clear(): void {
    this.outputs.clear();
  }
}
