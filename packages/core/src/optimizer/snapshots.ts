/** The tensors that getWeights() handed out: model.save() never disposes what it gets, so they are kept track of here. */
import type { NamedTensor } from './stock';

/** A snapshot, from when it is begun. */
interface Snapshot {
  readonly innerIterations: number;
  readonly made: Promise<readonly NamedTensor[]>;
  weights: readonly NamedTensor[] | null;
  isOutdated: boolean;
  isFreed: boolean;
}

export class Snapshots {
  private last: Snapshot | null = null;

  /** What was handed out before, as long as it is true; else a new snapshot in its place. */
  async take(make: () => Promise<readonly NamedTensor[]>, innerIterations: number): Promise<NamedTensor[]> {
    const { last } = this;
    if (last && this.isTrue(last, innerIterations)) return [...await last.made];
    if (last) free(last);
    const made = make(), next: Snapshot = { innerIterations, made, weights: null, isOutdated: false, isFreed: false };
    this.last = next;
    try {
      next.weights = await made;
    } catch (error) {
      if (this.last === next) this.last = null;
      throw error;
    }
    if (next.isFreed) free(next);
    return [...next.weights];
  }

  private isTrue({ isOutdated, weights, innerIterations }: Snapshot, now: number): boolean {
    return !isOutdated && innerIterations === now && (!weights || weights.every(({ tensor }) => !tensor.isDisposed));
  }

  /** Told whenever something changed that is saved. */
  outdate(): void {
    if (this.last) this.last.isOutdated = true;
  }

  dispose(): void {
    if (this.last) free(this.last);
    this.last = null;
  }
}

/** One that is still being made is freed by its maker. */
function free(snapshot: Snapshot): void {
  snapshot.isFreed = true;
  for (const { tensor } of snapshot.weights ?? []) tensor.dispose();
}
