/** Keeps what reports are made of. On a host it is a few numbers; on a device tensors of fixed size, read when somebody asks. */
import * as tf from '@tensorflow/tfjs-core';
import type { DeviceNorms, HostNorms } from '../backends/backend';
import type { Target } from '../trace/target';

/** What clipping did: to the last step, and over the last hundred. */
export interface ClipReport {
  /** Applied steps. */
  step: number;
  /** Joint L2 norm of the last step's gradients, before and after clipping. NaN before the first observed step. */
  norm: number;
  clippedNorm: number;
  /** clippedNorm / norm, 1 where norm is 0. */
  scale: number;
  /** Whether the last step was clipped. */
  clipped: boolean;
  /** Share of clipped steps among the last hundred observed. */
  clipRate: number;
  /** Steps with a NaN or an infinity since the start, and the variables of the last one. */
  nonFinite: { steps: number; variables: string[] };
  variables: { name: string; norm: number; clippedNorm: number }[];
}

/** Observed steps that clipRate looks back on. */
export const REPORT_WINDOW = 100;

/** Norms of one step, as plain numbers. */
interface Norms {
  before: number;
  after: number;
}

export class Observer {
  private targets: readonly Target[] = [];
  private host: HostNorms | null = null;
  private readonly clipped = new Uint8Array(REPORT_WINDOW);
  private observed = 0;
  private nonFiniteSteps = 0;
  private nonFiniteVariables: string[] = [];
  private device: DeviceRecord | null = null;

  /** Takes in a step's norms. `halted`: the call only collected, so there was nothing to clip. */
  record(norms: HostNorms | DeviceNorms, targets: readonly Target[], halted: boolean): void {
    this.targets = targets;
    if (norms.where === 'device') {
      this.device ??= new DeviceRecord();
      this.device.record(norms, halted);
      return;
    }
    this.host = norms;
    if (!Number.isFinite(norms.totalRaw)) {
      this.nonFiniteSteps++;
      this.nonFiniteVariables = targets.filter((_, index) => !Number.isFinite(norms.raw(index))).map(({ name }) => name);
    }
    if (!halted) this.clipped[this.observed++ % REPORT_WINDOW] = Number(isClipped({ before: norms.totalBefore, after: norms.totalAfter }));
  }

  async report(step: number): Promise<ClipReport> {
    if (this.device) return this.device.report(step, this.targets);
    const { host, targets, observed, clipped } = this;
    if (!host) return emptyReport(step);
    const seen = Math.min(observed, REPORT_WINDOW);
    return makeReport(step, { before: host.totalBefore, after: host.totalAfter }, {
      clipRate: seen ? clipped.subarray(0, seen).reduce((total, each) => total + each, 0) / seen : 0,
      nonFinite: { steps: this.nonFiniteSteps, variables: [...this.nonFiniteVariables] },
      variables: targets.map(({ name }, index) => ({ name, norm: host.before(index), clippedNorm: host.after(index) })),
    });
  }

  dispose(): void {
    this.device?.dispose();
    this.device = null;
  }
}

const isClipped = ({ before, after }: Norms): boolean => after < before;

function makeReport(step: number, { before, after }: Norms, rest: Pick<ClipReport, 'clipRate' | 'nonFinite' | 'variables'>): ClipReport {
  return { step, norm: before, clippedNorm: after, scale: before === 0 ? 1 : after / before, clipped: isClipped({ before, after }), ...rest };
}

const emptyReport = (step: number): ClipReport => ({
  step, norm: NaN, clippedNorm: NaN, scale: NaN, clipped: false, clipRate: 0, nonFinite: { steps: 0, variables: [] }, variables: [],
});

/** The same record on a device: its tensors are replaced each step, so their number never grows. */
class DeviceRecord {
  /** Rows [before, after] of the last steps; NaN where there was none yet. */
  private history = tf.keep(tf.fill([REPORT_WINDOW, 2], NaN));
  private nonFiniteSteps: tf.Tensor = tf.keep(tf.scalar(0));
  /** 1 for the variables of the last step that was not finite. */
  private culprits: tf.Tensor | null = null;
  private variables: tf.Tensor | null = null;

  record({ totals, variables }: DeviceNorms, halted: boolean): void {
    const { history, nonFiniteSteps, culprits } = this;
    tf.tidy(() => {
      const raw = tf.slice(totals, [0], [1]), bad = tf.logicalNot(tf.isFinite(raw));
      const flags = tf.logicalNot(tf.isFinite(tf.slice(variables, [0, 0], [-1, 1])));
      const same = culprits && culprits.shape[0] === flags.shape[0] ? culprits : tf.zerosLike(tf.cast(flags, 'float32'));
      this.nonFiniteSteps = tf.keep(tf.add(nonFiniteSteps, tf.reshape(tf.cast(bad, 'float32'), [])));
      this.culprits = tf.keep(tf.where(tf.broadcastTo(tf.reshape(bad, [1, 1]), flags.shape as [number, number]), tf.cast(flags, 'float32'), same));
      if (!halted) {
        const row = tf.reshape(tf.slice(totals, [1], [2]), [1, 2]);
        this.history = tf.keep(tf.concat([tf.slice(history, [1, 0], [-1, 2]), row], 0) as tf.Tensor2D);
      }
      const last = this.variables;
      this.variables = tf.keep(tf.clone(variables));
      last?.dispose();
    });
    nonFiniteSteps.dispose();
    culprits?.dispose();
    if (this.history !== history) history.dispose();
  }

  async report(step: number, targets: readonly Target[]): Promise<ClipReport> {
    const [history, steps, culprits, variables] = await Promise.all([this.history, this.nonFiniteSteps, this.culprits!, this.variables!].map((each) => each.data()));
    const pairs = Array.from({ length: REPORT_WINDOW }, (_, row) => ({ before: history![2 * row]!, after: history![2 * row + 1]! }));
    const last = pairs.at(-1)!, seen = pairs.filter(({ before, after }) => !(Number.isNaN(before) && Number.isNaN(after)));
    return makeReport(step, last, {
      clipRate: seen.length ? seen.filter(isClipped).length / seen.length : 0,
      nonFinite: { steps: steps![0]!, variables: targets.filter((_, index) => culprits![index] !== 0).map(({ name }) => name) },
      variables: targets.map(({ name }, index) => ({ name, norm: variables![3 * index + 1]!, clippedNorm: variables![3 * index + 2]! })),
    });
  }

  dispose(): void {
    for (const tensor of [this.history, this.nonFiniteSteps, this.culprits, this.variables]) tensor?.dispose();
  }
}
