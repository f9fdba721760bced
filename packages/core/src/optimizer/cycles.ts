/** Which micro-batches make a step together: variables that stand in one list share a cycle, and so do lists that share a variable. */
import type { Cycle, StateRecord } from '../state/store';

/** The cycle of these variables. Where they come from several, the furthest one goes on for all of them. */
export function joinCycles(members: readonly StateRecord[], all: readonly StateRecord[]): Cycle {
  let furthest = members[0]!.cycle, differ = false;
  for (const { cycle } of members) {
    if (cycle === furthest) continue;
    differ = true;
    if (cycle.calls > furthest.calls) furthest = cycle;
  }
  if (differ) {
    const joined = new Set(members.map(({ cycle }) => cycle));
    for (const record of all) if (joined.has(record.cycle)) record.cycle = furthest;
  }
  return furthest;
}
