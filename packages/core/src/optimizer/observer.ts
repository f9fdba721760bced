/** Keeps what reports are made of, while training moves between hosts and devices. */
import type { DeviceNorms, HostNorms } from '../backends/backend';
import type { Target } from '../trace/target';
import { DeviceRecord, HostRecord, isClipped, REPORT_WINDOW, type Seen, type Summary } from './seen';

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

export class Observer {
  private past: Summary | null = null;
  /** What was seen before the last changes of backend, and is not read yet. */
  private earlier: readonly Seen[] = [];
  private current: Seen | null = null;

  /** Takes in a step's norms. `halted`: the call only collected, so there was nothing to clip. */
  record(norms: HostNorms | DeviceNorms, targets: readonly Target[], halted: boolean): void {
    if (this.current?.where !== norms.where) {
      if (this.current) this.earlier = [...this.earlier, this.current];
      this.current = norms.where === 'host' ? new HostRecord() : new DeviceRecord();
    }
    this.current.record(norms as HostNorms & DeviceNorms, targets, halted);
  }

  async report(applied: Promise<number>): Promise<ClipReport> {
    const { past, earlier, current } = this;
    if (!current) return emptyReport(await applied);
    // All is asked for at once: steps may be taken before it is there.
    const reading = Promise.all([...earlier, current].map((each) => each.summary()));
    const [step, summaries] = await Promise.all([applied, reading]);
    const before = summaries.slice(0, -1), now = summaries.at(-1)!;
    const all = [...(past ? [past] : []), ...before];
    if (earlier.length && this.earlier === earlier) {
      this.past = join(all);
      this.earlier = [];
      for (const each of earlier) each.dispose();
    }
    const { clipped, nonFinite } = join([...all, now]);
    return {
      step,
      norm: now.last.before, clippedNorm: now.last.after,
      scale: now.last.before === 0 ? 1 : now.last.after / now.last.before,
      clipped: isClipped(now.last),
      clipRate: clipped.length ? clipped.filter(Boolean).length / clipped.length : 0,
      nonFinite,
      variables: now.variables.map(({ name, before: norm, after: clippedNorm }) => ({ name, norm, clippedNorm })),
    };
  }

  dispose(): void {
    for (const each of [...this.earlier, this.current]) each?.dispose();
    this.past = this.current = null;
    this.earlier = [];
  }
}

function join(summaries: readonly Summary[]): Summary {
  const bad = summaries.filter(({ nonFinite }) => nonFinite.steps > 0);
  return {
    ...summaries.at(-1)!,
    clipped: summaries.flatMap(({ clipped }) => clipped).slice(-REPORT_WINDOW),
    nonFinite: { steps: bad.reduce((total, { nonFinite }) => total + nonFinite.steps, 0), variables: bad.at(-1)?.nonFinite.variables ?? [] },
  };
}

const emptyReport = (step: number): ClipReport => ({
  step, norm: NaN, clippedNorm: NaN, scale: NaN, clipped: false, clipRate: 0, nonFinite: { steps: 0, variables: [] }, variables: [],
});
