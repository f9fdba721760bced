/**
 * The adapter between programs and tf.Optimizer: the one place that calls tidy, keep, dispose and assign.
 *
 * With a rule it is an optimizer of its own, one fused program a step. Around another optimizer it changes the gradients,
 * hands them on, and changes the weights afterwards. Gradients belong to the caller: they are never written or disposed.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Backend, DeviceNorms, HostNorms } from '../backends/backend';
import { currentBackend } from '../backends/select';
import { expected } from '../errors';
import { findSchedules } from '../schedules/find';
import { valueAt, type Schedule, type Threshold } from '../schedules/schedule';
import { threshold } from '../transform/fields';
import type { Program, Slot } from '../trace/program';
import type { NonFinitePolicy } from '../transform/nonFinite';
import { flatten } from '../transform/chain';
import type { GradientTransform } from '../transform/transform';
import { describe, type LayoutOf } from '../trace/layout';
import { Adoption, type AdoptedState } from './adopted';
import { configOf, fromConfig } from './configuration';
import { Observer, type ClipReport } from './observer';
import { layPipeline, type Pipeline } from './pipeline';
import { Programs } from './programs';
import { loadWeights, saveWeights } from './saving';
import { StateStore } from '../state/store';
import { readLearningRate, writeLearningRate, type NamedTensor } from './stock';
import { TargetLists, toList, type Gradients, type NamedGradient, type TargetList } from './targets';
import { Warnings } from './warnings';

export interface OptimizerOptions {
  /** What changes gradients before the rule and weights after it, in order. */
  readonly transforms: readonly GradientTransform[];
  /** The update rule; null around another optimizer. */
  readonly rule: GradientTransform | null;
  readonly inner: tf.Optimizer | null;
  readonly nonFinite: NonFinitePolicy;
  /** Overrides which axes of a variable are output units. Code, so it is not saved. */
  readonly layoutOf?: LayoutOf;
}

export class ClipkitOptimizer<O extends tf.Optimizer | null = tf.Optimizer | null> extends tf.Optimizer {
  /** @nocollapse */
  static get className(): string {
    return 'ClipkitOptimizer';
  }

  /** The optimizer that is wrapped; null where the update rule is ours. */
  readonly inner: O;
  /** What the step is made of, in order. */
  readonly options: OptimizerOptions;
  /** @internal */
  readonly state = new StateStore();
  /** @internal Calls of applyGradients, micro-batches counted. */
  calls = 0;
  /** @internal Steps that changed the variables. */
  appliedSteps = 0;
  private readonly owner: string;
  private readonly pipeline: Pipeline;
  private readonly lists: TargetLists;
  private readonly observer = new Observer();
  private readonly warnings: Warnings;
  /** @internal */
  readonly programs: Programs;
  private backend: Backend | null = null;
  private known: TargetList | null = null;
  private adoption: Adoption | null = null;
  /** Whether the variables hold the averages now, and the averages' slot the weights. */
  private averaged = false;
  private rate: Threshold | null;
  private observing = false;

  constructor(options: OptimizerOptions) {
    super();
    this.options = options;
    this.inner = options.inner as O;
    this.owner = options.inner ? '[clip] applyGradients' : `[optimizers] ${options.rule?.kind ?? 'optimizer'}`;
    this.rate = options.rule ? options.rule.options['learningRate'] as Threshold : null;
    this.pipeline = layPipeline(this.owner, options.transforms, options.rule, options.nonFinite);
    this.programs = new Programs({
      pipeline: this.pipeline,
      result: options.inner ? 'gradient' : 'weight',
      inspect: options.nonFinite === 'throw',
      learningRate: (step) => (this.rate === null ? NaN : valueAt(this.rate, step)),
    }, this.state);
    this.lists = new TargetLists(this.owner, options.layoutOf);
    this.warnings = new Warnings(flatten(options.transforms), options.rule);
  }

  /** The current learning rate. Setting it replaces a schedule. */
  get learningRate(): number {
    return this.inner ? readLearningRate(this.inner) : valueAt(this.rate!, this.iterations);
  }

  set learningRate(rate: number) {
    if (typeof rate !== 'number') throw new TypeError(expected(this.owner, 'learningRate', 'a number >= 0', rate));
    threshold()(rate, this.owner, 'learningRate');
    if (this.inner) writeLearningRate(this.inner, rate);
    else this.rate = rate;
  }

  /** @internal The learning rate as it is configured: a number or a schedule. */
  get configuredRate(): Threshold | null {
    return this.rate;
  }

  override applyGradients(gradients: Gradients): void {
    if (this.averaged) throw new RangeError(`${this.owner}: the variables hold their averages; call swapAveragedWeights() again before training goes on`);
    const named = toList(this.owner, gradients), list = this.lists.resolve(named);
    const backend = this.useBackend(), { pipeline, state } = this;
    if (this.adoption) this.bindAdopted(this.adoption, list);
    if (state.hasSaved) state.checkShapes(list.targets);
    if (list !== this.known) {
      this.known = list;
      this.warnings.about(list.targets);
    }
    const release = (this.calls + 1) % pipeline.period === 0;
    tf.tidy(() => {
      const program = this.programs.main(list, release, backend, this.observing);
      const inspect = this.options.nonFinite === 'throw' ? (isFinite: (index: number) => boolean): void => { this.refuse(list, isFinite); } : null;
      const result = backend.run({ program, targets: list.targets, state, step: this.iterations, inspect });
      if (result.norms) this.record(result.norms, list, program.halted);
      if (!program.halted) {
        const applied = !this.maySkip(program) || (!this.inner && !backend.host) || result.applied();
        if (applied && this.inner) this.passOn(gradients, named, list, result.gradients!);
        if (applied) this.appliedSteps++;
      }
    });
    this.calls++;
    if (release) this.incrementIterations();
  }

  private record(norms: HostNorms | DeviceNorms, list: TargetList, halted: boolean): void {
    this.observer.record(norms, list.targets, halted);
    if (norms.where === 'host' && !halted) this.warnings.step(norms.totalBefore, norms.totalAfter);
  }

  /** Steps that were skipped need a look at the program's validity, which is a constant in most. */
  private maySkip(program: Program): boolean {
    return program.valid.operation !== 'const';
  }

  private passOn(gradients: Gradients, named: readonly NamedGradient[], list: TargetList, changed: readonly tf.Tensor[]): void {
    const replaced = named.map(({ name, tensor }, entry) => {
      // A variable that stands in the list twice gets the same changed gradient in both places.
      const index = list.indexOf[entry]! >= 0 ? list.indexOf[entry]! : list.indexOf[list.names.indexOf(name)]!;
      return { name, tensor: index >= 0 ? changed[index]! : tensor };
    });
    this.inner!.applyGradients((Array.isArray(gradients) ? replaced : Object.fromEntries(replaced.map(({ name, tensor }) => [name, tensor]))) as NamedTensor[]);
    const program = this.programs.after();
    if (program) this.useBackend().run({ program, targets: list.targets, state: this.state, step: this.iterations, inspect: null });
  }

  private useBackend(): Backend {
    const backend = currentBackend();
    if (backend !== this.backend) {
      if (this.backend && this.backend.host !== backend.host) this.state.migrate(backend.host);
      this.backend = backend;
      this.state.version++;
    }
    return backend;
  }

  private refuse(list: TargetList, isFinite: (index: number) => boolean): void {
    const names = list.targets.filter((_, index) => !isFinite(index)).map(({ name }) => name);
    if (names.length) throw new RangeError(`${this.owner}: the gradient of ${names.join(', ')} has a NaN or an infinity; nothing was changed (nonFinite: 'throw')`);
  }

  /**
   * What clipping did in the last steps. Where norms cost a pass over memory they are computed only once they were asked for:
   * then the first report has NaN in them, and the next step's report is complete.
   */
  async report(): Promise<ClipReport> {
    this.observing = true;
    return this.observer.report(this.appliedSteps);
  }

  /** Computes norms from the next step on, whatever they cost. clipMonitor calls it. */
  observe(): void {
    this.observing = true;
  }

  /** Every schedule in the configuration, nested ones too: clipMonitor tells them the metrics of each epoch. */
  schedules(): Schedule[] {
    const { transforms, rule } = this.options;
    return findSchedules([this.rate, transforms, { ...rule?.options, learningRate: null }]);
  }

  /**
   * Puts the moving averages of the weights (emaMomentum) in the variables' place; a second call puts the weights back.
   * Between the two the model predicts and saves with its averages, but does not train.
   * @param variables needed only where the optimizer was loaded and has taken no step since
   * @throws RangeError without emaMomentum, or where no variables are known
   */
  swapAveragedWeights(variables: readonly tf.Variable[] = []): void {
    const slot = this.findSlot('averageWeights', 'average');
    if (!slot) throw new RangeError(`${this.owner}: swapAveragedWeights needs the option emaMomentum`);
    const targets = variables.map((variable) => ({ ...describe(variable.name, variable.shape), variable, gradient: variable }));
    if (this.state.hasSaved) this.state.checkShapes(targets);
    tf.tidy(() => { for (const target of targets) this.state.tensor(slot, this.state.record(target), target); });
    if (!this.state.exchange(slot)) throw new RangeError(`${this.owner}: swapAveragedWeights knows no variables before the first step; pass them`);
    this.averaged = !this.averaged;
  }

  /** @internal Goes on where another optimizer stands; its tensors are copied. */
  adopt(adopted: AdoptedState): void {
    this.adoption = new Adoption(adopted);
    this.iterations_ = this.appliedSteps = adopted.iterations;
  }

  private bindAdopted(adoption: Adoption, list: TargetList): void {
    adoption.bind(this.owner, list.names, (name) => this.findSlot(this.options.rule!.kind, name)!, this.state);
    this.adoption = null;
  }

  private findSlot(kind: string, name: string): Slot | undefined {
    return [...this.programs.slots().values()].find(({ path }) => path.endsWith(`.${kind}/${name}`));
  }

  override async getWeights(): Promise<NamedTensor[]> {
    if (this.averaged) throw new RangeError(`${this.owner}: the variables hold their averages; call swapAveragedWeights() before saving the optimizer, or save the model without it`);
    if (this.adoption) throw new RangeError(`${this.owner}: the state of the optimizer that it replaces is bound to variables at the first step; take one before saving`);
    return saveWeights(this);
  }

  override async setWeights(weights: NamedTensor[]): Promise<void> {
    this.iterations_ = await loadWeights(this, weights);
    this.forget();
  }

  override getConfig(): tf.serialization.ConfigDict {
    return configOf(this) as tf.serialization.ConfigDict;
  }

  /** @nocollapse */
  static override fromConfig<T extends tf.serialization.Serializable>(cls: tf.serialization.SerializableConstructor<T>, config: tf.serialization.ConfigDict): T {
    return new cls(fromConfig(config));
  }

  /**
   * The same optimizer with these transforms before its own, as one program. Its state stays with it.
   * @internal clip() calls it
   */
  clippedBy(transforms: readonly GradientTransform[], nonFinite: NonFinitePolicy): ClipkitOptimizer<O> {
    if (this.calls > 0) throw new RangeError('[clip] clip: the optimizer has taken steps already; clip it before training');
    const own = this.options.transforms, mean = own.filter(({ kind }) => kind === 'accumulateGradients');
    const made = new ClipkitOptimizer<O>({
      ...this.options,
      // What is clipped is the mean of micro-batches.
      transforms: [...mean, ...transforms, ...own.filter((each) => !mean.includes(each))],
      nonFinite: nonFinite === 'propagate' ? this.options.nonFinite : nonFinite,
    });
    [made.rate, made.adoption, made.iterations_, made.appliedSteps] = [this.rate, this.adoption, this.iterations, this.appliedSteps];
    this.adoption = null;
    return made;
  }

  /** Frees the state, and the wrapped optimizer's. */
  override dispose(): void {
    this.state.dispose();
    this.forget();
    this.observer.dispose();
    this.inner?.dispose();
  }

  /** What waits for or hangs on state that is gone. */
  private forget(): void {
    this.adoption?.dispose();
    this.adoption = null;
    this.averaged = false;
  }
}
tf.serialization.registerClass(ClipkitOptimizer);
