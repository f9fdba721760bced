/** Lives a script through three times: in a plain reference, in a twin that is never saved, loaded or moved, and in full. */
import * as tf from '@tensorflow/tfjs-core';
import { randomNumbers } from '@clipkit/core/testing';
import { sizeOf } from './casts';
import { gradientValues, isPoisoned, tell, type Home, type Move, type Step } from './moves';
import { Reference } from './reference';
import type { Recipe } from './recipes';
import { fromConfig, goTo, plainConfig, plainWeights, setPlainWeights, World, type SavedWeight } from './world';

export interface Life {
  readonly recipe: Recipe;
  readonly names: readonly string[];
  readonly shapes: readonly (readonly number[])[];
  readonly home: Home;
  readonly moves: readonly Move[];
}

/** What can be seen after a move: the weights, or for `swap` the averages. */
interface Sight {
  readonly values: readonly ArrayLike<number>[];
  readonly iterations: number;
}

/** Distance from the reference, relative to the largest element that the variable ever had, and at least 1. */
const TOLERANCE = 1e-4;

const isOwnError = (error: unknown): error is Error => (error instanceof TypeError || error instanceof RangeError) && /^\[[a-z]+\] /.test(error.message);

function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export const firstWeights = (shapes: readonly (readonly number[])[]): Float32Array[] => shapes.map((shape, index) => Float32Array.from({ length: sizeOf(shape) }, randomNumbers(77 + index)));

const shows = (move: Move): boolean => move.type === 'step' || move.type === 'swap';

const isRefused = (move: Step, { policy }: Recipe): boolean => policy === 'throw' && isPoisoned(move);

/** A step, which must be refused where the policy is to throw. */
function takeStep(world: World, move: Step, recipe: Recipe): void {
  if (!isRefused(move, recipe)) return world.step(move.entries);
  let thrown: unknown = null;
  try {
    world.step(move.entries);
  } catch (error) {
    thrown = error;
  }
  assert(isOwnError(thrown), `a gradient that is not finite must be refused, got ${String(thrown)}`);
}

/** The averages, put in the variables' place and out again; between, nobody may train or save. */
async function averagesOf(world: World, pass: readonly number[] | null): Promise<Float32Array[]> {
  const before = world.values(), { optimizer } = world;
  optimizer.swapAveragedWeights(pass ? pass.map((index) => world.variables[index]!) : undefined);
  const averages = world.values();
  let refusals = 0;
  try {
    world.step([{ variable: 0, gradient: { seed: 1, scale: 1 } }]);
  } catch (error) {
    refusals += Number(isOwnError(error));
  }
  await optimizer.getWeights().catch((error: unknown) => { refusals += Number(isOwnError(error)); });
  assert(refusals === 2, 'an optimizer whose variables hold their averages must refuse to train and to be saved');
  optimizer.swapAveragedWeights();
  assertSame(world.values(), before, 'after swapping twice');
  return averages;
}

function assertSame(actual: readonly ArrayLike<number>[], wanted: readonly ArrayLike<number>[], when: string): void {
  actual.forEach((values, index) => {
    for (let at = 0; at < values.length; at++) {
      assert(Object.is(values[at], wanted[index]![at]), `${when}: element ${at} of variable ${index} is ${values[at]}, must be ${wanted[index]![at]} to the bit`);
    }
  });
}

function assertNear(actual: readonly ArrayLike<number>[], wanted: readonly ArrayLike<number>[], scales: readonly number[]): void {
  actual.forEach((values, index) => {
    for (let at = 0; at < values.length; at++) {
      const difference = Math.abs(values[at]! - wanted[index]![at]!) / scales[index]!;
      assert(difference <= TOLERANCE, `element ${at} of variable ${index} is ${values[at]}, the reference has ${wanted[index]![at]}`);
    }
  });
}

/** What the reference sees after each move that shows something. */
function liveByReference({ recipe, names, shapes, moves }: Life): Sight[] {
  const reference = new Reference(recipe.model!, names, firstWeights(shapes)), sights: Sight[] = [];
  let kept = reference.snapshot();
  for (const move of moves) {
    if (move.type === 'step') {
      const gradients = shapes.map((shape, index) => {
        const entry = move.entries.find(({ variable }) => variable === index);
        return entry?.gradient ? gradientValues(entry.gradient, index, shape) : null;
      });
      reference.call(move.list, gradients);
    } else if (move.type === 'rate') reference.setRate(move.value);
    else if (move.type === 'snapshot') kept = reference.snapshot();
    else if (move.type === 'rollback') reference.rollBack(kept);
    else if (move.type === 'restart') reference.restart();
    else if (move.type === 'replace') reference.forget(move.variable);
    if (shows(move)) sights.push({ values: (move.type === 'swap' ? reference.averages : reference.weights).map((each) => [...each]), iterations: reference.iterations });
  }
  return sights;
}

/** A twin cannot be rolled back: another one is born, which makes the steps up to there. */
async function liveAsTwin({ recipe, names, shapes, home, moves }: Life): Promise<Sight[]> {
  const born = (): World => new World(recipe.make(), names, shapes, firstWeights(shapes));
  let world = born();
  const sights: Sight[] = [];
  const free = (): void => {
    world.dispose();
    recipe.free?.(world.optimizer);
  };
  const relive = async (move: Move): Promise<void> => {
    if (move.type === 'step') takeStep(world, move, recipe);
    else if (move.type === 'rate') world.optimizer.learningRate = move.value;
    else if (move.type === 'backend') await goTo(move.to);
    else if (move.type === 'replace') world.replace(move.variable);
    else if (move.type === 'restart') {
      world.optimizer.dispose();
      recipe.free?.(world.optimizer);
      world.optimizer = recipe.make();
    }
  };
  try {
    await goTo(home);
    let path: Move[] = [], kept: Move[] = [], now: Home = home, rate: Move | null = null;
    for (const move of moves) {
      if (move.type === 'backend') now = move.to;
      if (move.type === 'rate') rate = move;
      if (move.type === 'restart') rate = null;
      if (move.type === 'snapshot') kept = [...path];
      if (move.type === 'rollback') {
        free();
        path = [...kept, ...(rate ? [rate] : []), { type: 'backend', to: now }];
        await goTo(home);
        world = born();
        for (const each of path) await relive(each);
        continue;
      }
      path.push(move);
      await relive(move);
      if (shows(move)) sights.push({ values: move.type === 'swap' ? await averagesOf(world, null) : world.values(), iterations: world.optimizer.iterations });
    }
  } finally {
    free();
  }
  return sights;
}

/** What getWeights() gave, and what was in it then. */
interface Given {
  readonly weights: { name: string; tensor: tf.Tensor }[];
  readonly plain: readonly SavedWeight[];
}

class FullLife {
  private world: World;
  private readonly attic: World[] = [];
  private latest: Given | null = null;
  private kept: { given: Given; values: Float32Array[] } | null = null;
  /** Names mislead since the last loading, so that an error is as good as the same bits. */
  private mayRefuse = false;
  private readonly scales: number[];

  constructor(private readonly life: Life, private readonly twin: readonly Sight[], private readonly reference: readonly Sight[] | null) {
    const { recipe, names, shapes } = life;
    this.world = new World(recipe.make(), names, shapes, firstWeights(shapes));
    this.scales = shapes.map(() => 1);
  }

  async run(): Promise<void> {
    await goTo(this.life.home);
    let seen = 0;
    for (const [index, move] of this.life.moves.entries()) {
      const when = `move ${index + 1} (${tell(move)})`, before = this.world.values();
      try {
        const values = await this.make(move);
        if (shows(move)) this.compare(values ?? this.world.values(), seen++);
        if (move.type !== 'step' && move.type !== 'rollback') assertSame(this.world.values(), before, 'must not move the weights');
      } catch (error) {
        if (!this.mayRefuse || !isOwnError(error)) throw new Error(`${when}: ${(error as Error).message}`, { cause: error });
        assertSame(this.world.values(), before, `${when} was refused`);
        return;
      }
      if (move.type === 'step') this.mayRefuse = false;
    }
  }

  private async make(move: Move): Promise<Float32Array[] | null> {
    const { world, life: { recipe } } = this;
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
        assert(Math.abs(world.optimizer.learningRate - move.value) < 1e-7, 'the learning rate that was set is not the one that is read');
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
      case 'swap': return averagesOf(world, move.pass);
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
    assert(new Set(weights.map(({ name }) => name)).size === weights.length, `saved weights share a name: ${weights.map(({ name }) => name).join(', ')}`);
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
    const { life: { recipe, shapes }, world } = this;
    const config = plainConfig(world.optimizer), { plain } = await this.save(), values = world.values();
    this.latest = this.kept = null;
    this.attic.push(world);
    if (old === 'disposed') world.dispose();
    this.world = new World(fromConfig(config), names, shapes, values);
    await setPlainWeights(this.world.optimizer, plain);
    assert(recipe.make().getClassName() === this.world.optimizer.getClassName(), 'another class was loaded');
  }

  private compare(values: readonly Float32Array[], seen: number): void {
    assertSame(values, this.twin[seen]!.values, 'beside the twin');
    const { iterations } = this.world.optimizer;
    assert(iterations === this.twin[seen]!.iterations, `iterations are ${iterations}, the twin's ${this.twin[seen]!.iterations}`);
    if (!this.reference) return;
    const wanted = this.reference[seen]!;
    wanted.values.forEach((each, index) => { this.scales[index] = Math.max(this.scales[index]!, ...Array.from(each, Math.abs)); });
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

/** Runs a script, and throws where a life is not what it should be. */
export async function live(life: Life): Promise<void> {
  const { numTensors, numDataBuffers } = tf.memory();
  const reference = life.recipe.model ? liveByReference(life) : null, twin = await liveAsTwin(life);
  const full = new FullLife(life, twin, reference);
  try {
    await full.run();
  } finally {
    full.free();
    await goTo('cpu');
  }
  const after = tf.memory();
  assert(after.numTensors === numTensors && after.numDataBuffers === numDataBuffers, `${after.numTensors - numTensors} tensors and ${after.numDataBuffers - numDataBuffers} buffers are left when all is disposed`);
}
