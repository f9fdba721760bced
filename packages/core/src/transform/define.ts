/** How a transform is defined, and the registry that rebuilds one from a saved configuration. */
import { about, expected, show } from '../errors';
import type { VariableInfo } from '../formula';
import { checkOptions, plainObject, type Fields, type Options } from './fields';
import {
  mark,
  type Flow,
  type GradientTransform,
  type Outcome,
  type Stage,
  type StateDeclarations,
  type Trait,
} from './transform';

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
export function defineTransform<A extends unknown[], F extends Fields>(
  definition: TransformDefinition<A, F>,
): (...args: A) => GradientTransform {
  const { kind, options: fields, stage = 'gradient', guarded = stage !== 'rule', gated = true } = definition;
  if (!/^[a-z][A-Za-z0-9]*$/.test(kind))
    throw new RangeError(
      expected(
        '[core] defineTransform',
        'kind',
        'camelCase letters and digits (loading a model rewrites underscores)',
        kind,
      ),
    );
  if (registry.has(kind)) throw new RangeError(`[core] defineTransform: the kind ${show(kind)} is defined already`);
  const home = `[${definition.package ?? 'clipkit'}] ${kind}`;

  const build = (given: unknown, owner = home): GradientTransform => {
    const options = checkOptions(owner, fields, given);
    definition.check?.(options, owner);
    const state = typeof definition.state === 'function' ? definition.state(options) : (definition.state ?? {});
    return mark(
      Object.freeze({
        kind,
        options,
        stage,
        state,
        guarded,
        gated,
        period: definition.period?.(options) ?? 1,
        traits: definition.traits ?? [],
        revalidate: (option: string, value: unknown) => {
          fields[option]!(value, home, option);
        },
        remarks: (variables: readonly VariableInfo[]) => definition.remarks?.(variables, options) ?? [],
        update: (flow: Flow) => definition.update(flow, options),
      }),
    );
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
  if (!build)
    throw new RangeError(
      about(
        owner,
        `unknown transform ${show(kind)}; import the package that defines it before loading. Known here: ` +
          `${registeredKinds().join(', ') || 'none'}`,
      ),
    );
  return build(options, owner.endsWith('.') ? `${owner}options.` : `${owner}: ${kind}`);
}
