/** Trains while a bar tells how far it is. */
import type { TrainLine } from '../results/schema';
import { progress, progressText, type Progress } from '../terminal';
import { train, type TrainConfiguration, type TrainHooks } from './run';

export async function trainWithProgress(configuration: TrainConfiguration, title: string, hooks: Omit<TrainHooks, 'onStep'> = {}): Promise<TrainLine> {
  const bars: Progress[] = [];
  try {
    return await train(configuration, {
      ...hooks,
      onStep(state) {
        if (!bars.length) bars.push(progress(title, state.steps));
        bars[0]!.update(state.step, progressText(state));
      },
    });
  } finally {
    bars[0]?.stop();
  }
}
