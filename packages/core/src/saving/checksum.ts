/** A checksum of saved weights, so that a changed or mixed-up file is noticed. It guards against accidents, not against forgery. */

import { withoutChecksum } from './header';
import { COUNTERS } from './names';
import type { SavedTensor } from './saved';

/** MurmurHash3's constants, by Austin Appleby, in the public domain. */
const [FIRST, SECOND, ADDED] = [0xcc9e2d51, 0x1b873593, 0xe6546b64];

/** One signed 32-bit number of all names, dtypes, shapes and bits, never 0; the order of the weights does not count. */
export function checksumOf(weights: Iterable<SavedTensor>): number {
  let total = 0;
  for (const { name, dtype, shape, values } of weights) {
    let hash = 0;
    for (const text of [name, dtype, name === COUNTERS ? '' : shape.join()]) {
      for (let at = 0; at < text.length; at++) hash = mix(hash, text.charCodeAt(at));
      hash = mix(hash, -1);
    }
    total = (total + finish(mixAll(hash, name === COUNTERS ? withoutChecksum(values) : values))) | 0;
  }
  return total || 1;
}

function mixAll(start: number, { buffer, byteOffset, byteLength }: ArrayBufferView): number {
  const count = byteOffset % 4 === 0 ? byteLength >> 2 : 0;
  const words = new Int32Array(buffer, count ? byteOffset : 0, count);
  const rest = new Uint8Array(buffer, byteOffset + 4 * count, byteLength - 4 * count);
  let hash = start;
  for (let at = 0; at < words.length; at++) hash = mix(hash, words[at]!);
  for (let at = 0; at < rest.length; at++) hash = mix(hash, rest[at]!);
  return hash;
}

function mix(hash: number, word: number): number {
  let scattered = Math.imul(word, FIRST);
  scattered = Math.imul((scattered << 15) | (scattered >>> 17), SECOND);
  const mixed = hash ^ scattered;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + ADDED) | 0;
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
