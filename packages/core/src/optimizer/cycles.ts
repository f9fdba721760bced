/** Which micro-batches make a step together: variables that stand in one list share a cycle, and so do lists that share a variable. */
import type { Cycle, StateRecord } from '../state/store';

/**
 * The cycle of these variables. Where they come from several, the furthest one goes on for all of them. A cycle that is through
 * binds nobody any more: lists that come by turns after they came together do not count each other's calls.
 */
export function joinCycles(members: readonly StateRecord[], all: readonly StateRecord[]): Cycle {
  let furthest = members[0]!.cycle, differ = false;
  for (const { cycle } of members) {
    if (cycle === furthest) continue;
    differ = true;
    if (cycle.calls > furthest.calls) furthest = cycle;
  }
  if (furthest.calls === 0) {
    const fresh: Cycle = { calls: 0 };
    for (const record of members) record.cycle = fresh;
    return fresh;
  }
  if (differ) {
    const begun = new Set(members.map(({ cycle }) => cycle).filter(({ calls }) => calls > 0));
    for (const record of all) if (begun.has(record.cycle)) record.cycle = furthest;
    for (const record of members) record.cycle = furthest;
  }
  return furthest;
}
