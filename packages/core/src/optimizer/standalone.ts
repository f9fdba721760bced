/** Transforms on gradients without an optimizer, for hand-written loops. */
import * as tf from '@tensorflow/tfjs-core';
import type { DeviceNorms, HostNorms } from '../backends/backend';
import { currentBackend } from '../backends/select';
import { bounded } from '../formula/single';
import { reachable, rootsOf, type Program } from '../trace/program';
import { trace } from '../trace/trace';
import { flatten } from '../transform/chain';
import { policyTransforms, type NonFinitePolicy } from '../transform/nonFinite';
import type { GradientTransform } from '../transform/transform';
import { StateStore, type StateRecord } from '../state/store';
import { GradientLists, labelOf, type Gradient, type GradientList } from './gradientLists';

/** What a chain makes: new tensors in the order of the gradients, and their joint L2 norm before. */
export interface StandaloneResult {
  readonly gradients: Gradient[];
  /** The largest number where single precision does not hold the norm. */
  readonly norm: tf.Scalar;
}

/** Runs transforms that remember nothing. */
export class StandaloneChain {
  private readonly program: Program;
  private readonly state = new NoState();
  private readonly lists: GradientLists;

  constructor(
    private readonly owner: string,
    transforms: readonly GradientTransform[],
    private readonly policy: NonFinitePolicy,
  ) {
    const all = flatten(transforms);
    for (const each of all) {
      if (each.stage !== 'gradient' || each.period > 1)
        throw new TypeError(`${owner}: ${each.kind} needs an optimizer; wrap one with clip()`);
    }
    this.program = trace([...policyTransforms(policy), ...all], {
      release: true,
      result: 'gradient',
      observe: 'before',
      inspect: policy === 'throw',
      learningRate: () => NaN,
    });
    if (this.program.slots.size)
      throw new TypeError(
        `${owner}: ${all.map(({ kind }) => kind).join(', ')} remembers earlier steps and needs an optimizer; ` +
          'wrap one with clip()',
      );
    const readsWeights = [...reachable(rootsOf(this.program))].some(
      ({ operation, attribute }) => operation === 'input' && attribute === 'weight',
    );
    this.lists = new GradientLists(owner, readsWeights);
  }

  /** @param names of the variables that the gradients are for; null where nobody knows */
  run(gradients: readonly Gradient[], names: readonly string[] | null): StandaloneResult {
    const list = this.lists.take(gradients, names);
    try {
      return tf.tidy(() => this.compute(gradients, list) as never);
    } finally {
      this.lists.release(list);
    }
  }

  private compute(gradients: readonly Gradient[], list: GradientList): StandaloneResult {
    const { targets, indexOf } = list;
    const inspect =
      this.policy === 'throw'
        ? (isFinite: (index: number) => boolean): void => {
            this.refuse(list, isFinite);
          }
        : null;
    const { gradients: changed, norms } = currentBackend().run({
      program: this.program,
      targets,
      state: this.state,
      step: 0,
      inspect,
    });
    const made = gradients.map((gradient, entry) => {
      const index = indexOf[entry]!;
      if (index >= 0) return changed![index]!;
      return gradient ? tf.clone(gradient) : gradient;
    });
    return { gradients: made, norm: scalarOf(norms!) };
  }

  private refuse({ indexOf, names }: GradientList, isFinite: (index: number) => boolean): void {
    const bad = [...indexOf.keys()].filter((entry) => indexOf[entry]! >= 0 && !isFinite(indexOf[entry]!));
    if (bad.length)
      throw new RangeError(
        `${this.owner}: ${bad.map((entry) => labelOf(names, entry)).join(' and ')} must be finite, ` +
          "got a NaN or an infinity (nonFinite: 'throw')",
      );
  }
}

function scalarOf(norms: HostNorms | DeviceNorms): tf.Scalar {
  return norms.where === 'host' ? tf.scalar(bounded(norms.totalBefore)) : tf.reshape(tf.slice(norms.totals, [1], [1]), []);
}

/** Of nothing: no variable has a record here, so none is kept alive by one. */
class NoState extends StateStore {
  override record(): StateRecord {
    return this.step;
  }
}
