/**
 * Fused backends: programs run as a few compiled kernels per variable, with the small values between them on the
 * host.
 */
import type { Program } from '../../trace/program';
import type { Target } from '../../trace/target';
import type { Backend } from '../backend';
import { classKey, passesOf, planFor } from './plan';
import { BoundProgram } from './run';
import type { Device } from './device';

export function fusedBackend<Handle, Place>(device: Device<Handle, Place>): Backend {
  const bound = new WeakMap<Program, WeakMap<readonly Target[], BoundProgram<Handle, Place>>>();
  const boundTo = (program: Program, targets: readonly Target[]): BoundProgram<Handle, Place> => {
    let ofProgram = bound.get(program);
    if (!ofProgram) {
      ofProgram = new WeakMap();
      bound.set(program, ofProgram);
    }
    let found = ofProgram.get(targets);
    if (!found) {
      found = new BoundProgram(program, targets, device);
      ofProgram.set(targets, found);
    }
    return found;
  };
  return {
    name: device.name,
    host: true,
    passes: countPasses,
    run: (run) => boundTo(run.program, run.targets).run(run),
  };
}

/** Passes over memory of one step, over all variables, without compiling anything. */
function countPasses(program: Program, targets: readonly Target[]): number {
  const ofClass = new Map<string, number>();
  let total = 0;
  for (const target of targets) {
    const key = classKey(program, target);
    if (!ofClass.has(key)) ofClass.set(key, passesOf(planFor(program, target, key)));
    total += ofClass.get(key)!;
  }
  return total;
}
