/** Says once, by console.warn, what in a configuration or a run means nothing, and what to do about it. */
import type { VariableInfo } from '../formula/formula';
import type { GradientTransform, Trait } from '../transform/transform';

/** Observed steps after which it is judged whether clipping acts always or never. */
const JUDGED_STEPS = 200;
const ALWAYS = 0.95;
/** Half of the smallest single-precision number: no element of a shorter gradient is left. */
const NOTHING = 7e-46;

const has = (transform: GradientTransform, trait: Trait): boolean => transform.traits.includes(trait);

/** A threshold of Infinity is meant never to act. */
const isUnlimited = ({ options }: GradientTransform): boolean => Object.entries(options).some(([name, value]) => name !== 'ord' && value === Infinity);

export class Warnings {
  private readonly told = new Set<string>();
  private readonly name: string;
  /** Whether all that changes gradients are thresholds, so that acting always or never is for them to answer. */
  private readonly judged: boolean;
  private readonly mayRest: boolean;
  private steps = 0;
  private clipped = 0;

  constructor(private readonly transforms: readonly GradientTransform[], rule: GradientTransform | null) {
    const acting = transforms.filter(({ stage, period }) => stage === 'gradient' && period === 1);
    this.name = acting.map(({ kind }) => kind).join(', ');
    this.judged = acting.length > 0 && acting.every((each) => has(each, 'limit'));
    this.mayRest = acting.some(isUnlimited);
    this.aboutOrder();
    if (rule && has(rule, 'scaleFree')) this.aboutPairs(acting, rule);
  }

  private aboutOrder(): void {
    const accumulation = this.transforms.findIndex(({ period }) => period > 1);
    for (const each of this.transforms.slice(0, Math.max(0, accumulation))) {
      if (has(each, 'limit') || has(each, 'scale')) this.say(`${each.kind} stands before ${this.transforms[accumulation]!.kind}: it limits single micro-batches, which is no limit of the mean that the step is made of; put ${this.transforms[accumulation]!.kind} first`);
    }
  }

  private aboutPairs(acting: readonly GradientTransform[], rule: GradientTransform): void {
    for (const each of acting.filter((one) => has(one, 'scale'))) {
      this.say(`${each.kind} before ${rule.kind} means nothing: ${rule.kind} makes each variable's update of the same size, whatever the size of its gradient; leave ${each.kind} out`);
    }
  }

  /** Told the variables whenever they change. */
  about(variables: readonly VariableInfo[]): void {
    for (const each of this.transforms) for (const remark of each.remarks(variables)) this.say(`${each.kind}: ${remark}`);
  }

  /** Told the joint norms of each step that has them on the host. */
  step(before: number, after: number): void {
    if (before > 0 && after < NOTHING) this.say(`${this.name || 'the chain'} turned a gradient into nothing but zeros, so that nothing is learned; raise the threshold`);
    if (!this.judged) return;
    this.steps++;
    this.clipped += Number(after < before);
    if (this.steps < JUDGED_STEPS) return;
    const rate = this.clipped / this.steps;
    if (rate > ALWAYS) this.say(`${this.name} acted on ${Math.round(100 * rate)} % of ${JUDGED_STEPS} steps: the threshold, not the learning rate, sets the length of a step; raise it (suggestThreshold() shows the gradient's norms), or say normalizeGradients() if that is meant`);
    if (rate === 0 && !this.mayRest) this.say(`${this.name} did not act once in ${JUDGED_STEPS} steps: fine for a guard against rare spikes, else lower the threshold (suggestThreshold() shows the gradient's norms)`);
    this.steps = this.clipped = 0;
  }

  /** Numbers in a message do not make it another one. */
  private say(message: string): void {
    const topic = message.replace(/\d+ %/, '');
    if (this.told.has(topic)) return;
    this.told.add(topic);
    console.warn(`[clip] ${message}.`);
  }
}
