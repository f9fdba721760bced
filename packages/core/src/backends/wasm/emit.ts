/**
 * Emits a kernel: loops over a variable's elements, sixteen bytes at a time and one at a time for what is left.
 *
 * A kernel takes a frame, a few words on the heap: addresses of inputs, outputs, unit values and unit results, then rows,
 * bytes of a row, the end of the blocks, then the uniforms, then the results of reductions.
 */
import type { Formula } from '../../formula/formula';
import type { Reduction } from '../../formula/reductions';
import type { KernelSpec } from '../fused/plan';
import * as w from './assembler';
import type { Code } from './assembler';
import { BLOCK_BYTES, frameOf, hasBlocks, STRIDE_BYTES, type FrameLayout } from './frame';

const VECTOR: Record<string, Code> = {
  add: w.simd(0xe4), sub: w.simd(0xe5), mul: w.simd(0xe6), div: w.simd(0xe7), min: w.simd(0xe8), max: w.simd(0xe9),
  abs: w.simd(0xe0), neg: w.simd(0xe1), sqrt: w.simd(0xe3), floor: w.simd(0x67),
  eq: w.simd(0x41), lt: w.simd(0x43), gt: w.simd(0x44), le: w.simd(0x45), ge: w.simd(0x46),
  and: w.simd(0x4e), or: w.simd(0x50), not: w.simd(0x4d), select: w.simd(0x52), differ: w.simd(0x42),
};
const SINGLE: Record<string, Code> = {
  add: [0x92], sub: [0x93], mul: [0x94], div: [0x95], min: [0x96], max: [0x97], abs: [0x8b], neg: [0x8c], sqrt: [0x91], floor: [0x8e],
  eq: [0x5b], lt: [0x5d], gt: [0x5e], le: [0x5f], ge: [0x60], and: [0x71], or: [0x72], not: [0x45], select: w.SELECT, differ: [0x5c],
};
/** One instruction instead of several; right only where the second operand is a number, since NaN is taken from the first. */
const CONSTANT_BOUND: Record<string, Code> = { min: w.simd(0xea), max: w.simd(0xeb) };

export function emit(spec: KernelSpec, { simd, shared }: { simd: boolean; shared: boolean }): Uint8Array<ArrayBuffer> {
  return new Emitter(spec, simd && !usesPow(spec)).emit(shared);
}

function usesPow(spec: KernelSpec): boolean {
  const seen = new Set<Formula>();
  const visit = (formula: Formula): boolean => {
    const at = spec.resolve(formula);
    if (seen.has(at)) return false;
    seen.add(at);
    return at.extent === 'element' && (at.operation === 'pow' || at.args.some(visit));
  };
  return [...spec.stores, ...spec.reduces.map((each) => each.args[0]!)].some(visit);
}

/** Where a wide or single pass of the body puts and finds things. */
interface Pass {
  readonly wide: boolean;
  /** Bytes beyond the running address, for unrolled copies. */
  readonly offset: number;
  readonly known: Map<Formula, number>;
  readonly code: Code;
}

class Emitter {
  private readonly locals: number[] = [];
  private readonly before: Code = [];
  private readonly frame: FrameLayout;
  private readonly address = new Map<string, number>();
  private readonly at: number;
  private readonly inRow: number;
  private readonly constants = new Map<string, number>();
  private readonly uniforms = { wide: new Map<Formula, number>(), single: new Map<Formula, number>() };

  constructor(private readonly spec: KernelSpec, private readonly simd: boolean) {
    this.frame = frameOf(spec);
    this.at = this.local(w.I32);
    this.inRow = this.local(w.I32);
    const { inputs, outputs, units, unitResults, rows, bytes, blockEnd } = this.frame;
    const load = (name: string, word: number): void => {
      const local = this.local(w.I32);
      this.before.push(...w.get(0), ...w.memory(w.LOAD.i32, 4 * word), ...w.set(local));
      this.address.set(name, local);
    };
    spec.inputs.forEach((_, index) => { load(`input${index}`, inputs + index); });
    spec.stores.forEach((_, index) => { load(`output${index}`, outputs + index); });
    spec.units.forEach((_, index) => { load(`unit${index}`, units + index); });
    spec.reduces.forEach((each, index) => { if (spec.isUnit(each)) load(`unitResult${index}`, unitResults + index); });
    load('rows', rows);
    load('bytes', bytes);
    load('blockEnd', blockEnd);
    spec.uniforms.forEach((each, index) => { this.loadUniform(each, 4 * (this.frame.uniforms + index)); });
  }

  private local(type: number): number {
    return this.locals.push(type); // local 0 is the parameter
  }

  private loadUniform(formula: Formula, offset: number): void {
    for (const wide of this.simd ? [true, false] : [false]) {
      const local = this.local(wide ? w.V128 : formula.mask ? w.I32 : w.F32);
      const zero = [...w.f32(0), ...(wide ? w.SPLAT_F32 : [])];
      this.before.push(...w.get(0), ...w.memory(w.LOAD.f32, offset), ...(wide ? w.SPLAT_F32 : []), ...(formula.mask ? [...zero, ...(wide ? VECTOR : SINGLE)['differ']!] : []), ...w.set(local));
      this.uniforms[wide ? 'wide' : 'single'].set(formula, local);
    }
  }

  emit(shared: boolean): Uint8Array<ArrayBuffer> {
    const end = this.local(w.I32), { at, inRow } = this, bytes = this.address.get('bytes')!, rows = this.address.get('rows')!;
    const step = (by: number): Code => [...w.advance(at, by), ...w.advance(inRow, by)];
    const after: Code = [];
    const singleBody = this.body(false, after), wideBody = this.simd ? this.body(true, after) : [];
    const blocks = this.simd ? this.blocks(step) : [];
    const row = [
      ...w.i32(0), ...w.set(inRow),
      ...blocks,
      ...(this.simd ? w.whileBelow(inRow, end, [...wideBody, ...step(16)]) : []),
      ...w.whileBelow(inRow, bytes, [...singleBody, ...step(4)]),
    ];
    const code = [...this.before, ...w.get(bytes), ...w.i32(-16), ...w.AND_I32, ...w.set(end), ...w.countDown(rows, row), ...after];
    return w.assemble(this.locals, code, shared);
  }

  private body(wide: boolean, after: Code): Code {
    const pass: Pass = { wide, offset: 0, known: new Map(this.uniforms[wide ? 'wide' : 'single']), code: [] };
    if (this.spec.stores.length) this.map(pass);
    else this.spec.reduces.forEach((each, index) => { this.reduce(pass, each, index, after); });
    return pass.code;
  }

  /** The fast part: unrolled copies; for norms, squares summed in single precision over a block and promoted at its end. */
  private blocks(step: (by: number) => Code): Code {
    const { spec, inRow } = this, blockEnd = this.address.get('blockEnd')!;
    if (spec.stores.length) {
      const copies = [0, 16].flatMap((offset) => {
        const pass: Pass = { wide: true, offset, known: new Map(this.uniforms.wide), code: [] };
        this.map(pass);
        return pass.code;
      });
      return w.whileBelow(inRow, blockEnd, [...copies, ...step(32)]);
    }
    if (!hasBlocks(spec)) return [];
    const limit = this.local(w.I32), start: Code = [], finish: Code = [], body: Code = [];
    const sums = spec.reduces.map(() => Array.from({ length: STRIDE_BYTES / 16 }, () => this.local(w.V128)));
    for (let copy = 0; copy < STRIDE_BYTES / 16; copy++) {
      const pass: Pass = { wide: true, offset: 16 * copy, known: new Map(this.uniforms.wide), code: body };
      spec.reduces.forEach((each, index) => {
        this.visit(each.args[0]!, pass);
        const value = this.local(w.V128), sum = sums[index]![copy]!;
        body.push(...w.set(value), ...w.get(sum), ...w.get(value));
        if (each.attribute === 'norm') body.push(...w.get(value), ...w.MUL_F32X4, ...w.ADD_F32X4);
        else body.push(...w.MAX_F32X4);
        body.push(...w.set(sum));
      });
    }
    spec.reduces.forEach((each, index) => {
      const combine = each.attribute === 'norm' ? w.ADD_F64X2 : w.MAX_F64X2, total = this.total(index);
      for (const sum of sums[index]!) {
        start.push(...w.f32(each.attribute === 'max' ? -Infinity : 0), ...w.SPLAT_F32, ...w.set(sum));
        finish.push(...w.get(total), ...w.get(sum), ...w.PROMOTE_LOW, ...combine, ...w.get(sum), ...w.get(sum), ...w.SWAP, ...w.PROMOTE_LOW, ...combine, ...w.set(total));
      }
    });
    const nearest = [...w.get(inRow), ...w.i32(BLOCK_BYTES), ...w.ADD_I32, ...w.tee(limit), ...w.get(blockEnd), ...w.get(limit), ...w.get(blockEnd), ...w.LT_U_I32, ...w.SELECT, ...w.set(limit)];
    return w.whileBelow(inRow, blockEnd, [...nearest, ...start, ...w.whileBelow(inRow, limit, [...body, ...step(STRIDE_BYTES)]), ...finish]);
  }

  /** All loads happen before the first store, so an output may be an input's buffer. */
  private map(pass: Pass): void {
    const values = this.spec.stores.map((store) => {
      this.visit(store, pass);
      const local = this.local(pass.wide ? w.V128 : w.F32);
      pass.code.push(...w.set(local));
      return local;
    });
    values.forEach((value, index) => {
      pass.code.push(...w.get(this.address.get(`output${index}`)!), ...w.get(this.at), ...w.ADD_I32, ...w.get(value), ...w.memory(pass.wide ? w.STORE.v128 : w.STORE.f32, pass.offset));
    });
  }

  private readonly totals = new Map<number, number>();
  /** The double-precision accumulator of a reduction that is not per unit. */
  private total(index: number): number {
    let local = this.totals.get(index);
    if (local === undefined) {
      local = this.local(w.V128);
      this.totals.set(index, local);
      this.before.push(...w.f64(this.spec.reduces[index]!.attribute === 'max' ? -Infinity : 0), ...w.SPLAT_F64, ...w.set(local));
    }
    return local;
  }

  private reduce(pass: Pass, formula: Formula, index: number, after: Code): void {
    const { code, wide } = pass, kind = formula.attribute as Reduction;
    this.visit(formula.args[0]!, pass);
    const value = this.local(wide ? w.V128 : w.F32), double = this.local(wide ? w.V128 : w.F64);
    code.push(...w.set(value));
    const combine = kind === 'max' ? (wide ? w.MAX_F64X2 : w.MAX_F64) : wide ? w.ADD_F64X2 : w.ADD_F64;
    // Squares are taken after promotion: 1e20 squared is no single-precision number.
    const term = (half: number): Code => [
      ...w.get(value), ...(half ? [...w.get(value), ...w.SWAP] : []), ...(wide ? w.PROMOTE_LOW : w.PROMOTE), ...w.tee(double),
      ...(kind === 'norm' ? [...w.get(double), ...(wide ? w.MUL_F64X2 : w.MUL_F64)] : []),
    ];
    for (const half of wide ? [0, 1] : [0]) {
      if (this.spec.isUnit(formula)) {
        const address = [...w.get(this.address.get(`unitResult${index}`)!), ...w.get(this.inRow), ...w.i32(1), ...w.SHL_I32, ...w.ADD_I32];
        code.push(...address, ...address, ...w.memory(wide ? w.LOAD.v128 : w.LOAD.f64, 16 * half), ...term(half), ...combine, ...w.memory(wide ? w.STORE.v128 : w.STORE.f64, 16 * half));
        continue;
      }
      const accumulator = wide ? this.total(index) : this.local(w.F64);
      if (!wide) this.before.push(...w.f64(kind === 'max' ? -Infinity : 0), ...w.set(accumulator));
      code.push(...w.get(accumulator), ...term(half), ...combine, ...w.set(accumulator));
      if (half) continue;
      const offset = 4 * this.frame.results + 8 * index;
      for (const lane of wide ? [0, 1] : [0]) {
        after.push(...w.get(0), ...w.get(0), ...w.memory(w.LOAD.f64, offset), ...w.get(accumulator), ...(wide ? w.LANE_F64(lane) : []), ...(kind === 'max' ? w.MAX_F64 : w.ADD_F64), ...w.memory(w.STORE.f64, offset));
      }
    }
  }

  /** Leaves a formula's value on the stack. */
  private visit(formula: Formula, pass: Pass): void {
    const { spec } = this, { code, wide, known } = pass, table = wide ? VECTOR : SINGLE;
    const at = spec.resolve(formula), found = known.get(at);
    if (found !== undefined) {
      code.push(...w.get(found));
      return;
    }
    if (at.operation === 'const') {
      code.push(...this.constant(at, wide));
      return;
    }
    const input = spec.inputs.indexOf(at), unit = spec.units.indexOf(at), load = wide ? w.LOAD.v128 : w.LOAD.f32;
    const operand = (index: number): void => { this.visit(at.args[index]!, pass); };
    if (input >= 0) code.push(...w.get(this.address.get(`input${input}`)!), ...w.get(this.at), ...w.ADD_I32, ...w.memory(load, pass.offset));
    else if (unit >= 0) {
      code.push(...w.get(this.address.get(`unit${unit}`)!), ...w.get(this.inRow), ...w.ADD_I32, ...w.memory(load, pass.offset));
      if (at.mask) code.push(...this.constant({ attribute: 0, mask: false }, wide), ...table['differ']!);
    } else if (at.operation === 'finite') {
      operand(0);
      operand(0);
      code.push(...table['sub']!, ...this.constant({ attribute: 0, mask: false }, wide), ...table['eq']!);
    } else if (at.operation === 'select') {
      operand(1);
      operand(2);
      operand(0);
      code.push(...table['select']!);
    } else if (at.operation === 'pow') {
      operand(0);
      code.push(...w.PROMOTE);
      operand(1);
      code.push(...w.PROMOTE, 0x10, 0, ...w.DEMOTE);
    } else {
      const opcode = this.arithmetic(at, wide);
      at.args.forEach((_, index) => { operand(index); });
      code.push(...opcode);
    }
    const local = this.local(at.mask && !wide ? w.I32 : wide ? w.V128 : w.F32);
    known.set(at, local);
    code.push(...w.tee(local));
  }

  private arithmetic(formula: Formula, wide: boolean): Code {
    const bound = formula.args[1]?.operation === 'const' && wide ? CONSTANT_BOUND[formula.operation] : undefined;
    const opcode = bound ?? (wide ? VECTOR : SINGLE)[formula.operation];
    if (!opcode) throw new TypeError(`[core] ${formula.operation}: works on values per step or per variable, not on elements; use custom() there`);
    return opcode;
  }

  /** A constant is put in a local before the loops: engines make it anew in each turn otherwise. */
  private constant({ attribute, mask }: Pick<Formula, 'attribute' | 'mask'>, wide: boolean): Code {
    const value = attribute as number, key = `${Object.is(value, -0) ? '-0' : value}|${mask}|${wide}`;
    let local = this.constants.get(key);
    if (local === undefined) {
      local = this.local(wide ? w.V128 : mask ? w.I32 : w.F32);
      this.constants.set(key, local);
      const number = [...w.f32(value), ...(wide ? w.SPLAT_F32 : [])];
      if (mask) this.before.push(...(wide ? [...number, ...w.f32(0), ...w.SPLAT_F32, ...VECTOR['differ']!] : w.i32(value ? 1 : 0)), ...w.set(local));
      else this.before.push(...number, ...w.set(local));
    }
    return w.get(local);
  }
}
