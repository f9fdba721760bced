/** Which saved variable is which live one: by names that tell, else by order, checked by shape; never a guess. */
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { matchVariables, type Known, type Live } from '../src/state/match';

/** `name:2x3`; without a name `?:2x3`. */
const read = (text: string): Live => {
  const [name, shape = ''] = text.split(':') as [string, string?];
  return { name, shape: shape ? shape.split('x').map(Number) : [] };
};
const readSaved = (text: string): Known => ({ ...read(text), name: text.startsWith('?') ? null : read(text).name });
const match = (saved: string, live: string, others = ''): number[] => {
  const lists = [saved, live, others].map((list) => list.split(' ').filter(Boolean));
  return matchVariables('test', lists[0]!.map(readSaved), lists[1]!.map(read), lists[2]!.map(read));
};

describe('is told', () => {
  it.each<[string, string, string, number[], string?]>([
    ['by names', 'a:3 b:3', 'a:3 b:3', [0, 1]],
    ['by names in another order', 'a:3 b:3', 'b:3 a:3', [1, 0]],
    ['by names that loading gave', 'a:3 b:3', 'a_1:3 b_1:3', [0, 1]],
    ['by names that loading gave before', 'a_1:3 b_1:3', 'a:3 b:3', [0, 1]],
    ['by names that end in numbers themselves', 'w_1:3 w_2:3', 'w_2:3 w_1:3', [1, 0]],
    ['for the second of these alone', 'w_1:3 w_2:3', 'w_2:3', [1], 'w_1:3'],
    ['for these, renamed', 'w_1:3 w_2:3', 'w_1_1:3 w_2_1:3', [0, 1]],
    ['for the second of these, renamed', 'w_1:3 w_2:3', 'w_2_4:3', [1], 'w_1_4:3'],
    ['where all names of one kind moved on', 'k:3 k_1:3', 'k_1:3 k_2:3', [0, 1]],
    ['by order without names', '12:3 13:3', '5:3 6:3', [0, 1]],
    ['by order for layers without names', 'dense_Dense1/kernel:3 dense_Dense2/kernel:3', 'dense_Dense2/kernel:3 dense_Dense3/kernel:3', [0, 1]],
    ['by the very same numbers in another order', '12:3 13:3', '13:3 12:3', [1, 0]],
    ['by shape where one is missing', '12:3 13:4', '5:4', [1], '6:3'],
    ['as neighbours', '1:2x3 2:3 3:4x3 4:3', '7:4x3 8:3', [2, 3], '5:2x3 6:3'],
    ['beside a new variable', 'a:3', 'a:3 b:3', [0, -1]],
    ['beside a frozen one', 'a:3 b:3', 'b:3', [1], 'a:3'],
    ['where one is frozen and another is new', 'a:3 b:3', 'b:3 c:3', [1, -1], 'a:3'],
    ['for a new variable first', '13:4', '5:3 6:4', [-1, 0]],
    ['for layers that a file names', 'conv2d_Conv2D1/kernel:3 conv2d_Conv2D2/kernel:3', 'conv2d_Conv2D2/kernel:3', [1], 'conv2d_Conv2D1/kernel:3'],
    ['for layers of a file that are there twice', 'dense_Dense1/bias:3 dense_Dense2/bias:3 dense_Dense3/bias:3', 'dense_Dense1/bias_1:3 dense_Dense3/bias_1:3', [0, 2], 'dense_Dense1/bias:3 dense_Dense9/bias:3'],
    ['for layers in layers, made anew', 'bidirectional_Bidirectional2/forward_gru_GRU2/bias:3 bidirectional_Bidirectional2/backward_gru_GRU2/bias:3', 'bidirectional_Bidirectional1/forward_gru_GRU1/bias:3 bidirectional_Bidirectional1/backward_gru_GRU1/bias:3', [0, 1]],
    ['for a class whose own name ends in a number', 'block2_Block21/bias:3 block2_Block22/bias:3', 'block2_Block210/bias:3 block2_Block211/bias:3', [0, 1]],
    ['for state that nobody named', '?:3 ?:4', 'a:3 b:4', [0, 1]],
    ['for variables that got names', '12:3 13:4', 'a:3 b:4', [0, 1]],
    ['a layer\'s name that is a user\'s', 'head_Layer2/kernel:3 head_Layer3/kernel:3', 'head_Layer3/kernel:3', [1], 'head_Layer2/kernel:3'],
  ])('%s', (_name, saved, live, found, others) => {
    expect(match(saved, live, others)).toEqual(found);
  });
});

describe('is refused, with both sides named', () => {
  it.each<[string, string, string, RegExp, string?]>([
    ['another shape', 'a:3', 'a:4', /a.*\[3\].*a must have shape \[4\], got \[3\]/],
    ['another name', 'a:3 b:3', 'a:3 c:3', /b \[3\] fits no variable.*c \[3\]/],
    ['no name in common', 'a:3', 'b:4', /a \[3\] fits no variable.*b \[4\]/],
    ['one of two without names', '12:3 13:3', '5:3', /saved are 12 \[3\], 13 \[3\], the gradients are for 5 \[3\]/, '6:3'],
    ['one of two layers without names', 'dense_Dense1/bias:3 dense_Dense2/bias:3', 'dense_Dense5/bias:3', /cannot tell/, 'dense_Dense4/bias:3'],
    ['some layers made anew, whose numbers moved on', 'dense_Dense1/bias:3 dense_Dense2/bias:3 dense_Dense3/bias:3', 'dense_Dense2/bias:3 dense_Dense3/bias:3', /cannot tell/, 'dense_Dense1/bias:3 dense_Dense4/bias:3'],
    ['three of two', '12:3 13:3', '5:3 6:3 7:3', /cannot tell/],
    ['a name that is another one\'s now', 'w_1:3 w_2:3', 'w_5:3 w_1:3', /cannot tell.*w_1 \[3\], w_2 \[3\].*w_5 \[3\], w_1 \[3\]/],
    ['names that tell on one side only, with other shapes', '12:3', 'a:4', /12 \[3\] fits no variable.*a \[4\]/],
    ['a variable that is gone', 'a:3 b:3', 'a:3', /b \[3\] fits no variable/],
  ])('%s', (_name, saved, live, message, others) => {
    expect(() => match(saved, live, others)).toThrow(message);
    expect(() => match(saved, live, others)).toThrow(RangeError);
  });
});

const shape = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 });
const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c/kernel', 'c/bias', 'w_1', 'w_2', 'inner/kernel', 'x#1/y', '%'), { minLength: 1, maxLength: 6 });

it('any part of named variables in any order is found', () => {
  fc.assert(fc.property(names, fc.array(shape, { minLength: 9, maxLength: 9 }), fc.infiniteStream(fc.nat()), (all, shapes, picks) => {
    const saved = all.map((name, index): Live => ({ name, shape: shapes[index]! }));
    const order = saved.map((_, index) => index).sort(() => (Number([...picks.take(1)][0]) % 3) - 1);
    const part = order.slice(0, 1 + (Number([...picks.take(1)][0]) % order.length));
    const rest = saved.filter((_, index) => !part.includes(index));
    expect(matchVariables('test', saved, part.map((index) => saved[index]!), rest)).toEqual(part);
  }), { numRuns: 1000 });
});

it('variables without names are found by their order, whatever their numbers', () => {
  fc.assert(fc.property(fc.array(shape, { minLength: 1, maxLength: 8 }), fc.nat(50), (shapes, shift) => {
    const saved = shapes.map((each, index): Live => ({ name: String(index + 1), shape: each }));
    const live = shapes.map((each, index): Live => ({ name: String(index + 60 + shift), shape: each }));
    expect(matchVariables('test', saved, live, [])).toEqual(shapes.map((_, index) => index));
  }), { numRuns: 500 });
});

it('a variable never gets the state of another shape, and no state goes to two', () => {
  const name = fc.oneof(fc.constantFrom('a', 'a_1', 'a_2', 'b', 'dense_Dense1/kernel', 'dense_Dense2/kernel', 'dense_Dense3/kernel'), fc.nat(9).map(String));
  const side = fc.uniqueArray(fc.record({ name, shape }), { selector: (each) => each.name, maxLength: 6 });
  fc.assert(fc.property(side, side, side, (saved, live, others) => {
    let found: number[];
    try {
      found = matchVariables('test', saved, live, others);
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      return;
    }
    const taken = found.filter((index) => index >= 0);
    expect(new Set(taken).size).toBe(taken.length);
    found.forEach((index, at) => { if (index >= 0) expect(saved[index]!.shape).toEqual(live[at]!.shape); });
  }), { numRuns: 3000 });
});
