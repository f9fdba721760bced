/** An update rule: what one step takes off a variable, with weight decay handled in one place for all of them. */
import { add, choose, defineTransform, fields, matching, mul, sub, type Field, type Fields, type Flow, type Formula, type GradientTransform, type Options, type Pattern, type Schedule, type StateDeclarations, type Term } from '@clipkit/core';

/** What a rule is given: the step's flow, with its learning rate and its weight decay. */
export interface RuleFlow extends Pick<Flow, 'gradient' | 'weight' | 'state' | 'step'> {
  /** eta */
  readonly rate: Formula;
  /** direction + lambda w, or the direction alone where weight decay is off or the variable is excluded from it. */
  withDecay(direction: Formula): Formula;
}

export interface RuleDefinition<F extends Fields> {
  readonly kind: string;
  /** Defaults of the options that all rules have. */
  readonly learningRate: number;
  readonly weightDecay?: number;
  /** True: `step` has put weight decay into its direction. False: w loses eta lambda w beside the step. */
  readonly decaysItself?: boolean;
  readonly options: F;
  readonly state?: StateDeclarations | ((options: Options<F>) => StateDeclarations);
  /** What is subtracted from the weight, and what is remembered. */
  step(flow: RuleFlow, options: Options<F>): { step: Term; state?: Readonly<Record<string, Term>> };
}

/** A rule as optimizers are built from it. */
export interface Rule {
  readonly kind: string;
  readonly fields: Fields;
  readonly make: (options: object) => GradientTransform;
}

/** Fields that every rule has. */
interface SharedFields extends Fields {
  readonly learningRate: Field<number | Schedule>;
  readonly weightDecay: Field<number>;
  readonly excludeFromWeightDecay: Field<Pattern>;
}

export const sharedFields = (learningRate: number, weightDecay: number): SharedFields => ({
  learningRate: fields.threshold({ default: learningRate, finite: true }),
  weightDecay: fields.number({ min: 0, finite: true, default: weightDecay }),
  excludeFromWeightDecay: fields.pattern([]),
});

/**
 * Defines an update rule: w <- w - (step + eta lambda w), the decay decoupled from the gradient [Loshchilov & Hutter 2017, 1711.05101].
 * The sum is rounded into the weight once, so that a decay of 1e-6 a step is not lost.
 */
export function defineRule<F extends Fields>({ kind, learningRate, weightDecay = 0, decaysItself = false, options, state, step }: RuleDefinition<F>): Rule {
  const all: Fields = { ...sharedFields(learningRate, weightDecay), ...options };
  const make = defineTransform({
    kind,
    package: 'optimizers',
    stage: 'rule',
    arguments: (given: object) => given,
    options: all,
    ...(state && { state: typeof state === 'function' ? (given: Options<Fields>) => state(given as Options<F>) : state }),
    update(flow, given) {
      const { weightDecay: lambda, excludeFromWeightDecay: exclude } = given as Options<SharedFields>;
      const { weight, learningRate: rate } = flow;
      const plus = (direction: Term, factor: Term): Formula => withoutExcluded(exclude, add(direction, mul(factor, weight)), direction);
      const out = step({ ...flow, rate, withDecay: (direction) => (lambda === 0 ? direction : plus(direction, lambda)) }, given as Options<F>);
      const change = decaysItself || lambda === 0 ? out.step : plus(out.step, mul(rate, lambda));
      return { weight: sub(weight, change), ...(out.state && { state: out.state }) };
    },
  });
  return { kind, fields: all, make };
}

/** `value` for all variables but those that the pattern names, which get `otherwise`. */
export function withoutExcluded(exclude: Pattern, value: Term, otherwise: Term): Formula {
  const isExcluded = matching(exclude);
  return choose((variable) => (isExcluded(variable) ? 1 : 0), [value, otherwise]);
}
