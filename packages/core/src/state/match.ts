/**
 * Which saved variable is which live one.
 *
 * Names decide where they tell something, else the order of variables does; shapes check it. What cannot be told for certain
 * is refused with both sides named: state that goes to a wrong variable, or to none, would never be noticed.
 */
import { isSameShape } from '../shape';

/** A variable on either side. The saved one's name or shape may be unknown. */
export interface Known {
  readonly name: string | null;
  readonly shape: readonly number[] | null;
  /** Nothing is remembered of it, so that nothing is lost where it does not come. */
  readonly isEmpty?: boolean;
}
export interface Live {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What is left of a name when what tfjs adds to it is taken off, and whether that tells variables apart. */
interface Kin {
  readonly stem: string;
  readonly telling: boolean;
}

const kins = new Map<string, Kin>();
const MOST_KINS = 4096;

function kinOf(name: string): Kin {
  let kin = kins.get(name);
  if (!kin) {
    if (kins.size >= MOST_KINS) kins.clear();
    kin = readKin(name);
    kins.set(name, kin);
  }
  return kin;
}

/**
 * tfjs names a variable without a name by a number, and a layer without one by its class and a number: `dense_Dense3/kernel`,
 * within a bidirectional layer `forward_gru_GRU1/kernel`.
 */
function readKin(name: string): Kin {
  if (/^\d+$/.test(name)) return { stem: '', telling: false };
  const canonical = name.replace(/(_\d+)+$/, '');
  let telling = true;
  const stem = canonical.replace(/(^|\/)((?:forward_|backward_)?)([a-z0-9_]+)_([A-Z][A-Za-z0-9]*)(?=\/|$)/g, (all, before: string, direction: string, snake: string, numbered: string) => {
    const { length } = snake.replace(/_/g, ''), className = numbered.slice(0, length);
    if (snake.replace(/_/g, '') !== className.toLowerCase() || !/^\d+$/.test(numbered.slice(length))) return all;
    telling = false;
    return `${before}${direction}${className}`;
  });
  return { stem, telling };
}

/** Whether a saved variable could be a live one, by all that is known of it. One without a name could be any. */
function agrees(saved: Known, live: Live): boolean {
  if (saved.shape && !isSameShape(saved.shape, live.shape)) return false;
  if (saved.name === null) return true;
  const [was, is] = [kinOf(saved.name), kinOf(live.name)];
  return was.stem === is.stem || was.stem === '' || is.stem === '';
}

const same = (name: string): string => name;
const stripped = (name: string): string => name.replace(/_\d+$/, '');
/** How a name is read on the live side and on the saved one, the likeliest first. */
const RENAMINGS = [[same, same], [stripped, same], [same, stripped], [stripped, stripped]] as const;

function indicesOf<T>(list: readonly T[], accepts: (each: T) => boolean): number[] {
  return list.flatMap((each, index) => (accepts(each) ? [index] : []));
}

const show = ({ name, shape }: Known): string => `${name ?? 'a variable without a name'} [${shape ?? '?'}]`;
const list = (variables: readonly Known[]): string => (variables.length ? variables.map(show).join(', ') : 'none');

/**
 * For each live variable the index of its saved one, or −1 for a variable that was not saved.
 * @param owner begins the error
 * @param saved what waits for its variables, in the order in which it was saved
 * @param live the variables of a list that have no state yet, in the list's order
 * @param others all other live variables: what is saved of one of them is kept until that one comes
 * @throws RangeError where it cannot be told which is which, or a shape differs, or saved state fits no live variable
 */
export function matchVariables(owner: string, saved: readonly Known[], live: readonly Live[], others: readonly Live[]): number[] {
  return new Matching(owner, saved, live).run(others);
}

class Matching {
  private readonly found: number[];
  private readonly taken: boolean[];
  private readonly savedKin: readonly (Kin | null)[];
  private readonly liveKin: readonly Kin[];

  constructor(private readonly owner: string, private readonly saved: readonly Known[], private readonly live: readonly Live[]) {
    this.found = live.map(() => -1);
    this.taken = saved.map(() => false);
    this.savedKin = saved.map(({ name }) => (name === null ? null : kinOf(name)));
    this.liveKin = live.map(({ name }) => kinOf(name));
  }

  run(others: readonly Live[]): number[] {
    this.byName();
    this.byOrder(others);
    this.refuseLeftovers(others);
    return this.found;
  }

  private byName(): void {
    const stems = new Set(this.liveKin.filter(({ telling }) => telling).map(({ stem }) => stem));
    for (const stem of stems) {
      const isOne = (kin: Kin | null): boolean => kin !== null && kin.telling && kin.stem === stem;
      const mine = indicesOf(this.liveKin, isOne), theirs = indicesOf(this.savedKin, isOne);
      if (!theirs.length) continue;
      const named = this.byRenaming(mine, theirs);
      if (named) this.take(mine, named);
      else if (mine.length !== theirs.length) this.take(mine, this.embed(mine, theirs) ?? this.refuse(mine, theirs));
      else this.take(mine, this.isShift(mine, theirs) ? theirs : this.refuse(mine, theirs));
    }
  }

  /** All under their old names; or all with one `_N` more, one less, or another one, as loading renames them. */
  private byRenaming(mine: readonly number[], theirs: readonly number[]): number[] | null {
    for (const [ofLive, ofSaved] of RENAMINGS) {
      const names = theirs.map((index) => ofSaved(this.saved[index]!.name ?? ''));
      const places = mine.map((index) => names.indexOf(ofLive(this.live[index]!.name)));
      const isCertain = places.every((at) => at >= 0 && names.indexOf(names[at]!, at + 1) < 0);
      if (isCertain && new Set(places).size === places.length) return places.map((at) => theirs[at]!);
    }
    return null;
  }

  /** Loading renames `w` to `w_1`, and `w_1` to `w_2`: a name that is another one's now must have moved along with all the rest. */
  private isShift(mine: readonly number[], theirs: readonly number[]): boolean {
    const suffix = (name: string): number => Number(/_(\d+)$/.exec(name)?.[1] ?? 0);
    const shifts = mine.map((index, at) => suffix(this.live[index]!.name) - suffix(this.saved[theirs[at]!]!.name!));
    const names = new Set(theirs.map((index) => this.saved[index]!.name));
    const collides = mine.some((index, at) => names.has(this.live[index]!.name) && this.live[index]!.name !== this.saved[theirs[at]!]!.name);
    return !collides || shifts.every((shift) => shift === shifts[0]);
  }

  /** What names do not tell: all of it in its order, or the one way in which some of it fits into the other. */
  private byOrder(others: readonly Live[]): void {
    const mine = indicesOf(this.found, (other) => other < 0), theirs = indicesOf(this.taken, (taken) => !taken);
    if (!mine.length || !theirs.length) return;
    const fits = mine.length === theirs.length && mine.every((index, at) => agrees(this.saved[theirs[at]!]!, this.live[index]!));
    const found = mine.length === theirs.length
      ? this.bySameNames(mine, theirs) ?? (fits ? theirs : this.byKind(mine, theirs))
      : this.embed(mine, theirs) ?? this.byNamesOfFile(mine, theirs, others);
    if (found) this.take(mine, found);
    else if (mine.some((index) => theirs.some((other) => agrees(this.saved[other]!, this.live[index]!)))) this.refuse(mine, theirs);
  }

  /** A list in another order, where kind and shape alone tell all variables apart. */
  private byKind(mine: readonly number[], theirs: readonly number[]): number[] | null {
    const choices = mine.map((index) => theirs.filter((other) => agrees(this.saved[other]!, this.live[index]!)));
    const picked = choices.map(([only]) => only);
    return choices.every(({ length }) => length === 1) && new Set(picked).size === picked.length ? picked as number[] : null;
  }

  /** Just the saved names, in whatever order: numbers that moved on would not be the same ones again. */
  private bySameNames(mine: readonly number[], theirs: readonly number[]): number[] | null {
    const places = mine.map((index) => theirs.find((other) => this.saved[other]!.name === this.live[index]!.name));
    return places.every((other) => other !== undefined) ? places as number[] : null;
  }

  /**
   * Layers that are named as they were saved, since they came from the same file. Layers made anew have such names too, where
   * numbers moved on, but then others of their kind are about that were not saved. tfjs gives no number twice, so a name that it
   * had to make unique is a file's. Bare numbers are too common for all that.
   */
  private byNamesOfFile(mine: readonly number[], theirs: readonly number[], others: readonly Live[]): number[] | null {
    const found = mine.every((index) => this.liveKin[index]!.stem !== '') ? this.byRenaming(mine, theirs) : null;
    if (!found?.every((other, at) => agrees(this.saved[other]!, this.live[mine[at]!]!))) return null;
    const names = new Set(theirs.map((other) => this.saved[other]!.name!));
    const isNew = (other: Live): boolean => !names.has(other.name) && theirs.some((index) => agrees(this.saved[index]!, other));
    const isOfFile = mine.every((index) => stripped(this.live[index]!.name) !== this.live[index]!.name) || !others.some(isNew);
    return isOfFile ? found : null;
  }

  /**
   * The one way in which the shorter side lies in the longer one: as a run of neighbours if there is such a run, else in order.
   * Null where there is none or more than one. Live variables that are left out get −1.
   */
  private embed(mine: readonly number[], theirs: readonly number[]): number[] | null {
    const fits = (index: number, other: number): boolean => agrees(this.saved[other]!, this.live[index]!);
    const savedIsLonger = theirs.length > mine.length, [short, long] = savedIsLonger ? [mine, theirs] : [theirs, mine];
    const pair = (a: number, b: number): boolean => (savedIsLonger ? fits(a, b) : fits(b, a));
    const ways = runs(short, long, pair);
    const places = ways.length === 1 ? ways[0]! : ways.length === 0 ? onlyOrder(short, long, pair) : null;
    if (!places) return null;
    if (savedIsLonger) return places.map((at) => theirs[at]!);
    const order = mine.map(() => -1);
    places.forEach((at, index) => { order[at] = theirs[index]!; });
    return order;
  }

  private take(mine: readonly number[], theirs: readonly number[]): void {
    mine.forEach((index, at) => {
      const other = theirs[at]!;
      if (other < 0) return;
      const saved = this.saved[other]!, live = this.live[index]!;
      if (saved.shape && !isSameShape(saved.shape, live.shape)) {
        throw new RangeError(`${this.owner}: the saved state of ${saved.name ?? 'a variable'} is for the shape [${saved.shape.join()}], the variable ${live.name} must have shape [${live.shape.join()}], got [${saved.shape.join()}]`);
      }
      this.found[index] = other;
      this.taken[other] = true;
    });
  }

  private refuse(mine: readonly number[], theirs: readonly number[]): never {
    throw new RangeError(`${this.owner}: cannot tell which saved state belongs to which variable: saved are ${list(theirs.map((index) => this.saved[index]!))}, the gradients are for ${list(mine.map((index) => this.live[index]!))}; give the variables (or layers) names of their own, or pass the gradients of all saved variables in their order, null for those without one`);
  }

  /** What nobody claimed waits for a variable that is not in this list, if there is one it could be. */
  private refuseLeftovers(others: readonly Live[]): void {
    const left = this.saved.filter(({ isEmpty }, index) => !this.taken[index] && !isEmpty);
    const isKnownList = this.found.some((other) => other >= 0);
    const mayCome = (saved: Known) => (other: Live): boolean => agrees(saved, other) && (isKnownList || stripped(other.name) === stripped(saved.name ?? ''));
    const lost = left.filter((each) => !others.some(mayCome(each)));
    if (!lost.length) return;
    const fresh = this.live.filter((_, index) => this.found[index]! < 0);
    throw new RangeError(`${this.owner}: the saved state of ${list(lost)} fits no variable; without saved state ${fresh.length === 1 ? 'is' : 'are'} ${list(fresh)}. If they were renamed, give them their old names; if they are gone, leave their weights out and load again`);
  }
}

/** All places at which the short list is a run of neighbours in the long one. */
function runs(short: readonly number[], long: readonly number[], pair: (a: number, b: number) => boolean): number[][] {
  const found: number[][] = [];
  for (let start = 0; start + short.length <= long.length && found.length < 2; start++) {
    if (short.every((index, at) => pair(index, long[start + at]!))) found.push(short.map((_, at) => start + at));
  }
  return found;
}

/** The places of the short list in the long one, in order, if the earliest and the latest choice agree. */
function onlyOrder(short: readonly number[], long: readonly number[], pair: (a: number, b: number) => boolean): number[] | null {
  const earliest: number[] = [], latest: number[] = [];
  for (const index of short) {
    let at = (earliest.at(-1) ?? -1) + 1;
    while (at < long.length && !pair(index, long[at]!)) at++;
    if (at === long.length) return null;
    earliest.push(at);
  }
  for (const index of [...short].reverse()) {
    let at = (latest[0] ?? long.length) - 1;
    while (at >= 0 && !pair(index, long[at]!)) at--;
    if (at < 0) return null;
    latest.unshift(at);
  }
  return earliest.every((at, index) => at === latest[index]) ? earliest : null;
}
