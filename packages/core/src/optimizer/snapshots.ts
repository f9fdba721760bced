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

/** Snapshots that stay, so that one can be held against the next. */
const KEPT = 2;

export class Snapshots {
  /** The last one first. Older ones stay only while they are still being made, for those who wait for them. */
  private all: Snapshot[] = [];

  /**
   * What was handed out before, as long as it is true; else a new snapshot in its place.
   * @throws RangeError when dispose() came before the snapshot was made
   */
  async take(owner: string, make: () => Promise<readonly NamedTensor[]>, innerIterations: number): Promise<NamedTensor[]> {
    const [last] = this.all;
    const snapshot = last && this.isTrue(last, innerIterations) ? last : this.begin(make(), innerIterations);
    await snapshot.made;
    if (snapshot.isFreed) {
      throw new RangeError(`${owner}: the optimizer was disposed before its state was read; await getWeights() first`);
    }
    return [...snapshot.weights!];
  }

  private begin(making: Promise<readonly NamedTensor[]>, innerIterations: number): Snapshot {
    const made = making.then(
      (weights) => this.finish(snapshot, weights),
      (error: unknown) => this.fail(snapshot, error),
    );
    const snapshot: Snapshot = { innerIterations, made, weights: null, isOutdated: false, isFreed: false };
    const [kept, old] = [this.all.slice(0, KEPT - 1), this.all.slice(KEPT - 1)];
    for (const each of old) if (each.weights) free(each);
    this.all = [snapshot, ...kept, ...old.filter(({ weights }) => !weights)];
    return snapshot;
  }

  private finish(snapshot: Snapshot, weights: readonly NamedTensor[]): readonly NamedTensor[] {
    snapshot.weights = weights;
    if (snapshot.isFreed) free(snapshot);
    return weights;
  }

  private fail(snapshot: Snapshot, error: unknown): never {
    this.all = this.all.filter((each) => each !== snapshot);
    throw error;
  }

  private isTrue({ isOutdated, weights, innerIterations }: Snapshot, now: number): boolean {
    return !isOutdated && innerIterations === now && (!weights || weights.every(({ tensor }) => !tensor.isDisposed));
  }

  /** Told whenever something changed that is saved. */
  outdate(): void {
    if (this.all[0]) this.all[0].isOutdated = true;
  }

  dispose(): void {
    for (const each of this.all) free(each);
    this.all = [];
  }
}

/** One that is still being made is freed when it is made. */
function free(snapshot: Snapshot): void {
  snapshot.isFreed = true;
  for (const { tensor } of snapshot.weights ?? []) tensor.dispose();
}
