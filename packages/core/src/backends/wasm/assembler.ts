/** The few pieces of WebAssembly's binary format that kernels need. */

/** Value types. */
export const I32 = 0x7f, F32 = 0x7d, F64 = 0x7c, V128 = 0x7b;
export type Code = number[];

export function leb(value: number): Code {
  const bytes: Code = [];
  let rest = value >>> 0;
  do {
    const low = rest & 127;
    rest >>>= 7;
    bytes.push(rest ? low | 128 : low);
  } while (rest);
  return bytes;
}

function signedLeb(value: number): Code {
  const bytes: Code = [];
  for (let rest = value | 0; ;) {
    const low = rest & 127;
    rest >>= 7;
    if ((rest === 0 && !(low & 64)) || (rest === -1 && low & 64)) return [...bytes, low];
    bytes.push(low | 128);
  }
}

const raw = (value: number, Kind: typeof Float32Array | typeof Float64Array): Code => [...new Uint8Array(new Kind([value]).buffer)];
const text = (value: string): Code => [...leb(value.length), ...new TextEncoder().encode(value)];
const vector = (items: readonly Code[]): Code => [...leb(items.length), ...items.flat()];
const section = (id: number, body: Code): Code => [id, ...leb(body.length), ...body];

export const get = (local: number): Code => [0x20, ...leb(local)];
export const set = (local: number): Code => [0x21, ...leb(local)];
export const tee = (local: number): Code => [0x22, ...leb(local)];
export const i32 = (value: number): Code => [0x41, ...signedLeb(value)];
export const f32 = (value: number): Code => [0x43, ...raw(value, Float32Array)];
export const f64 = (value: number): Code => [0x44, ...raw(value, Float64Array)];
export const simd = (opcode: number): Code => [0xfd, ...leb(opcode)];
/** A load or store with an immediate offset. */
export const memory = (opcode: Code, offset = 0): Code => [...opcode, 0, ...leb(offset)];

export const LOAD = { i32: [0x28], f32: [0x2a], f64: [0x2b], v128: simd(0) };
export const STORE = { f32: [0x38], f64: [0x39], v128: simd(0x0b) };
export const SPLAT_F32 = simd(0x13), SPLAT_F64 = simd(0x14);
export const ADD_I32 = [0x6a], SUB_I32 = [0x6b], AND_I32 = [0x71], SHL_I32 = [0x74], LT_U_I32 = [0x49], SELECT = [0x1b];
export const ADD_F64 = [0xa0], MUL_F64 = [0xa2], MAX_F64 = [0xa5], PROMOTE = [0xbb], DEMOTE = [0xb6];
export const ADD_F32X4 = simd(0xe4), MUL_F32X4 = simd(0xe6), MAX_F32X4 = simd(0xe9);
export const ADD_F64X2 = simd(0xf0), MUL_F64X2 = simd(0xf2), MAX_F64X2 = simd(0xf5);
export const PROMOTE_LOW = simd(0x5f);
/** The halves exchanged, of a vector given twice. */
export const SWAP = [...simd(0x0d), 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
export const LANE_F64 = (lane: number): Code => [...simd(0x21), lane];

/** Runs `body` while `local` is below `limit`, unsigned. */
export const whileBelow = (local: number, limit: number, body: Code): Code =>
  [0x02, 0x40, 0x03, 0x40, ...get(local), ...get(limit), 0x4f, 0x0d, 1, ...body, 0x0c, 0, 0x0b, 0x0b];

/** Runs `body` as often as the local counts, down to zero. */
export const countDown = (local: number, body: Code): Code =>
  [0x02, 0x40, 0x03, 0x40, ...get(local), 0x45, 0x0d, 1, ...body, ...get(local), ...i32(1), ...SUB_I32, ...set(local), 0x0c, 0, 0x0b, 0x0b];

export const advance = (local: number, by: number): Code => [...get(local), ...i32(by), ...ADD_I32, ...set(local)];

/** A module with one function `run(frame)`; it imports the heap and Math.pow (function 0). */
export function assemble(locals: readonly number[], body: Code, shared: boolean): Uint8Array<ArrayBuffer> {
  const code = [...vector(locals.map((type) => [1, type])), ...body, 0x0b];
  const limits = shared ? [3, 0, ...leb(65536)] : [0, 1];
  return new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, vector([[0x60, ...vector([[F64], [F64]]), ...vector([[F64]])], [0x60, ...vector([[I32]]), 0]])),
    ...section(2, vector([[...text('env'), ...text('pow'), 0, 0], [...text('env'), ...text('memory'), 2, ...limits]])),
    ...section(3, vector([[1]])),
    ...section(7, vector([[...text('run'), 0, 1]])),
    ...section(10, vector([[...leb(code.length), ...code]])),
  ]);
}
