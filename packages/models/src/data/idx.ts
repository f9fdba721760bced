/** The IDX format of the MNIST files: two zero bytes, a type, the number of dimensions, their sizes (32 bits, big-endian), then the values. */

/** Unsigned bytes, the only type that the MNIST files use. */
const UNSIGNED_BYTE = 0x08;

export interface Idx {
  shape: number[];
  values: Uint8Array;
}

/** Parses an IDX file of unsigned bytes; an Error that names the file tells in which way it is damaged. */
export function parseIdx(bytes: Uint8Array, { where, file, dimensions, help }: { where: string; file: string; dimensions: number; help: string }): Idx {
  const damaged = (expected: string, got: string) => new Error(`[models] ${where}: ${file} is damaged: expected ${expected}, got ${got}. ${help}`);
  const header = 4 + 4 * dimensions;
  if (bytes.length < header) throw damaged(`a header of ${header} bytes`, `a file of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  const wanted = (UNSIGNED_BYTE << 8) | dimensions;
  if (magic !== wanted) throw damaged(`the magic number ${wanted}`, String(magic));
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = shape.reduce((product, size) => product * size, 1);
  if (bytes.length !== header + count) {
    throw damaged(`${header + count} bytes for ${shape.join(' × ')} values`, `${bytes.length} bytes`);
  }
  return { shape, values: bytes.subarray(header) };
}
