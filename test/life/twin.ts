/** A life in which nothing but steps happens: what is done between is left out, or done by beginning again. */
import { averagesOf, firstWeights, shows, takeStep, type Life, type Sight } from './checks';
import type { Home, Move } from './moves';
import { goTo, World } from './world';

/** A twin cannot be rolled back: another one is born, which makes the steps up to there. */
export async function liveAsTwin({ recipe, names, shapes, home, moves }: Life): Promise<Sight[]> {
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
    let path: Move[] = [];
    let kept: Move[] = [];
    let now: Home = home;
    let rate: Move | null = null;
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
      if (shows(move))
        sights.push({
          values: move.type === 'swap' ? await averagesOf(world, null) : world.values(),
          iterations: world.optimizer.iterations,
        });
    }
  } finally {
    free();
  }
  return sights;
}
