/** What a gradient transform is: the contract between those who write one, the tracer and the optimizer. */
import type { Extent, Formula, Term, VariableInfo, VariablePredicate } from '../formula';

/** Something that a transform remembers from step to step. */
export interface StateDeclaration {
  readonly extent: Extract<Extent, 'scalar' | 'each' | 'element'>;
  /** The first value; `weight` copies the variable. */
  readonly init: number | 'weight';
  /** A tensor of its own shape, for custom nodes only. */
  readonly shape?: readonly number[] | ((variable: VariableInfo) => readonly number[]);
}
export type StateDeclarations = Readonly<Record<string, StateDeclaration>>;

/** What update() is given. */
export interface Flow {
  readonly gradient: Formula;
  readonly weight: Formula;
  /** False where the step is skipped; everything that is remembered or written is gated by it. */
  readonly valid: Formula;
  /** Attempted steps before this one. */
  readonly step: Formula;
  readonly state: Readonly<Record<string, Formula>>;
  /** The optimizer's learning rate: only rules read it. */
  readonly learningRate: Formula;
  /** False on the calls on which an accumulating transform only collects. */
  readonly release: boolean;
  /**
   * Runs another transform inside this one, with state of its own under `key`, on the variables that `only` accepts.
   */
  apply(
    inner: GradientTransform | readonly GradientTransform[],
    key: string,
    changed: { gradient?: Formula; weight?: Formula },
    only?: VariablePredicate,
  ): { gradient: Formula; weight: Formula };
}

/** What update() returns: what it changed. */
export interface Outcome {
  readonly gradient?: Term;
  readonly weight?: Term;
  readonly valid?: Formula;
  readonly state?: Readonly<Record<string, Term>>;
  /** Nothing after this transform runs on this call. */
  readonly halt?: boolean;
}

/** Where in a step a transform stands: before the update rule, as the rule, or after it on the updated weights. */
export type Stage = 'gradient' | 'rule' | 'weight';

/**
 * What a warning goes by. `limit`: a threshold, so that acting always or never deserves a word. `scale`: it
 * multiplies whole variables and does nothing else. `scaleFree`: a rule whose updates do not change when a variable's
 * gradient is multiplied.
 */
export type Trait = 'limit' | 'scale' | 'scaleFree';

export interface GradientTransform {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly stage: Stage;
  readonly state: StateDeclarations;
  /** False: its state follows the gradient even where that is not finite, as an optimizer's moments do. */
  readonly guarded: boolean;
  /** False: its state moves on skipped steps too. */
  readonly gated: boolean;
  /** Calls of applyGradients that make one step. */
  readonly period: number;
  readonly traits: readonly Trait[];
  /** Throws where an option cannot have this value: asked of what a schedule gives, while training runs. */
  revalidate(option: string, value: unknown): void;
  /** What in its options means nothing for these variables, in words. */
  remarks(variables: readonly VariableInfo[]): readonly string[];
  update(flow: Flow): Outcome;
}

const made = new WeakSet<object>();

/** Marks what defineTransform made, so that an object that only looks like a transform is refused. */
export function mark(transform: GradientTransform): GradientTransform {
  made.add(transform);
  return transform;
}

export const isTransform = (value: unknown): value is GradientTransform =>
  typeof value === 'object' && value !== null && made.has(value);

/** One transform or a list of them, as a list. */
export const chainOf = (how: GradientTransform | readonly GradientTransform[]): readonly GradientTransform[] =>
  ([] as GradientTransform[]).concat(how as GradientTransform[]);
