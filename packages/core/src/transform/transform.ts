/** What a gradient transform is, how one is defined, and the registry that rebuilds it from a saved configuration. */
import type { Formula, Term, VariablePredicate } from '../formula/formula';
import { expected, show } from '../errors';
import type { Extent, VariableInfo } from '../formula';
import { checkOptions, plainObject, type Fields, type Options } from './fields';

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
  /** Runs another transform inside this one, with state of its own under `key`, on the variables that `only` accepts. */
  apply(inner: GradientTransform | readonly GradientTransform[], key: string, changed: { gradient?: Formula; weight?: Formula }, only?: VariablePredicate): { gradient: Formula; weight: Formula };
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
 * What a warning goes by. `limit`: a threshold, so that acting always or never deserves a word. `scale`: it multiplies whole
 * variables and does nothing else. `scaleFree`: a rule whose updates do not change when a variable's gradient is multiplied.
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
  /** What in its options means nothing for these variables, in words. */
  remarks(variables: readonly VariableInfo[]): readonly string[];
  update(flow: Flow): Outcome;
}

/** A transform as its author writes it. */
export interface TransformDefinition<A extends unknown[], F extends Fields> {
  /** Its name in errors and saved configurations: camelCase, without underscores. */
  readonly kind: string;
  /** The package in error messages. */
  readonly package?: string;
  /**
   * Turns the arguments of the public function into one object of options. Write a last argument that holds options
   * with a default (`options = {}`): then anything but an object is refused there.
   */
  readonly arguments: (...args: A) => object;
  readonly options: F;
  /** Refuses options that are each legal but not together. */
  readonly check?: (options: Options<F>, owner: string) => void;
  readonly stage?: Stage;
  readonly state?: StateDeclarations | ((options: Options<F>) => StateDeclarations);
  readonly guarded?: boolean;
  readonly gated?: boolean;
  readonly period?: (options: Options<F>) => number;
  readonly traits?: readonly Trait[];
  /** What in its options means nothing for these variables; each remark is a warning, given once. */
  readonly remarks?: (variables: readonly VariableInfo[], options: Options<F>) => readonly string[];
  readonly update: (flow: Flow, options: Options<F>) => Outcome;
}

const registry = new Map<string, (options: unknown, owner?: string) => GradientTransform>();
const made = new WeakSet<object>();

export const isTransform = (value: unknown): value is GradientTransform => typeof value === 'object' && value !== null && made.has(value);
export const registeredKinds = (): string[] => [...registry.keys()];

/**
 * Defines a transform from its formula. The result runs fused on every backend, saves and loads with its model, and validates its options.
 *
 * @example
 * const halve = defineTransform({
 *   kind: 'halve',
 *   arguments: () => ({}),
 *   options: {},
 *   update: ({ gradient }) => ({ gradient: mul(gradient, 0.5) }),
 * });
 */
export function defineTransform<A extends unknown[], F extends Fields>(definition: TransformDefinition<A, F>): (...args: A) => GradientTransform {
  const { kind, options: fields, stage = 'gradient', guarded = stage !== 'rule', gated = true } = definition;
  if (!/^[a-z][A-Za-z0-9]*$/.test(kind)) throw new RangeError(expected('[core] defineTransform', 'kind', 'camelCase letters and digits (loading a model rewrites underscores)', kind));
  if (registry.has(kind)) throw new RangeError(`[core] defineTransform: the kind ${show(kind)} is defined already`);
  const home = `[${definition.package ?? 'clipkit'}] ${kind}`;

  const build = (given: unknown, owner = home): GradientTransform => {
    const options = checkOptions(owner, fields, given);
    definition.check?.(options, owner);
    const state = typeof definition.state === 'function' ? definition.state(options) : definition.state ?? {};
    const transform: GradientTransform = Object.freeze({
      kind, options, stage, state, guarded, gated,
      period: definition.period?.(options) ?? 1,
      traits: definition.traits ?? [],
      remarks: (variables: readonly VariableInfo[]) => definition.remarks?.(variables, options) ?? [],
      update: (flow: Flow) => definition.update(flow, options),
    });
    made.add(transform);
    return transform;
  };
  registry.set(kind, build);

  return (...args) => {
    const positional = definition.arguments.length;
    if (args.length > positional + 1) throw new TypeError(`${home}: too many arguments`);
    if (args.length > positional && args[positional] !== undefined) plainObject(home, args[positional]);
    return build(definition.arguments(...args));
  };
}

/** Rebuilds a transform from its kind and options, as they were saved. */
export function buildTransform(kind: string, options: unknown, owner: string): GradientTransform {
  const build = registry.get(kind);
  if (!build) throw new RangeError(`${owner}: unknown transform ${show(kind)}; import the package that defines it before loading. Known here: ${registeredKinds().join(', ') || 'none'}`);
  return build(options, `${owner}: ${kind}`);
}

export const chainOf = (how: GradientTransform | readonly GradientTransform[]): readonly GradientTransform[] => ([] as GradientTransform[]).concat(how as GradientTransform[]);
