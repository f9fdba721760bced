/**
 * Reads weights as earlier versions wrote them. They said neither shapes nor which slots there were, and left out the variables
 * of which they remembered nothing.
 */
import { show } from '../errors';
import { isStock, placeIn } from '../optimizer/stock';
import type { Slot } from '../trace/program';
import { shareOf } from '../transforms/accumulate';
import { COUNTERS, innerName, ITERATIONS, parseLegacyName, parseName } from './names';
import type { Expectation, SavedState, SavedTensor, SavedVariable } from './saved';

/** Their `counters`: calls, applied steps, the wrapped optimizer's steps. */
export const LEGACY_COUNTERS = 3;

interface Found {
  readonly name: string;
  readonly slots: Map<string, SavedTensor>;
}

export function readLegacy(weights: ReadonlyMap<string, SavedTensor>, { owner, slots, inner: wrapped, period }: Expectation, iterations: number, counters: readonly number[]): SavedState {
  const step = new Map<string, SavedTensor>(), variables = new Map<string, Found>(), inner: SavedTensor[] = [];
  for (const [text, saved] of weights) {
    if (text === ITERATIONS || text === COUNTERS) continue;
    const name = parseLegacyName(text, slots.keys());
    if (!name) {
      inner.push(innerWeight(owner, text, saved, wrapped !== null));
      continue;
    }
    if (!name.key) {
      step.set(name.path, saved);
      continue;
    }
    const variable = variables.get(name.key) ?? { name: name.name, slots: new Map() };
    variable.slots.set(name.path, saved);
    variables.set(name.key, variable);
  }
  const found = [...variables.values()];
  shareOut(step, slots, found);
  rescale(found, period);
  const [calls, appliedSteps, innerIterations] = counters as [number, number, number];
  if (appliedSteps > 0) checkComplete(owner, slots, found, step);
  return {
    iterations, calls, appliedSteps, innerIterations, step, inner,
    // There was one cycle for all.
    cycles: [calls % period],
    variables: withPlaces(owner, found.map(({ name, slots: own }) => ({ name, shape: shapeIn(slots, own), cycle: 0, slots: own })), wrapped && isStock(wrapped) ? inner : []),
  };
}

function innerWeight(owner: string, text: string, saved: SavedTensor, hasInner: boolean): SavedTensor {
  const name = parseName(text);
  if (name?.of !== 'inner') throw new RangeError(`${owner}: unexpected weight ${show(text)}: no state of this optimizer has that name`);
  if (!hasInner) throw new RangeError(`${owner}: unexpected weight ${show(innerName(name.name))}: this optimizer wraps none`);
  return { ...saved, name: name.name };
}

/** Accumulation once counted for the whole step what it now counts for each variable. */
function shareOut(step: Map<string, SavedTensor>, slots: ReadonlyMap<string, Slot>, variables: readonly Found[]): void {
  for (const [path, saved] of step) {
    if (slots.get(path)!.extent === 'scalar') continue;
    step.delete(path);
    for (const each of variables) each.slots.set(path, saved);
  }
}

/** Accumulation once kept plain sums, and now keeps them in shares. */
function rescale(variables: readonly Found[], period: number): void {
  for (const { slots } of variables) {
    for (const [path, saved] of slots) {
      if (path.endsWith('.accumulateGradients/total')) slots.set(path, { ...saved, values: Float32Array.from(saved.values, (each) => each * shareOf(period)) });
    }
  }
}

/** After a whole step each variable has all slots that every variable has; before it nobody can say what should be there. */
function checkComplete(owner: string, slots: ReadonlyMap<string, Slot>, variables: readonly Found[], step: ReadonlyMap<string, SavedTensor>): void {
  for (const { path, only, extent } of slots.values()) {
    const holders = extent === 'scalar' ? [{ name: 'the step', slots: step }] : variables;
    const lacking = only ? undefined : holders.find((each) => !each.slots.has(path));
    if (lacking) throw new RangeError(`${owner}: the weight ${show(path)} of ${lacking.name} is missing`);
  }
  for (const each of variables) {
    for (const path of each.slots.keys()) {
      if (slots.get(path)!.extent === 'scalar') throw new RangeError(`${owner}: unexpected weight ${show(path)} of ${each.name}: it belongs to the whole step`);
    }
  }
}

/** The variable's shape, if a slot of it has it. */
function shapeIn(slots: ReadonlyMap<string, Slot>, own: ReadonlyMap<string, SavedTensor>): readonly number[] | null {
  for (const [path, { shape }] of own) {
    const slot = slots.get(path)!;
    if (slot.extent === 'element' && !slot.shape) return shape;
  }
  return null;
}

/** The wrapped optimizer remembers variables by their places, those too of which there is nothing else. */
function withPlaces(owner: string, variables: readonly SavedVariable[], inner: readonly SavedTensor[]): SavedVariable[] {
  const shapes: (readonly number[])[] = [];
  for (const { name, shape } of inner) if (placeIn(name) >= 0) shapes[placeIn(name)] = shape;
  const gap = Array.from(shapes).indexOf(undefined as never);
  if (gap >= 0) throw new RangeError(`${owner}: the wrapped optimizer's state of variable ${gap} is missing`);
  return Array.from({ length: Math.max(variables.length, shapes.length) }, (_, place) =>
    variables[place] ?? { name: null, shape: shapes[place] ?? null, cycle: 0, slots: new Map() });
}
