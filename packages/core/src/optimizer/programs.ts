/** The programs of one optimizer: traced when first needed, one for each thing that the host knows about a step. */
import type { Backend } from '../backends/backend';
import type { Program, Slot } from '../trace/program';
import { trace } from '../trace/trace';
import type { StateStore } from '../state/store';
import type { Pipeline } from './pipeline';
import type { TargetList } from './targets';

export interface ProgramOptions {
  readonly pipeline: Pipeline;
  /** What the main program makes: new weights, or gradients for another optimizer. */
  readonly result: 'weight' | 'gradient';
  /** Whether finiteness must be known before anything is written. */
  readonly inspect: boolean;
  readonly learningRate: (step: number) => number;
}

export class Programs {
  private readonly traced = new Map<string, Program>();
  /** Whether observing costs no pass, by plain program and list. */
  private readonly free = new Map<Program, WeakMap<TargetList, boolean>>();

  constructor(
    private readonly options: ProgramOptions,
    private readonly state: StateStore,
  ) {}

  /** The step's program: with its norms where they were asked for, or where they cost no pass over memory. */
  main(list: TargetList, release: boolean, backend: Backend, observing: boolean): Program {
    if (observing) return this.makeMain(release, true);
    const plain = this.makeMain(release, false);
    if (!backend.host) return plain;
    let ofLists = this.free.get(plain);
    if (!ofLists) this.free.set(plain, (ofLists = new WeakMap()));
    let isFree = ofLists.get(list);
    if (isFree === undefined) {
      isFree = backend.passes(this.makeMain(release, true), list.targets) === backend.passes(plain, list.targets);
      ofLists.set(list, isFree);
    }
    return isFree ? this.makeMain(release, true) : plain;
  }

  /** What runs on the weights after an optimizer that is not ours; null where nothing does. */
  after(): Program | null {
    const { after } = this.options.pipeline;
    return after.length
      ? this.make('after', () =>
          trace(after, {
            release: true,
            result: 'weight',
            observe: false,
            inspect: false,
            learningRate: this.options.learningRate,
          }),
        )
      : null;
  }

  /** Every slot of state that some step uses, by its path. */
  slots(): ReadonlyMap<string, Slot> {
    return new Map([this.makeMain(true, false), this.after()].flatMap((program) => [...(program?.slots ?? [])]));
  }

  private makeMain(release: boolean, observe: boolean): Program {
    const { pipeline, ...options } = this.options;
    const following = pipeline.after;
    return this.make(`main ${release} ${observe}`, () =>
      trace(pipeline.main, { ...options, release, observe, following }),
    );
  }

  private make(key: string, build: () => Program): Program {
    let program = this.traced.get(key);
    if (!program) {
      program = build();
      for (const slot of program.slots.values()) this.state.place(slot);
      this.traced.set(key, program);
    }
    return program;
  }
}
