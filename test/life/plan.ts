/** From random wishes to a script of moves that all mean something: what cannot be done in its turn is left out. */
import { rename, type Renaming } from './casts';
import { isPoisoned, type Entry, type Gradient, type ListName, type Move, type Step } from './moves';
import type { Recipe } from './recipes';
import { ORDERS, VARIABLES, type Size, type Wish } from './wishes';

const MOST_STEPS = 25;
const ALL = [0, 1, 2, 3];
const HALVES = [
  [0, 1],
  [2, 3],
] as const;

interface PlanOptions {
  readonly recipe: Recipe;
  readonly names: readonly string[];
  /** Two lists by turns from the start, where an accumulation must not change its lists. */
  readonly turns: boolean;
}

/** What must be known to say whether a wish can be done. */
class Planner {
  readonly moves: Move[] = [];
  private steps = 0;
  private readonly frozen = new Map<number, 'null' | 'left'>();
  private turns: boolean;
  private turn = 0;
  private names: (string | null)[];
  private readonly used: Set<string>;
  /** Variables with state, in the order in which they were first seen. */
  private known: number[] = [];
  /** Those that were seen since the last loading, and those that made a step since and were not only collected. */
  private readonly bound = new Set<number>();
  private readonly stepped = new Set<number>();
  /** Whether the file's order is certain to be that of `known`. */
  private ordered = true;
  private loaded = false;
  private misnamed = false;
  /** The next step has to show all variables with state, in their order. */
  private mustShow = false;
  /** Whether a step has moved something, so that there are averages. */
  private moved = false;
  private kept: { known: number[]; good: number[]; calls: number[]; moved: boolean } | null = null;
  /** Under skip: good micro-batches in each variable's sum. By turn: calls in the cycle. */
  private good = new Array<number>(VARIABLES).fill(0);
  private calls = [0, 0];

  constructor(private readonly options: PlanOptions) {
    this.turns = options.turns && !options.recipe.stock;
    this.names = [...options.names];
    this.used = new Set(options.names);
  }

  do(wish: Wish, seed: number): void {
    const { recipe } = this.options;
    const accumulates = recipe.period !== undefined;
    switch (wish.wish) {
      case 'step':
        return this.step(wish.size, wish.order, seed);
      case 'freeze':
        // One variable always keeps the lists of an accumulation together.
        if (!accumulates || wish.variable % 2 !== 0)
          this.frozen.set(wish.variable, wish.leaves && !recipe.stock ? 'left' : 'null');
        return;
      case 'thaw':
        return this.frozen.clear();
      case 'takeTurns':
        if (!accumulates && !recipe.stock) this.turns = !this.turns;
        return;
      case 'backend':
        return this.add({ type: 'backend', to: wish.to });
      case 'rate':
        return this.add({ type: 'rate', value: wish.value });
      case 'save':
        return this.add({ type: 'save' });
      case 'swap':
        if (!recipe.averages || !this.moved) return;
        return this.add({
          type: 'swap',
          pass: this.loaded && this.known.some((each) => !this.stepped.has(each)) ? [...this.known] : null,
        });
      case 'snapshot':
        this.kept = { known: [...this.known], good: [...this.good], calls: [...this.calls], moved: this.moved };
        return this.add({ type: 'snapshot' });
      case 'rollback':
        return this.rollBack();
      case 'restart':
        this.startOver();
        return this.add({ type: 'restart' });
      case 'replace':
        // What becomes of a disposed variable's state before its successor has made a step is nobody's business; and
        // before the first step after loading a name means the variable in the file.
        if (
          recipe.stock ||
          accumulates ||
          this.mustShow ||
          this.steps >= MOST_STEPS ||
          !(this.loaded ? this.bound.has(wish.variable) : this.known.includes(wish.variable))
        )
          return;
        this.add({ type: 'replace', variable: wish.variable });
        this.ordered = false;
        this.push(
          'all',
          ALL.map((each) => ({ variable: each, gradient: { seed, scale: 1 } })),
        );
        return;
      case 'load':
        return this.load(wish.how, wish.old);
    }
  }

  private add(move: Move): void {
    this.moves.push(move);
  }

  private startOver(): void {
    this.known = [];
    this.unbind();
    this.kept = null;
    this.good.fill(0);
    this.calls = [0, 0];
    [this.ordered, this.loaded, this.mustShow, this.moved] = [true, false, false, false];
  }

  private unbind(): void {
    this.bound.clear();
    this.stepped.clear();
  }

  private rollBack(): void {
    const { kept } = this;
    if (!kept || this.mustShow) return;
    if (kept.known.length !== this.known.length) this.ordered = false;
    [this.known, this.good, this.calls, this.moved] = [[...kept.known], [...kept.good], [...kept.calls], kept.moved];
    this.unbind();
    this.loaded = true;
    this.add({ type: 'rollback' });
  }

  private load(wanted: Renaming, old: 'alive' | 'disposed'): void {
    const { recipe } = this.options;
    const { known } = this;
    const namesTell = recipe.byName && (wanted === 'unnamed' || wanted === 'shifted');
    const orderTells =
      this.ordered &&
      this.steps < MOST_STEPS &&
      !(recipe.period !== undefined && this.turns) &&
      (!recipe.stock || known.length === VARIABLES || !known.length);
    // A variable that tfjs has numbered gets another number when it is made again.
    const isNumbered = this.names.includes(null);
    const how =
      // Names that were others' once tell something untrue if they are changed again.
      this.mustShow || !orderTells || this.misnamed ? 'kept' : namesTell || (isNumbered && wanted === 'shifted') ? 'suffixed' : wanted;
    // Names that tfjs may have given, numbers and those of layers, tell nothing, so order has to, even where they are kept.
    const isNumber = this.options.names.every((name) => /^\d+$|_[A-Z][a-z]+\d+\//.test(name));
    if (how === 'kept' && (isNumbered || (isNumber && known.length && !orderTells))) return;
    // Loaders begin with the first name each time.
    const names =
      how === 'kept'
        ? this.names
        : rename(how === 'shifted' ? (this.names as string[]) : this.options.names, how, this.used);
    this.names = names;
    this.misnamed ||= how === 'shifted';
    for (const name of names) if (name !== null) this.used.add(name);
    this.add({
      type: 'load',
      names,
      old: how === 'kept' || how === 'shifted' ? 'disposed' : old,
      mayRefuse: how === 'shifted',
    });
    this.unbind();
    this.kept = null;
    [this.loaded, this.mustShow] = [true, this.mustShow || ((how !== 'kept' || isNumber) && known.length > 0)];
  }

  private step(size: Size, order: (typeof ORDERS)[number], seed: number): void {
    if (this.steps >= MOST_STEPS) return;
    if (this.mustShow) {
      const shown = this.options.recipe.stock ? ALL : this.known;
      this.mustShow = false;
      return this.push(
        'all',
        shown.map((each) => ({ variable: each, gradient: { seed, scale: 1 } })),
      );
    }
    const half = this.turn % 2;
    const members = this.turns ? HALVES[half]! : ALL;
    if (this.turns) this.turn++;
    const present = members.filter((each) => !this.frozen.has(each));
    const gradient = this.gradient(size, seed, members);
    let entries: Entry[] = members
      .filter((each) => this.frozen.get(each) !== 'left')
      .map((each) => ({
        variable: each,
        // One variable is enough to spoil a step.
        gradient: this.frozen.has(each)
          ? null
          : each === present[0]
            ? gradient
            : { seed: gradient.seed, scale: gradient.scale },
      }));
    if (!this.options.recipe.stock && order === 'reversed') entries = entries.reverse();
    if (!this.options.recipe.stock && order === 'doubled') entries = [...entries, ...entries.slice(0, 1)];
    this.push(!this.turns ? 'all' : half === 0 ? 'first half' : 'second half', entries);
  }

  private gradient(size: Size, seed: number, members: readonly number[]): Gradient {
    const { recipe } = this.options;
    const poison = size === 'NaN' ? NaN : size === 'infinite' ? (seed % 2 ? Infinity : -Infinity) : undefined;
    const scale = size === 'small' ? 1e-3 : size === 'zero' ? 0 : size === 'huge' ? recipe.huge : 1;
    // Where sums hold different numbers of good micro-batches, what a bad one means for each is nobody's business.
    const uniform = members.every((each) => this.good[each] === this.good[members[0]!]);
    if (
      poison === undefined ||
      recipe.policy === 'propagate' ||
      (recipe.period !== undefined && recipe.policy === 'skip' && !uniform)
    )
      return { seed, scale };
    return { seed, scale, poison };
  }

  private push(list: ListName, entries: readonly Entry[]): void {
    const step: Step = { type: 'step', list, entries };
    const { recipe } = this.options;
    this.steps++;
    this.add(step);
    const present = entries.filter(({ gradient }) => gradient).map(({ variable: each }) => each);
    const bad = isPoisoned(step);
    const isGood = !(bad && recipe.policy === 'skip');
    // Whether a step that changed nothing has made its variables known is nobody's business.
    if (bad && recipe.policy !== 'zero' && present.some((each) => !this.known.includes(each))) this.ordered = false;
    if (!present.length || (bad && recipe.policy === 'throw')) return;
    const unseen = this.known.filter((each) => !this.bound.has(each));
    for (const each of present) {
      // Which order a file has whose variables came back one by one after a loading is nobody's business.
      if (this.loaded && !this.bound.has(each) && unseen.length && unseen[0] !== each) this.ordered = false;
      if (unseen[0] === each) unseen.shift();
      if (!this.known.includes(each)) this.known.push(each);
      this.bound.add(each);
    }
    const cycle = list === 'second half' ? 1 : 0;
    this.calls[cycle] = (this.calls[cycle]! + 1) % (recipe.period ?? 1);
    for (const each of present) {
      if (isGood) this.good[each]!++;
      if (this.calls[cycle] !== 0) continue;
      this.stepped.add(each);
      this.moved ||= this.good[each]! > 0;
      this.good[each] = 0;
    }
  }
}

export function plan(wanted: readonly Wish[], options: PlanOptions): readonly Move[] {
  const planner = new Planner(options);
  wanted.forEach((wish, index) => {
    planner.do(wish, index + 1);
  });
  return planner.moves;
}
