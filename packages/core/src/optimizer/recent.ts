/** What was bound to lists of gradients, the last used list first: a step finds its own at the first look. */
import type { Target } from '../trace/target';

interface Bound {
  readonly targets: readonly Target[];
}

/** Moves the list at a place before the others and returns it. */
export function moveFirst<List>(lists: List[], place: number): List {
  const list = lists[place]!;
  for (let back = place; back > 0; back--) lists[back] = lists[back - 1]!;
  lists[0] = list;
  return list;
}

/** With a new list before the others, without those whose variables are gone or which nobody used for the longest time. */
export function withFirst<List extends Bound>(list: List, lists: readonly List[], most: number): List[] {
  const alive = lists.filter(({ targets }) => targets.every(({ variable }) => !variable?.isDisposed));
  return [list, ...alive].slice(0, most);
}
