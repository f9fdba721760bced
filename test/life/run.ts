/** Lives a script three times: in a plain reference, in a twin that is never saved or loaded, and in full. */
import * as tf from '@tensorflow/tfjs-core';
import { assert, firstWeights, shows, type Life, type Sight } from './checks';
import { FullLife } from './full';
import { gradientValues } from './moves';
import { Reference } from './reference';
import { liveAsTwin } from './twin';
import { goTo } from './world';

/** What the reference sees after each move that shows something. */
function liveByReference({ recipe, names, shapes, moves }: Life): Sight[] {
  const reference = new Reference(recipe.model!, names, firstWeights(shapes));
  const sights: Sight[] = [];
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
    if (shows(move))
      sights.push({
        values: (move.type === 'swap' ? reference.averages : reference.weights).map((each) => [...each]),
        iterations: reference.iterations,
      });
  }
  return sights;
}

/** Runs a script, and throws where a life is not what it should be. */
export async function live(life: Life): Promise<void> {
  const { numTensors, numDataBuffers } = tf.memory();
  const reference = life.recipe.model ? liveByReference(life) : null;
  const twin = await liveAsTwin(life);
  const full = new FullLife(life, twin, reference);
  try {
    await full.run();
  } finally {
    full.free();
    await goTo('cpu');
  }
  const after = tf.memory();
  assert(
    after.numTensors === numTensors && after.numDataBuffers === numDataBuffers,
    `${after.numTensors - numTensors} tensors and ${after.numDataBuffers - numDataBuffers} buffers are left at the end`,
  );
}
