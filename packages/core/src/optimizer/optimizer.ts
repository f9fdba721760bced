/**
 * The adapter between programs and tf.Optimizer: what happens in a step, and in which order.
 *
 * With a rule it is an optimizer of its own, one fused program a step. Around another optimizer it changes the gradients,
 * hands them on, and changes the weights afterwards. Gradients belong to the caller: they are never written or disposed.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Backend, DeviceNorms, HostNorms, Readings, RunResult } from '../backends/backend';
import { currentBackend } from '../backends/select';
import { expected } from '../errors';
import { findSchedules } from '../schedules/find';
import { valueAt, type Schedule, type Threshold } from '../schedules/schedule';
import { threshold } from '../transform/fields';
import type { Slot } from '../trace/program';
import type { NonFinitePolicy } from '../transform/nonFinite';
import { flatten } from '../transform/chain';
import type { GradientTransform } from '../transform/transform';
import type { LayoutOf } from '../trace/layout';
import { Adoption, type AdoptedState } from './adopted';
import { AppliedSteps } from './applied';
import { Averages } from './averages';
import { configOf, fromConfig } from './configuration';
import { joinCycles } from './cycles';
import { Inner } from './inner';
import { Observer, type ClipReport } from './observer';
import { layPipeline, type Pipeline } from './pipeline';
import { Programs } from './programs';
import { Snapshots } from './snapshots';
import { loadWeights, saveWeights, type Savable } from '../saving/weights';
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
  /** @internal Calls of applyGradients that had a gradient, micro-batches counted. */
  calls = 0;
  private readonly owner: string;
  private readonly pipeline: Pipeline;
  private readonly lists: TargetLists;
  private readonly observer = new Observer();
  private readonly applied = new AppliedSteps();
  private readonly warnings: Warnings;
  /** @internal */
  readonly programs: Programs;
  private backend: Backend | null = null;
  private adoption: Adoption | null = null;
  private readonly wrapped: Inner | null;
  private readonly averages: Averages;
  private readonly snapshots = new Snapshots();
  private rate: Threshold | null;
  private observing = false;
  /** Calls of dispose(): what was begun before one must not bring state back. */
  private disposals = 0;

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
    this.wrapped = options.inner && new Inner(options.inner, this.state);
    this.averages = new Averages(this.owner, this.state);
  }

  /** The current learning rate. Setting it replaces a schedule. */
  get learningRate(): number {
    return this.inner ? readLearningRate(this.inner) : valueAt(this.rate!, this.iterations);
  }

  set learningRate(rate: number) {
    if (typeof rate !== 'number') throw new TypeError(expected(this.owner, 'learningRate', 'a number >= 0', rate));
    threshold({ finite: true })(rate, this.owner, 'learningRate');
    if (this.inner) writeLearningRate(this.inner, rate);
    else this.rate = rate;
  }

  /** @internal The learning rate as it is configured: a number or a schedule. */
  get configuredRate(): Threshold | null {
    return this.rate;
  }

  override applyGradients(gradients: Gradients): void {
    this.averages.refuseSwapped('call swapAveragedWeights() again before training goes on');
    const named = toList(this.owner, gradients), list = this.lists.resolve(named);
    // Nobody has a gradient: nothing happens, to what is counted neither.
    if (!list.targets.length) return;
    const backend = this.useBackend(), { pipeline, state } = this;
    this.meet(list);
    const cycle = pipeline.period > 1 ? joinCycles(list.records, state.records) : null;
    this.snapshots.outdate();
    const release = !cycle || cycle.calls + 1 >= pipeline.period;
    tf.tidy(() => {
      const program = this.programs.main(list, release, backend, this.observing);
      const inspect = this.options.nonFinite === 'throw' ? (isFinite: (index: number) => boolean): void => { this.refuse(list, isFinite); } : null;
      // Schedules of what runs after another optimizer are checked before it; a function is asked once for both.
      const readings: Readings | null = this.programs.after()?.guards.length ? new Map() : null;
      const result = backend.run({ program, targets: list.targets, state, step: this.iterations, inspect, readings });
      if (result.norms) this.record(result.norms, list, program.halted);
      if (!program.halted) this.finish(gradients, named, list, result, readings);
    });
    if (cycle) cycle.calls = release ? 0 : cycle.calls + 1;
    this.calls++;
    if (release) this.incrementIterations();
  }

  /** Gives each variable of a list that is new its state; nothing is changed where that cannot be told. */
  private meet(list: TargetList): void {
    const { state } = this;
    if (list.generation === state.generation) return;
    this.settle();
    const records = new Map(state.meet(this.owner, list.variables).map((record) => [record.variable!, record]));
    list.records = list.targets.map(({ variable }) => records.get(variable!)!);
    if (list.generation < 0) this.warnings.about(list.targets);
    list.generation = state.generation;
  }

  /** What another optimizer remembers of its variables waits for them here. */
  private settle(): void {
    const { adoption } = this;
    this.adoption = null;
    adoption?.settle((name) => this.findSlot(this.options.rule!.kind, name)!, this.state);
    this.wrapped?.settle();
  }

  private record(norms: HostNorms | DeviceNorms, list: TargetList, halted: boolean): void {
    this.observer.record(norms, list.targets, halted);
    if (norms.where === 'host' && !halted) this.warnings.step(norms.totalBefore, norms.totalAfter);
  }

  /** Counts the step, and hands changed gradients on; where a device alone knows whether the step counts, it counts for itself. */
  private finish(
    gradients: Gradients,
    named: readonly NamedGradient[],
    list: TargetList,
    { applied, validity, gradients: changed }: RunResult,
    readings: Readings | null,
  ): void {
    if (!this.inner && validity) {
      this.applied.addUnread(validity);
      return;
    }
    const isApplied = applied();
    if (isApplied && this.inner) this.passOn(gradients, named, list, changed!, readings);
    this.applied.add(isApplied);
  }

  private passOn(
    gradients: Gradients,
    named: readonly NamedGradient[],
    list: TargetList,
    changed: readonly tf.Tensor[],
    readings: Readings | null,
  ): void {
    this.wrapped!.apply(gradients, named, list, changed);
    const program = this.programs.after();
    if (!program) return;
    const { state, iterations: step } = this;
    this.useBackend().run({ program, targets: list.targets, state, step, inspect: null, readings });
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
    return this.observer.report(this.applied.read());
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
   * @param variables needed only where the optimizer was loaded and has not met all of them in a step since
   * @throws RangeError without emaMomentum, or where not all variables with an average are known
   */
  swapAveragedWeights(variables: readonly tf.Variable[] = []): void {
    const slot = this.findSlot('averageWeights', 'average');
    if (!slot) throw new RangeError(`${this.owner}: swapAveragedWeights needs the option emaMomentum`);
    this.settle();
    this.averages.swap(slot, variables);
    this.snapshots.outdate();
  }

  /** @internal Goes on where another optimizer stands; its tensors are copied. */
  adopt(adopted: AdoptedState): void {
    this.adoption = new Adoption(adopted);
    this.iterations_ = adopted.iterations;
    this.applied.set(adopted.iterations);
  }

  private findSlot(kind: string, name: string): Slot | undefined {
    return [...this.programs.slots().values()].find(({ path }) => path.endsWith(`.${kind}/${name}`));
  }

  /**
   * All that is remembered at this moment, under unique names: copies that later steps do not change. They are the optimizer's:
   * it keeps the last two such sets, and disposes older ones, and all when it is disposed; clone() what is to live longer.
   */
  override async getWeights(): Promise<NamedTensor[]> {
    this.averages.refuseSwapped('call swapAveragedWeights() before saving the optimizer, or save the model without it');
    this.settle();
    return this.snapshots.take('[core] getWeights', () => saveWeights(this.savable()), this.inner?.iterations ?? 0);
  }

  /**
   * Takes what getWeights() gave, all of it or nothing. Its variables are found at the next step: by their names where those tell
   * them apart, else by their order, and checked by shape.
   * @throws TypeError, RangeError where anything is missing, unknown, damaged, or of another optimizer; nothing is changed then
   */
  override async setWeights(weights: NamedTensor[]): Promise<void> {
    const { iterations, calls, appliedSteps } = await loadWeights('[core] setWeights', this.savable(), weights);
    this.iterations_ = iterations;
    this.calls = calls;
    this.applied.set(appliedSteps);
    this.snapshots.outdate();
    this.forget();
  }

  private savable(): Savable {
    const { inner, iterations, calls, state, pipeline, options, disposals } = this;
    return {
      inner, iterations, calls, state, slots: this.programs.slots(), period: pipeline.period, layoutOf: options.layoutOf,
      appliedSteps: () => this.applied.read(),
      isDisposed: () => this.disposals !== disposals,
      hasStepped: () => this.calls !== calls,
    };
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
    if (this.calls > 0 || this.state.records.length) throw new RangeError('[clip] clip: the optimizer has taken steps already; clip it before training');
    const own = this.options.transforms, mean = own.filter(({ kind }) => kind === 'accumulateGradients');
    const made = new ClipkitOptimizer<O>({
      ...this.options,
      // What is clipped is the mean of micro-batches.
      transforms: [...mean, ...transforms, ...own.filter((each) => !mean.includes(each))],
      nonFinite: nonFinite === 'propagate' ? this.options.nonFinite : nonFinite,
    });
    [made.rate, made.adoption, made.iterations_] = [this.rate, this.adoption, this.iterations];
    made.applied.set(this.adoption ? this.iterations : 0);
    this.adoption = null;
    return made;
  }

  /** Frees the state, what getWeights() gave, and the wrapped optimizer. */
  override dispose(): void {
    this.disposals++;
    this.state.dispose();
    this.forget();
    this.observer.dispose();
    this.applied.dispose();
    this.snapshots.dispose();
    this.wrapped?.dispose();
  }

  /** What waits for or hangs on state that is gone. */
  private forget(): void {
    this.adoption?.dispose();
    this.adoption = null;
    this.averages.forget();
  }
}
tf.serialization.registerClass(ClipkitOptimizer);
