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
  /** Replaced before they were made: those who wait for them get them all the same. */
  private late: Snapshot[] = [];

  /**
   * What was handed out before, as long as it is true; else a new snapshot in its place.
   * @throws RangeError when dispose() came before the snapshot was made
   */
  async take(owner: string, make: () => Promise<readonly NamedTensor[]>, innerIterations: number): Promise<NamedTensor[]> {
    const { last } = this;
    const isTrue = last !== null && this.isTrue(last, innerIterations);
    const snapshot = isTrue ? last : this.replace(make(), innerIterations);
    await snapshot.made;
    if (snapshot.isFreed) throw new RangeError(`${owner}: the optimizer was disposed before its state was read; await getWeights() first`);
    return [...snapshot.weights!];
  }

  private replace(made: Promise<readonly NamedTensor[]>, innerIterations: number): Snapshot {
    const replaced = this.last ? [...this.late, this.last] : this.late;
    for (const each of replaced) if (each.weights) free(each);
    this.late = replaced.filter(({ weights }) => !weights);
    const snapshot: Snapshot = { innerIterations, made: made.then((weights) => this.finish(snapshot, weights), (error: unknown) => this.fail(snapshot, error)), weights: null, isOutdated: false, isFreed: false };
    return this.last = snapshot;
  }

  private finish(snapshot: Snapshot, weights: readonly NamedTensor[]): readonly NamedTensor[] {
    snapshot.weights = weights;
    if (snapshot.isFreed) free(snapshot);
    return weights;
  }

  private fail(snapshot: Snapshot, error: unknown): never {
    if (this.last === snapshot) this.last = null;
    this.late = this.late.filter((each) => each !== snapshot);
    throw error;
  }

  private isTrue({ isOutdated, weights, innerIterations }: Snapshot, now: number): boolean {
    return !isOutdated && innerIterations === now && (!weights || weights.every(({ tensor }) => !tensor.isDisposed));
  }

  /** Told whenever something changed that is saved. */
  outdate(): void {
    if (this.last) this.last.isOutdated = true;
  }

  dispose(): void {
    for (const each of this.last ? [...this.late, this.last] : this.late) free(each);
    this.last = null;
    this.late = [];
  }
}

/** One that is still being made is freed when it is made. */
function free(snapshot: Snapshot): void {
  snapshot.isFreed = true;
  for (const { tensor } of snapshot.weights ?? []) tensor.dispose();
}
