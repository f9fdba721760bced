/** What was seen of steps in one place: a few numbers on a host; on a device tensors of fixed size, read when somebody asks. */
import * as tf from '@tensorflow/tfjs-core';
import type { DeviceNorms, HostNorms } from '../backends/backend';
import type { Target } from '../trace/target';

/** Observed steps that clipRate looks back on. */
export const REPORT_WINDOW = 100;

/** Norms of one step, as plain numbers. */
export interface Norms {
  readonly before: number;
  readonly after: number;
}

export interface Summary {
  /** The last step's. */
  readonly last: Norms;
  readonly variables: readonly (Norms & { readonly name: string })[];
  /** Of the last steps, the oldest first. */
  readonly clipped: readonly boolean[];
  readonly nonFinite: { readonly steps: number; readonly variables: string[] };
}

export interface Seen {
  readonly where: 'host' | 'device';
  record(norms: HostNorms & DeviceNorms, targets: readonly Target[], halted: boolean): void;
  summary(): Promise<Summary>;
  dispose(): void;
}

export const isClipped = ({ before, after }: Norms): boolean => after < before;

export class HostRecord implements Seen {
  readonly where = 'host';
  private targets: readonly Target[] = [];
  private norms: HostNorms | null = null;
  private readonly clipped = new Uint8Array(REPORT_WINDOW);
  private observed = 0;
  private nonFiniteSteps = 0;
  private nonFiniteVariables: string[] = [];

  record(norms: HostNorms, targets: readonly Target[], halted: boolean): void {
    this.norms = norms;
    this.targets = targets;
    if (!Number.isFinite(norms.totalRaw)) {
      this.nonFiniteSteps++;
      this.nonFiniteVariables = targets.filter((_, index) => !Number.isFinite(norms.raw(index))).map(({ name }) => name);
    }
    if (!halted) this.clipped[this.observed++ % REPORT_WINDOW] = Number(isClipped({ before: norms.totalBefore, after: norms.totalAfter }));
  }

  async summary(): Promise<Summary> {
    const norms = this.norms!, { targets, observed, clipped } = this;
    const count = Math.min(observed, REPORT_WINDOW);
    return {
      last: { before: norms.totalBefore, after: norms.totalAfter },
      variables: targets.map(({ name }, index) => ({ name, before: norms.before(index), after: norms.after(index) })),
      clipped: Array.from({ length: count }, (_, index) => clipped[(observed - count + index) % REPORT_WINDOW] === 1),
      nonFinite: { steps: this.nonFiniteSteps, variables: [...this.nonFiniteVariables] },
    };
  }

  dispose(): void {}
}

/** Which variables of one list were not finite in the last such step, and which step of all that was; −1 for none. */
interface Culprits {
  readonly flags: tf.Tensor;
  readonly when: tf.Tensor;
}

/** Lists whose culprits are remembered. */
const MOST_LISTS = 16;

/** Tensors are replaced each step, so their number never grows. */
export class DeviceRecord implements Seen {
  readonly where = 'device';
  private targets: readonly Target[] = [];
  /** Rows [before, after] of the last steps. */
  private history = tf.keep(tf.fill([REPORT_WINDOW, 2], NaN)) as tf.Tensor;
  private nonFiniteSteps: tf.Tensor = tf.keep(tf.scalar(0));
  private readonly culprits = new Map<readonly Target[], Culprits>();
  private totals: tf.Tensor | null = null;
  private variables: tf.Tensor | null = null;
  private recorded = 0;
  private observed = 0;

  record({ totals, variables }: DeviceNorms, targets: readonly Target[], halted: boolean): void {
    const { history, nonFiniteSteps } = this, { totals: oldTotals, variables: oldVariables } = this;
    this.targets = targets;
    tf.tidy(() => {
      const bad = tf.logicalNot(tf.isFinite(tf.slice(totals, [0], [1])));
      this.nonFiniteSteps = tf.keep(tf.add(nonFiniteSteps, tf.reshape(tf.cast(bad, 'float32'), [])));
      this.blame(bad, variables, targets);
      if (!halted) {
        const row = tf.reshape(tf.slice(totals, [1], [2]), [1, 2]);
        this.history = tf.keep(tf.concat([tf.slice(history, [1, 0], [-1, 2]), row], 0));
        this.observed++;
      }
      this.totals = tf.keep(tf.clone(totals));
      this.variables = tf.keep(tf.clone(variables));
    });
    nonFiniteSteps.dispose();
    if (this.history !== history) history.dispose();
    oldTotals?.dispose();
    oldVariables?.dispose();
    this.recorded++;
  }

  private blame(bad: tf.Tensor, variables: tf.Tensor, targets: readonly Target[]): void {
    const known = this.culprits.get(targets), count = targets.length;
    const flags = tf.cast(tf.logicalNot(tf.isFinite(tf.slice(variables, [0, 0], [count, 1]))), 'float32');
    const isBad = tf.reshape(bad, [1, 1]), before = known ?? { flags: tf.zeros([count, 1]), when: tf.fill([1, 1], -1) };
    this.culprits.set(targets, {
      flags: tf.keep(tf.where(tf.broadcastTo(isBad, [count, 1]), flags, before.flags)),
      when: tf.keep(tf.where(isBad, tf.fill([1, 1], this.recorded), before.when)),
    });
    if (known) tf.dispose([known.flags, known.when]);
    if (this.culprits.size > MOST_LISTS) this.forgetOldest();
  }

  private forgetOldest(): void {
    const [list, { flags, when }] = this.culprits.entries().next().value!;
    tf.dispose([flags, when]);
    this.culprits.delete(list);
  }

  async summary(): Promise<Summary> {
    const { targets, observed } = this, lists = [...this.culprits];
    const read = (tensor: tf.Tensor): Promise<Float32Array> => tensor.data() as Promise<Float32Array>;
    // All is asked for at once: the next step disposes these tensors.
    const reading = Promise.all([this.history, this.nonFiniteSteps, this.totals!, this.variables!].map(read));
    const blaming = Promise.all(lists.map(async ([list, { flags, when }]) => {
      const [isBad, step] = await Promise.all([read(flags), read(when)]);
      return { list, flags: isBad, when: step[0]! };
    }));
    const [[history, steps, totals, variables], blamed] = await Promise.all([reading, blaming]);
    const last = blamed.reduce((a, b) => (b.when > a.when ? b : a));
    const count = Math.min(observed, REPORT_WINDOW);
    const rows = Array.from({ length: count }, (_, index) => 2 * (REPORT_WINDOW - count + index)).map((at) => ({ before: history![at]!, after: history![at + 1]! }));
    return {
      last: { before: totals![1]!, after: totals![2]! },
      variables: targets.map(({ name }, index) => ({ name, before: variables![3 * index + 1]!, after: variables![3 * index + 2]! })),
      clipped: rows.map(isClipped),
      nonFinite: { steps: steps![0]!, variables: last.list.filter((_, index) => last.flags[index] !== 0).map(({ name }) => name) },
    };
  }

  dispose(): void {
    for (const each of [this.history, this.nonFiniteSteps, this.totals, this.variables]) each?.dispose();
    for (const { flags, when } of this.culprits.values()) tf.dispose([flags, when]);
    this.culprits.clear();
  }
}
