/** What may happen to an optimizer, as plain data, and how it is told to a reader. */
import { randomNumbers } from '@clipkit/core/testing';
import { sizeOf } from './casts';

/** Where things run: tfjs's backend, and whether ours is forced to be made of tf ops. */
export const HOMES = ['cpu', 'wasm', 'eager on cpu', 'eager on wasm'] as const;
export type Home = (typeof HOMES)[number];

/** Random numbers in (−scale, scale), the first of them replaced by `poison`. */
export interface Gradient {
  readonly seed: number;
  readonly scale: number;
  readonly poison?: number;
}

export interface Entry {
  readonly variable: number;
  /** Null: the variable is in the list, and has none. */
  readonly gradient: Gradient | null;
}

export type ListName = 'all' | 'first half' | 'second half';

export type Move =
  | { readonly type: 'step'; readonly list: ListName; readonly entries: readonly Entry[] }
  | { readonly type: 'backend'; readonly to: Home }
  | { readonly type: 'rate'; readonly value: number }
  | { readonly type: 'save' }
  /** `names`: null for one that tfjs numbers. `mayRefuse`: names mislead, so an error is as good as the same bits. */
  | {
      readonly type: 'load';
      readonly names: readonly (string | null)[];
      readonly old: 'alive' | 'disposed';
      readonly mayRefuse: boolean;
    }
  /** `pass`: the variables to name, where the optimizer has not seen them all since it was loaded. */
  | { readonly type: 'swap'; readonly pass: readonly number[] | null }
  | { readonly type: 'snapshot' }
  | { readonly type: 'rollback' }
  /** The optimizer is disposed and another one begins with the same variables. */
  | { readonly type: 'restart' }
  /** A variable is disposed, and another one of its name and value takes its place. */
  | { readonly type: 'replace'; readonly variable: number };

export type Step = Extract<Move, { type: 'step' }>;

export function gradientValues(
  { seed, scale, poison }: Gradient,
  variable: number,
  shape: readonly number[],
): Float32Array {
  const next = randomNumbers(1000 * seed + variable);
  const values = Float32Array.from({ length: sizeOf(shape) }, () => scale * next());
  if (poison !== undefined) values[0] = poison;
  return values;
}

export const isPoisoned = ({ entries }: Step): boolean =>
  entries.some(({ gradient }) => gradient?.poison !== undefined);

function tellGradient(gradient: Gradient | null): string {
  if (!gradient) return 'null';
  const { seed, scale, poison } = gradient;
  return `seed ${seed}${scale === 1 ? '' : ` × ${scale}`}${poison === undefined ? '' : ` with ${poison}`}`;
}

const tellEntry = ({ variable, gradient }: Entry): string => `${variable}: ${tellGradient(gradient)}`;

export function tell(move: Move): string {
  switch (move.type) {
    case 'step':
      return `step, ${move.list}: ${move.entries.map(tellEntry).join('; ') || 'an empty list'}`;
    case 'backend':
      return `go on ${move.to}`;
    case 'rate':
      return `learningRate = ${move.value}`;
    case 'load':
      return `save and load, the old one ${move.old}, as ${JSON.stringify(move.names)}`;
    case 'swap':
      return `averages in and out${move.pass ? ` of variables ${move.pass.join(', ')}` : ''}`;
    case 'replace':
      return `variable ${move.variable} is disposed and made anew`;
    default:
      return move.type;
  }
}
