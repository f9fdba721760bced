/** A life in full: saved, loaded elsewhere, moved, rolled back; after each step it is compared. */
import type * as tf from '@tensorflow/tfjs-core';
import {
  assert,
  assertNear,
  assertSame,
  averagesOf,
  firstWeights,
  isOwnError,
  shows,
  takeStep,
  type Life,
  type Sight,
} from './checks';
import { tell, type Move } from './moves';
import { fromConfig, goTo, plainConfig, plainWeights, setPlainWeights, World, type SavedWeight } from './world';

/** What getWeights() gave, and what was in it then. */
interface Given {
  readonly weights: { name: string; tensor: tf.Tensor }[];
  readonly plain: readonly SavedWeight[];
}

export class FullLife {
  private world: World;
  private readonly attic: World[] = [];
  private latest: Given | null = null;
  private kept: { given: Given; values: Float32Array[] } | null = null;
  /** Names mislead since the last loading, so that an error is as good as the same bits. */
  private mayRefuse = false;
  private readonly scales: number[];

  constructor(
    private readonly life: Life,
    private readonly twin: readonly Sight[],
    private readonly reference: readonly Sight[] | null,
  ) {
    const { recipe, names, shapes } = life;
    this.world = new World(recipe.make(), names, shapes, firstWeights(shapes));
    this.scales = shapes.map(() => 1);
  }

  async run(): Promise<void> {
    await goTo(this.life.home);
    let seen = 0;
    for (const [index, move] of this.life.moves.entries()) {
      const when = `move ${index + 1} (${tell(move)})`;
      const before = this.world.values();
      try {
        const values = await this.make(move);
        if (shows(move)) this.compare(values ?? this.world.values(), seen++);
        if (move.type !== 'step' && move.type !== 'rollback')
          assertSame(this.world.values(), before, 'must not move the weights');
      } catch (error) {
        if (!this.mayRefuse || !isOwnError(error))
          throw new Error(`${when}: ${(error as Error).message}`, { cause: error });
        assertSame(this.world.values(), before, `${when} was refused`);
        return;
      }
      if (move.type === 'step') this.mayRefuse = false;
    }
  }

  private async make(move: Move): Promise<Float32Array[] | null> {
    const {
      world,
      life: { recipe },
    } = this;
    switch (move.type) {
      case 'step':
        takeStep(world, move, recipe);
        this.checkGiven();
        return null;
      case 'backend':
        await goTo(move.to);
        return null;
      case 'rate':
        world.optimizer.learningRate = move.value;
        assert(
          Math.abs(world.optimizer.learningRate - move.value) < 1e-7,
          'the learning rate that was set is not the one that is read',
        );
        return null;
      case 'save':
        await this.save();
        return null;
      case 'snapshot':
        this.kept = { given: await this.save(), values: world.values() };
        return null;
      case 'rollback': {
        const { given, values } = this.kept!;
        // The tensors themselves live as long as they are the latest.
        if (this.latest === given) await world.optimizer.setWeights(given.weights);
        else await setPlainWeights(world.optimizer, given.plain);
        world.assign(values);
        return null;
      }
      case 'swap':
        return averagesOf(world, move.pass);
      case 'load':
        this.mayRefuse ||= move.mayRefuse;
        await this.load(move.names, move.old);
        return null;
      case 'restart':
        this.checkGiven();
        world.optimizer.dispose();
        recipe.free?.(world.optimizer);
        world.optimizer = recipe.make();
        this.latest = this.kept = null;
        return null;
      case 'replace':
        world.replace(move.variable);
        return null;
    }
  }

  private async save(): Promise<Given> {
    this.checkGiven();
    const weights = await this.world.optimizer.getWeights();
    assert(
      new Set(weights.map(({ name }) => name)).size === weights.length,
      `saved weights share a name: ${weights.map(({ name }) => name).join(', ')}`,
    );
    this.latest = { weights, plain: plainWeights(weights) };
    return this.latest;
  }

  /** What was handed out is a snapshot: steps do not change it. */
  private checkGiven(): void {
    if (!this.latest) return;
    for (const [index, { name, tensor }] of this.latest.weights.entries()) {
      assert(!tensor.isDisposed, `the snapshot of ${name} was disposed`);
      assertSame([tensor.dataSync()], [this.latest.plain[index]!.values], `the snapshot of ${name}`);
    }
  }

  private async load(names: readonly (string | null)[], old: 'alive' | 'disposed'): Promise<void> {
    const {
      life: { shapes },
      world,
    } = this;
    const config = plainConfig(world.optimizer);
    const { plain } = await this.save();
    const values = world.values();
    this.latest = this.kept = null;
    this.attic.push(world);
    if (old === 'disposed') world.dispose();
    this.world = new World(fromConfig(config), names, shapes, values);
    await setPlainWeights(this.world.optimizer, plain);
  }

  private compare(values: readonly Float32Array[], seen: number): void {
    assertSame(values, this.twin[seen]!.values, 'beside the twin');
    const { iterations } = this.world.optimizer;
    assert(
      iterations === this.twin[seen]!.iterations,
      `iterations are ${iterations}, the twin's ${this.twin[seen]!.iterations}`,
    );
    if (!this.reference) return;
    const wanted = this.reference[seen]!;
    wanted.values.forEach((each, index) => {
      this.scales[index] = Math.max(this.scales[index]!, ...Array.from(each, Math.abs));
    });
    assertNear(values, wanted.values, this.scales);
    assert(iterations === wanted.iterations, `iterations are ${iterations}, the reference's ${wanted.iterations}`);
  }

  free(): void {
    for (const world of [this.world, ...this.attic]) {
      world.dispose();
      this.life.recipe.free?.(world.optimizer);
    }
  }
}
