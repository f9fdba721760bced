/** Names of saved weights: whatever a variable is called, its name is read back, and means nothing else. */
import { expect, it } from 'vitest';
import fc from 'fast-check';
import { innerName, parseLegacyName, parseName, stepName, variableName } from '../src/saving/names';

const awkward = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom('inner', '/', '#1/', '%', '%2F', 'step', 'variables', 'iter', 'counters', '0', '_1', ' '), { maxLength: 6 }).map((parts) => parts.join('')),
);
const path = fc.tuple(fc.nat(20), fc.constantFrom('adam/firstMoment', 'perGroup/0.0.zClip/mean', 'own/a/b')).map(([index, rest]) => `${index}.${rest}`);

it('a variable\'s place, name and path come back', () => {
  fc.assert(fc.property(fc.nat(99_999), awkward, path, (place, name, own) => {
    expect(parseName(variableName(place, name, own))).toEqual({ of: 'variable', place, name, path: own });
  }), { numRuns: 2000 });
});

it('no two things have one name', () => {
  const anything = fc.oneof(
    fc.tuple(fc.nat(3), awkward, path).map(([place, name, own]) => ({ key: `v${place}|${own}|${name}`, text: variableName(place, name, own) })),
    awkward.map((name) => ({ key: `i${name}`, text: innerName(name) })),
    path.map((own) => ({ key: `s${own}`, text: stepName(own) })),
    fc.constantFrom('iter', 'counters').map((text) => ({ key: text, text })),
  );
  fc.assert(fc.property(anything, anything, (a, b) => {
    expect(a.text === b.text).toBe(a.key === b.key);
  }), { numRuns: 5000 });
});

it.each(['', 'other', 'variables', 'variables/x/w/0.adam/m', 'variables/-1/w/0.adam/m', 'variables/01/w/p', 'variables/1/w', 'Iter'])('%j is no name of ours', (text) => {
  expect(parseName(text)).toBeNull();
});

it('names of the first format are read by the paths that there are', () => {
  const paths = ['0.adam/firstMoment', '0.zClip/mean'];
  fc.assert(fc.property(awkward, fc.nat(3), (name, occurrence) => {
    const key = `${name}#${occurrence}`;
    expect(parseLegacyName(`${key}/${paths[0]}`, paths)).toEqual({ key, name, path: paths[0] });
  }), { numRuns: 2000 });
  expect(parseLegacyName('0.zClip/mean', paths)).toEqual({ key: '', name: '', path: '0.zClip/mean' });
  expect(parseLegacyName('inner/0.adam/other', paths)).toBeNull();
});
