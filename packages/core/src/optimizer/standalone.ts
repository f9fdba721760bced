/** Transforms on gradients without an optimizer, for hand-written loops. */
import * as tf from '@tensorflow/tfjs-core';
import type { HostNorms } from '../backends/backend';
import { currentBackend } from '../backends/select';
import { bounded } from '../formula/single';
import { describe } from '../trace/layout';
import { reachable, rootsOf, type Program } from '../trace/program';
import type { Target } from '../trace/target';
import { trace } from '../trace/trace';
import { flatten } from '../transform/chain';
import { policyTransforms, type NonFinitePolicy } from '../transform/nonFinite';
import type { GradientTransform } from '../transform/transform';
import { StateStore } from '../state/store';
import { checkFits, type NamedGradient } from './targets';

/**
 * Runs transforms that remember nothing. Returns new tensors, in the order of the gradients, and the joint L2 norm before,
 * which is the largest number where single precision does not hold it.
 */
export class StandaloneChain {
  private readonly program: Program;
  private readonly state = new StateStore();
  private readonly readsWeights: boolean;

  constructor(private readonly owner: string, transforms: readonly GradientTransform[], private readonly policy: NonFinitePolicy) {
    const all = flatten(transforms);
    for (const each of all) {
      if (each.stage !== 'gradient' || each.period > 1) throw new TypeError(`${owner}: ${each.kind} needs an optimizer; wrap one with clip()`);
    }
    this.program = trace([...policyTransforms(policy), ...all], { release: true, result: 'gradient', observe: true, inspect: policy === 'throw', learningRate: () => NaN });
    this.readsWeights = [...reachable(rootsOf(this.program))].some(({ operation, attribute }) => operation === 'input' && attribute === 'weight');
    if (this.program.slots.size) throw new TypeError(`${owner}: ${all.map(({ kind }) => kind).join(', ')} remembers earlier steps and needs an optimizer; wrap one with clip()`);
  }

  run(gradients: readonly NamedGradient[]): { gradients: (tf.Tensor | null)[]; norm: tf.Scalar } {
    const live = tf.engine().registeredVariables;
    const indexOf: number[] = [], targets: Target[] = [];
    for (const { name, tensor } of gradients) {
      const known = live[name], variable = known && known.shape.join() === tensor?.shape.join() ? known : null;
      indexOf.push(tensor && tensor.size > 0 ? targets.push({ ...describe(name, tensor.shape), variable, gradient: tensor }) - 1 : -1);
    }
    const nameless = this.readsWeights && targets.find(({ variable }) => !variable);
    if (nameless) throw new TypeError(`${this.owner}: the chain looks at the variables, and there is none for gradient ${nameless.name}; pass a map whose keys are the variables' names`);
    targets.forEach((target) => { checkFits(this.owner, target, target.gradient); });
    const made = tf.tidy(() => {
      const inspect = this.policy === 'throw' ? (isFinite: (index: number) => boolean): void => {
        const names = targets.filter((_, index) => !isFinite(index)).map(({ name }) => name);
        if (names.length) throw new RangeError(`${this.owner}: the gradient of ${names.join(', ')} has a NaN or an infinity`);
      } : null;
      const result = currentBackend().run({ program: this.program, targets, state: this.state, step: 0, inspect });
      const norms = result.norms!;
      const norm = norms.where === 'host'
        ? tf.scalar(bounded((norms as HostNorms).totalBefore))
        : tf.reshape(tf.slice(norms.totals, [1], [1]), []) as tf.Scalar;
      return { gradients: gradients.map(({ tensor }, entry) => (indexOf[entry]! >= 0 ? result.gradients![indexOf[entry]!]! : tensor ? tf.clone(tensor) : null)), norm } as never;
    });
    return made;
  }
}
