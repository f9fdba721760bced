/**
 * Joins transforms into one program. The tracer, not the transforms, holds the invariants: gating, finiteness, which
 * state exists.
 */
import { lift, node, rankOf, stepCount, withScope, withinGroup, group, type Formula } from '../formula/formula';
import { always, and, select, storable } from '../formula/functions';
import { norm } from '../formula/reductions';
import { expected } from '../errors';
import { chainOf, type Flow, type GradientTransform, type StateDeclaration } from '../transform/transform';
import { nestedTransforms } from '../transform/nested';
import { guardsOf, type Guard } from './guard';
import { reachable, rootsOf, type Observation, type Program, type Slot } from './program';

export interface TraceOptions {
  /** False on calls that only collect micro-batches. */
  readonly release: boolean;
  /** `gradient`: the result is the changed gradient, for an optimizer that is not ours. */
  readonly result: 'weight' | 'gradient';
  /** `before`: only the norms before clipping, which is all that some need. */
  readonly observe: boolean | 'before';
  /** Whether each gradient's finiteness must be known before anything is written. */
  readonly inspect: boolean;
  readonly learningRate: (step: number) => number;
  /** What runs after this program, and after another optimizer's step: its schedules are checked before both. */
  readonly following?: readonly GradientTransform[];
}

const stateLeaf = (path: string, declaration: StateDeclaration): Formula =>
  node('state', [], { attribute: path, extent: declaration.extent, opaque: declaration.shape !== undefined });

export function trace(transforms: readonly GradientTransform[], options: TraceOptions): Program {
  return withScope(() => new Tracer(options).run(transforms));
}

class Tracer {
  readonly slots = new Map<string, Slot>();
  private readonly guards: Guard[] = [];
  private readonly learningRate: Formula;

  constructor(private readonly options: TraceOptions) {
    this.learningRate = node('param', [], { attribute: options.learningRate, extent: 'scalar' });
  }

  run(transforms: readonly GradientTransform[]): Program {
    const raw = node('input', [], { attribute: 'gradient', extent: 'element' });
    const weight = node('input', [], { attribute: 'weight', extent: 'element' });
    let flow = { gradient: raw, weight, valid: always() };
    let before = raw,
      after: Formula | null = null,
      halted = false;
    for (const [index, transform] of transforms.entries()) {
      if (transform.stage !== 'gradient') after ??= flow.gradient;
      const out = this.stage(transform, `${index}.${transform.kind}`, flow);
      flow = out;
      if (out.halt) {
        halted = true;
        break;
      }
      if (transform.period > 1 || PREPARES.has(transform.kind)) before = flow.gradient;
    }
    const { result, observe, inspect, following = [] } = this.options;
    if (!halted)
      nestedTransforms(following).forEach((each) => {
        this.guard(each);
      });
    const partial = {
      slots: this.slots,
      valid: flow.valid,
      gradient: !halted && result === 'gradient' ? flow.gradient : null,
      weight: !halted && flow.weight !== weight ? select(flow.valid, flow.weight, weight) : null,
      raw: inspect ? norm(raw, 'each') : null,
      observation: observe
        ? this.observation(
            raw,
            halted ? raw : before,
            observe === 'before' ? before : halted ? raw : (after ?? flow.gradient),
          )
        : null,
      guards: this.guards,
      halted,
    };
    const program: Program = { ...partial, levels: 0, choices: [] };
    const all = reachable(rootsOf(program));
    const levels = Math.max(0, ...[...all].map((each) => each.level));
    return { ...program, levels, choices: [...all].filter((each) => each.operation === 'choose') };
  }

  private observation(raw: Formula, before: Formula, after: Formula): Observation {
    return {
      raw: norm(raw, 'each'),
      before: norm(before, 'each'),
      after: norm(after, 'each'),
      totalRaw: norm(raw, 'scalar'),
      totalBefore: norm(before, 'scalar'),
      totalAfter: norm(after, 'scalar'),
    };
  }

  /** A rule inside a rule has the same learning rate, which is checked once. */
  private guard(transform: GradientTransform): void {
    const ofRate = ({ values }: Guard): boolean => values.includes(this.learningRate);
    const isKnown = this.guards.some(ofRate);
    this.guards.push(...guardsOf(transform, this.learningRate).filter((each) => !isKnown || !ofRate(each)));
  }

  private stage(
    transform: GradientTransform,
    path: string,
    flow: { gradient: Formula; weight: Formula; valid: Formula },
  ): { gradient: Formula; weight: Formula; valid: Formula; halt: boolean } {
    this.guard(transform);
    const only = group();
    const old: Record<string, Formula> = {};
    for (const [name, declaration] of Object.entries(transform.state)) {
      const slot = `${path}/${name}`;
      this.slots.set(slot, { ...declaration, path: slot, only });
      old[name] = stateLeaf(slot, declaration);
    }
    const apply: Flow['apply'] = (inner, key, changed, accepts) => {
      const body = (): { gradient: Formula; weight: Formula } => {
        let now = { ...flow, ...changed };
        for (const [index, each] of chainOf(inner).entries()) {
          if (each.period > 1 || each.stage !== transform.stage)
            throw new TypeError(
              expected(
                `[core] ${transform.kind}`,
                'a nested transform',
                'one that works on a single gradient',
                each.kind,
              ),
            );
          now = this.stage(each, `${path}/${key}.${index}.${each.kind}`, now);
        }
        return now;
      };
      return accepts ? withinGroup(accepts, body) : body();
    };
    const out = transform.update({
      ...flow,
      step: stepCount(),
      state: old,
      learningRate: this.learningRate,
      release: this.options.release,
      apply,
    });
    this.remember(transform, path, old, out.state ?? {}, flow.valid);
    return {
      gradient: out.gradient === undefined ? flow.gradient : lift(out.gradient),
      weight: out.weight === undefined ? flow.weight : lift(out.weight),
      valid: out.valid ?? flow.valid,
      halt: out.halt ?? false,
    };
  }

  /**
   * Gates what a transform wants to remember: by the step's validity, and for strategies by its finiteness as it is
   * stored. What is coarser decides for what is finer, so that a norm is taken in with all that belongs to it or not
   * at all.
   */
  private remember(
    transform: GradientTransform,
    path: string,
    old: Readonly<Record<string, Formula>>,
    state: Readonly<Record<string, unknown>>,
    valid: Formula,
  ): void {
    const next = Object.fromEntries(Object.entries(state).map(([name, value]) => [name, lift(value as Formula)]));
    for (const [name, value] of Object.entries(next)) {
      const declaration = transform.state[name];
      if (!declaration)
        throw new TypeError(
          expected(
            `[core] ${transform.kind}`,
            `state ${name}`,
            `one of the declared ${Object.keys(transform.state).join(', ') || '(none)'}`,
            name,
          ),
        );
      let gate = transform.gated ? valid : always();
      if (transform.guarded) {
        for (const [other, candidate] of Object.entries(next)) {
          const coarser = rankOf(transform.state[other]!.extent) <= rankOf(declaration.extent);
          if (coarser) gate = storedBy(candidate).reduce((all, each) => and(all, storable(each)), gate);
        }
      }
      const slot = this.slots.get(`${path}/${name}`)!;
      slot.next = value.opaque ? value : select(gate, value, old[name]!);
      if (value.opaque) slot.gate = gate;
    }
  }
}

/** The numbers that a value puts into state; of a tensor that a custom node makes, those that the node takes in. */
function storedBy(value: Formula): readonly Formula[] {
  if (!value.opaque) return [value];
  const taken = value.args[0]?.args ?? [];
  return taken.filter(({ opaque, extent, level }) => !opaque && extent !== 'element' && level > 0);
}

/** Transforms that make the gradient ready rather than clip it: reports count from what they return. */
const PREPARES: ReadonlySet<string> = new Set(['nonFiniteZero', 'accumulateGradients']);
