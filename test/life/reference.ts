/** What an optimizer has to do, in double precision and plain loops, written apart from the library. */

export type Numbers = number[];

/** A number, or one that depends on the count of attempted steps. */
export type Rate = number | ((step: number) => number);

export type Clipping =
  | { readonly kind: 'none' }
  | { readonly kind: 'value'; readonly limit: number }
  | { readonly kind: 'norm'; readonly limit: number }
  | { readonly kind: 'globalNorm'; readonly limit: Rate }
  | {
      readonly kind: 'zClip';
      readonly z: number;
      readonly decay: number;
      readonly warmupSteps: number;
      readonly maxNorm: number;
    }
  /** Variables whose name matches, and all others: each with a clipping, and a history, of their own. */
  | { readonly kind: 'groups'; readonly match: RegExp; readonly use: Clipping; readonly rest: Clipping };

export interface Model {
  readonly rule: 'sgd' | 'momentum' | 'adam';
  /** tfjs's own Adam corrects its moments by the count of all steps, ours by each variable's own. */
  readonly stock?: boolean;
  readonly rate: Rate;
  readonly clipping: Clipping;
  readonly policy: 'propagate' | 'zero' | 'skip' | 'throw';
  /** Calls that make one step. */
  readonly period?: number;
  /** Momentum of the weights' moving average. */
  readonly averaging?: number;
}

const MOMENTUM = 0.9;
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-7;

interface History {
  mean: number;
  variance: number;
  count: number;
}

/** Everything that is remembered from call to call, but the learning rate. */
interface Memory {
  iterations: number;
  /** Steps of the optimizer inside, where tfjs's own one is wrapped. */
  innerSteps: number;
  weights: Numbers[];
  variables: {
    velocity: Numbers;
    first: Numbers;
    second: Numbers;
    steps: number;
    average: Numbers | null;
    /** The sum of micro-batches, and how many good ones are in it. */
    total: Numbers;
    good: number;
  }[];
  /** By list: calls since its last release, and the good ones among them. */
  cycles: Record<string, { calls: number; good: number }>;
  histories: Record<string, History>;
}

const valueAt = (rate: Rate, step: number): number => (typeof rate === 'number' ? rate : rate(step));
const zeros = (like: Numbers): Numbers => like.map(() => 0);
const isFinite = (values: Numbers): boolean => values.every((each) => Number.isFinite(each));
const normOf = (list: readonly Numbers[]): number =>
  Math.sqrt(list.flat().reduce((total, each) => total + each * each, 0));

export class Reference {
  private memory: Memory;
  private rate: Rate;

  constructor(
    private readonly model: Model,
    private readonly names: readonly string[],
    weights: readonly ArrayLike<number>[],
  ) {
    this.memory = this.begin(weights.map((each) => Array.from(each)));
    this.rate = model.rate;
  }

  get weights(): readonly Numbers[] {
    return this.memory.weights;
  }

  get iterations(): number {
    return this.memory.iterations;
  }

  /** The moving averages; the weight itself where a variable has made no step. */
  get averages(): readonly Numbers[] {
    return this.memory.variables.map(({ average }, index) => average ?? this.memory.weights[index]!);
  }

  setRate(rate: number): void {
    this.rate = rate;
  }

  snapshot(): Memory {
    return structuredClone(this.memory);
  }

  rollBack(to: Memory): void {
    this.memory = structuredClone(to);
  }

  restart(): void {
    this.memory = this.begin(this.memory.weights);
    this.rate = this.model.rate;
  }

  /** The variable begins anew, with its weight as it is. */
  forget(variable: number): void {
    this.memory.variables[variable] = this.begin(this.memory.weights).variables[variable]!;
  }

  private begin(weights: Numbers[]): Memory {
    return {
      iterations: 0,
      innerSteps: 0,
      weights,
      cycles: {},
      histories: {},
      variables: weights.map((each) => ({
        velocity: zeros(each),
        first: zeros(each),
        second: zeros(each),
        steps: 0,
        average: null,
        total: zeros(each),
        good: 0,
      })),
    };
  }

  /** One call with a gradient or null for each variable. `list` names the variables that step together. */
  call(list: string, given: readonly (ArrayLike<number> | null)[]): void {
    const { policy, period = 1 } = this.model;
    const { memory } = this;
    let gradients = given.map((each) => (each ? Array.from(each) : null));
    const present = gradients.flatMap((each, index) => (each ? [index] : []));
    if (!present.length) return;
    const allFinite = present.every((index) => isFinite(gradients[index]!));
    if (policy === 'throw' && !allFinite) return;
    if (policy === 'zero')
      gradients = gradients.map((each) => each && each.map((value) => (Number.isFinite(value) ? value : 0)));
    let isGood = policy !== 'skip' || allFinite;
    if (period > 1) {
      const cycle = (memory.cycles[list] ??= { calls: 0, good: 0 });
      cycle.calls++;
      if (isGood) {
        cycle.good++;
        for (const index of present) this.collect(index, gradients[index]!);
      }
      if (cycle.calls < period) return;
      isGood = cycle.good > 0;
      memory.cycles[list] = { calls: 0, good: 0 };
      for (const index of present) gradients[index] = this.release(index);
    }
    if (isGood) this.step(present, gradients);
    memory.iterations++;
  }

  private collect(index: number, gradient: Numbers): void {
    const variable = this.memory.variables[index]!;
    variable.total = variable.total.map((each, at) => each + gradient[at]!);
    variable.good++;
  }

  private release(index: number): Numbers {
    const variable = this.memory.variables[index]!;
    const { total, good } = variable;
    const by = this.model.policy === 'skip' ? Math.max(good, 1) : this.model.period!;
    variable.total = zeros(total);
    variable.good = 0;
    return total.map((each) => each / by);
  }

  private step(present: readonly number[], gradients: (Numbers | null)[]): void {
    const { memory, model } = this;
    const rate = valueAt(this.rate, memory.iterations);
    this.clip(model.clipping, 'top', present, gradients);
    memory.innerSteps++;
    for (const index of present) {
      const variable = memory.variables[index]!;
      const delta = this.update(index, gradients[index]!);
      memory.weights[index] = memory.weights[index]!.map((each, at) => each - rate * delta[at]!);
      if (model.averaging === undefined) continue;
      const { average } = variable;
      const mu = model.averaging;
      variable.average = memory.weights[index].map((each, at) =>
        average ? mu * average[at]! + (1 - mu) * each : each,
      );
    }
  }

  private update(index: number, gradient: Numbers): Numbers {
    const variable = this.memory.variables[index]!;
    if (this.model.rule === 'sgd') return gradient;
    if (this.model.rule === 'momentum') {
      variable.velocity = variable.velocity.map((each, at) => MOMENTUM * each + gradient[at]!);
      return variable.velocity;
    }
    variable.first = variable.first.map((each, at) => BETA1 * each + (1 - BETA1) * gradient[at]!);
    variable.second = variable.second.map((each, at) => BETA2 * each + (1 - BETA2) * gradient[at]! ** 2);
    variable.steps++;
    const steps = this.model.stock ? this.memory.innerSteps : variable.steps;
    return variable.first.map(
      (each, at) => each / (1 - BETA1 ** steps) / (Math.sqrt(variable.second[at]! / (1 - BETA2 ** steps)) + EPSILON),
    );
  }

  private clip(clipping: Clipping, key: string, present: readonly number[], gradients: (Numbers | null)[]): void {
    if (!present.length) return;
    const scale = (indices: readonly number[], limit: number, norm: number): void => {
      // A norm that is not finite has to show.
      const factor = Number.isFinite(norm) ? (norm <= limit ? 1 : limit / norm) : NaN;
      for (const index of indices) gradients[index] = gradients[index]!.map((each) => each * factor);
    };
    const joint = normOf(present.map((index) => gradients[index]!));
    switch (clipping.kind) {
      case 'none':
        return;
      case 'value':
        for (const index of present)
          gradients[index] = gradients[index]!.map((each) => Math.min(Math.max(each, -clipping.limit), clipping.limit));
        return;
      case 'norm':
        for (const index of present) scale([index], clipping.limit, normOf([gradients[index]!]));
        return;
      case 'globalNorm':
        return scale(present, valueAt(clipping.limit, this.memory.iterations), joint);
      case 'zClip':
        return scale(present, this.zLimit(clipping, key, joint), joint);
      case 'groups': {
        const isIn = (index: number): boolean => clipping.match.test(this.names[index]!);
        this.clip(clipping.use, `${key}/use`, present.filter(isIn), gradients);
        this.clip(
          clipping.rest,
          `${key}/rest`,
          present.filter((index) => !isIn(index)),
          gradients,
        );
      }
    }
  }

  /** The limit for a norm, which is taken into the history. */
  private zLimit(
    { z, decay, warmupSteps, maxNorm }: Extract<Clipping, { kind: 'zClip' }>,
    key: string,
    norm: number,
  ): number {
    const history = (this.memory.histories[key] ??= { mean: 0, variance: 0, count: 0 });
    const { mean, variance, count } = history;
    if (!Number.isFinite(norm)) return maxNorm;
    history.count++;
    if (count < warmupSteps) {
      history.mean = mean + (norm - mean) / (count + 1);
      history.variance = (variance * count + (norm - mean) * (norm - history.mean)) / (count + 1);
      return maxNorm;
    }
    const deviation = Math.max(Math.sqrt(variance), 1e-3 * mean);
    const score = (norm - mean) / (deviation + 1e-6);
    const fed = score > z ? mean + (z * z * deviation) / score : norm;
    history.mean = decay * mean + (1 - decay) * fed;
    history.variance = decay * variance + (1 - decay) * (fed - history.mean) ** 2;
    return Math.min(fed, maxNorm);
  }
}
