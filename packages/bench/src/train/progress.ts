/** Trains while a bar tells how far it is. */
import type { TrainLine } from '../results/schema';
import { progress, progressText, warn, type Progress } from '../terminal';
import { holdingWarnings } from '../warnings';
import { train, type TrainConfiguration, type TrainHooks } from './run';

export async function trainWithProgress(configuration: TrainConfiguration, title: string, hooks: Omit<TrainHooks, 'onStep'> = {}): Promise<TrainLine> {
  const bars: Progress[] = [];
  const run = () => train(configuration, {
    ...hooks,
    onStep(state) {
      if (!bars.length) bars.push(progress(title, state.steps));
      bars[0]!.update(state.step, progressText(state));
    },
  });
  return holdingWarnings(run, (messages) => {
    bars[0]?.stop();
    messages.forEach(warn);
  });
}
