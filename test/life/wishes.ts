/** Random wishes for what shall happen to an optimizer, whether it can or not. */
import fc from 'fast-check';
import { RENAMINGS, type Renaming } from './casts';
import { HOMES, type Home } from './moves';

export const VARIABLES = 4;

const SIZES = ['plain', 'small', 'zero', 'huge', 'NaN', 'infinite'] as const;
export const ORDERS = ['straight', 'reversed', 'doubled'] as const;
export type Size = (typeof SIZES)[number];

export type Wish =
  | { readonly wish: 'step'; readonly size: Size; readonly order: (typeof ORDERS)[number] }
  | { readonly wish: 'freeze'; readonly variable: number; readonly leaves: boolean }
  | { readonly wish: 'thaw' }
  | { readonly wish: 'takeTurns' }
  | { readonly wish: 'backend'; readonly to: Home }
  | { readonly wish: 'rate'; readonly value: number }
  | { readonly wish: 'load'; readonly how: Renaming; readonly old: 'alive' | 'disposed' }
  | { readonly wish: 'replace'; readonly variable: number }
  | { readonly wish: 'save' | 'swap' | 'snapshot' | 'rollback' | 'restart' };

const variable = fc.nat(VARIABLES - 1);
const step = fc.record({
  wish: fc.constant('step' as const),
  size: fc.oneof(
    { withCrossShrink: true },
    { arbitrary: fc.constant<Size>('plain'), weight: 8 },
    fc.constantFrom(...SIZES),
  ),
  order: fc.oneof(
    { withCrossShrink: true },
    { arbitrary: fc.constant('straight' as const), weight: 4 },
    fc.constantFrom(...ORDERS),
  ),
});

const wish: fc.Arbitrary<Wish> = fc.oneof(
  { withCrossShrink: true },
  { weight: 16, arbitrary: step },
  { weight: 3, arbitrary: fc.record({ wish: fc.constant('freeze' as const), variable, leaves: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ wish: fc.constant('thaw' as const) }) },
  { weight: 1, arbitrary: fc.record({ wish: fc.constant('takeTurns' as const) }) },
  { weight: 2, arbitrary: fc.record({ wish: fc.constant('backend' as const), to: fc.constantFrom(...HOMES) }) },
  { weight: 1, arbitrary: fc.record({ wish: fc.constant('rate' as const), value: fc.constantFrom(0.01, 0.03, 0) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      wish: fc.constant('load' as const),
      how: fc.constantFrom(...RENAMINGS),
      old: fc.constantFrom('disposed' as const, 'alive' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ wish: fc.constant('replace' as const), variable }) },
  { weight: 2, arbitrary: fc.record({ wish: fc.constantFrom('save' as const, 'swap' as const) }) },
  { weight: 5, arbitrary: fc.record({ wish: fc.constantFrom('snapshot' as const, 'rollback' as const) }) },
  { weight: 1, arbitrary: fc.record({ wish: fc.constant('restart' as const) }) },
);

export const wishes: fc.Arbitrary<Wish[]> = fc.array(wish, { maxLength: 34, size: 'max' });
