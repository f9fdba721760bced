/**
 * Factors that single precision cannot hold: c / ‖g‖ where the norm is 1e41, 1 / ‖g‖ where it is 1e-41.
 *
 * Such a factor is multiplied in parts, by a kernel of its own that is compiled when it is first needed; every other
 * step runs the plain kernel, and pays for a comparison.
 */
import type { Formula } from '../../formula/formula';
import { isExtreme, part, PARTS } from '../../formula/single';
import type { Kernel, Launch } from './device';
import { isLeaf, type KernelSpec } from './plan';

const INDICES = Array.from({ length: PARTS }, (_, index) => index);

export class Splitter<Place> {
  /** Indices among the spec's uniforms and units. */
  private readonly uniforms: readonly number[];
  private readonly units: readonly number[];
  private kernel: Kernel<Place> | null = null;

  private constructor(
    private readonly spec: KernelSpec,
    factors: ReadonlySet<Formula>,
    private readonly compile: (spec: KernelSpec) => Kernel<Place>,
  ) {
    const indices = (list: readonly Formula[]): number[] =>
      list.flatMap((each, index) => (factors.has(each) ? [index] : []));
    this.uniforms = indices(spec.uniforms);
    this.units = indices(spec.units);
  }

  /** Null where a kernel has no factor that depends on norms. */
  static of<Place>(spec: KernelSpec, compile: (spec: KernelSpec) => Kernel<Place>): Splitter<Place> | null {
    const factors = factorsOf(spec);
    return factors.size ? new Splitter(spec, factors, compile) : null;
  }

  isNeeded({ uniforms, units }: Launch<Place>): boolean {
    for (const index of this.uniforms) if (isExtreme(uniforms[index]!)) return true;
    for (const index of this.units) if (units[index]!.some(isExtreme)) return true;
    return false;
  }

  run(launch: Launch<Place>): void {
    this.kernel ??= this.compile(this.split());
    const uniforms = this.uniforms.flatMap((index) => INDICES.map((at) => part(launch.uniforms[index]!, at)));
    const units = this.units.flatMap((index) =>
      INDICES.map((at) => launch.units[index]!.map((factor) => part(factor, at))),
    );
    this.kernel.run({
      ...launch,
      uniforms: Float64Array.of(...launch.uniforms, ...uniforms),
      units: [...launch.units, ...units],
    });
  }

  /** The same kernel with x · f written as ((x · f₀) · f₁) · f₂. */
  private split(): KernelSpec {
    const { spec } = this;
    const parts = new Map<Formula, Formula[]>();
    const rewritten = new Map<Formula, Formula>();
    const partsOf = (index: number, list: readonly Formula[]): Formula[] => {
      const made = INDICES.map(() => ({ ...list[index]! }));
      parts.set(list[index]!, made);
      return made;
    };
    const uniforms = [...spec.uniforms, ...this.uniforms.flatMap((index) => partsOf(index, spec.uniforms))];
    const units = [...spec.units, ...this.units.flatMap((index) => partsOf(index, spec.units))];
    const resolve = (formula: Formula): Formula => {
      const at = spec.resolve(formula);
      let found = rewritten.get(at);
      if (!found) {
        const factor = factorOf(at, spec);
        found =
          (factor &&
            parts
              .get(factor.small)
              ?.reduce<Formula>((product, each) => ({ ...at, args: [product, each] }), factor.elements)) ??
          at;
        rewritten.set(at, found);
        // What was made here is final.
        for (let inner = found; inner !== factor?.elements && inner !== at; inner = inner.args[0]!)
          rewritten.set(inner, inner);
      }
      return found;
    };
    return { ...spec, uniforms, units, resolve };
  }
}

/** Small values that depend on norms and that elements are multiplied by. */
function factorsOf(spec: KernelSpec): Set<Formula> {
  const factors = new Set<Formula>();
  const seen = new Set<Formula>();
  const visit = (formula: Formula): void => {
    const at = spec.resolve(formula);
    if (seen.has(at) || at.extent !== 'element' || isLeaf(at)) return;
    seen.add(at);
    const small = factorOf(at, spec)?.small;
    if (small) factors.add(small);
    at.args.forEach(visit);
  };
  [...spec.stores, ...spec.reduces.map((each) => each.args[0]!)].forEach(visit);
  return factors;
}

function factorOf(at: Formula, spec: KernelSpec): { readonly small: Formula; readonly elements: Formula } | null {
  if (at.operation !== 'mul' || at.extent !== 'element') return null;
  const [left, right] = at.args.map(spec.resolve) as [Formula, Formula];
  if (left.extent !== 'element' && right.extent === 'element' && left.level > 0)
    return { small: left, elements: right };
  if (right.extent !== 'element' && left.extent === 'element' && right.level > 0)
    return { small: right, elements: left };
  return null;
}
