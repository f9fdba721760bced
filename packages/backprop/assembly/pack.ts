/** Brings operands into the order in which a tile reads them. */

/**
 * Packs the right operand, `depth` × `columns`, into panels of 8 columns, missing ones zero.
 * A panel holds `capacity` depths, of which those from `start` are written.
 */
export function packRight(
  source: usize, depthStep: usize, columnStep: usize, depth: i32, columns: i32, target: usize, capacity: i32, start: i32,
): void {
  for (let column = 0; column < columns; column += 8) {
    const count = min(8, columns - column);
    let from = source + columnStep * <usize>column;
    let to = target + (<usize>(column * capacity + (start << 3)) << 2);
    if (count == 8 && columnStep == 4) {
      for (let k = 0; k < depth; k++) {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
        from += depthStep;
        to += 32;
      }
    } else if (count == 8 && depthStep == 4) {
      packTransposed(from, columnStep, depth, to);
    } else {
      for (let k = 0; k < depth; k++) {
        let lane = 0;
        for (; lane < count; lane++) f32.store(to + (<usize>lane << 2), f32.load(from + columnStep * <usize>lane));
        for (; lane < 8; lane++) f32.store(to + (<usize>lane << 2), 0);
        from += depthStep;
        to += 32;
      }
    }
  }
}

/** One full panel whose columns lie contiguous: blocks of 4 × 4 are transposed in registers. */
function packTransposed(source: usize, columnStep: usize, depth: i32, target: usize): void {
  for (let half = 0; half < 2; half++) {
    let p0 = source + columnStep * <usize>(half << 2), to = target + (<usize>half << 4);
    let p1 = p0 + columnStep, p2 = p1 + columnStep, p3 = p2 + columnStep;
    let k = depth;
    for (; k >= 4; k -= 4) {
      const r0 = v128.load(p0), r1 = v128.load(p1), r2 = v128.load(p2), r3 = v128.load(p3);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
      v128.store(to, v128.shuffle<i64>(low01, low23, 1, 3), 32);
      v128.store(to, v128.shuffle<i64>(high01, high23, 0, 2), 64);
      v128.store(to, v128.shuffle<i64>(high01, high23, 1, 3), 96);
      p0 += 16; p1 += 16; p2 += 16; p3 += 16;
      to += 128;
    }
    for (; k; k--) {
      f32.store(to, f32.load(p0));
      f32.store(to, f32.load(p1), 4);
      f32.store(to, f32.load(p2), 8);
      f32.store(to, f32.load(p3), 12);
      p0 += 4; p1 += 4; p2 += 4; p3 += 4;
      to += 32;
    }
  }
}

/**
 * Packs patches of an image: four neighbouring filter weights of one output pixel lie together, pixels follow each other.
 * `offsets` holds, for each filter weight, its distance in bytes from the patch's first value; rounded up to a multiple of four.
 */
export function packPatches(
  source: usize, pixelStep: usize, pixels: i32, offsets: usize, quads: i32, target: usize, capacity: i32, start: i32,
): void {
  for (let quad = 0; quad < quads; quad++) {
    const at = offsets + (<usize>quad << 4);
    const o0 = <usize>load<i32>(at), o1 = <usize>load<i32>(at, 4), o2 = <usize>load<i32>(at, 8), o3 = <usize>load<i32>(at, 12);
    let from = source + o0, to = target + (<usize>(quad * capacity + start) << 4);
    if (o3 - o0 == 12) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        v128.store(to, v128.load(from));
        from += pixelStep;
        to += 16;
      }
    } else {
      const d1 = o1 - o0, d2 = o2 - o0, d3 = o3 - o0;
      for (let pixel = 0; pixel < pixels; pixel++) {
        let quadruple = v128.load32_zero(from);
        quadruple = v128.load_lane<f32>(from + d1, quadruple, 1);
        quadruple = v128.load_lane<f32>(from + d2, quadruple, 2);
        v128.store(to, v128.load_lane<f32>(from + d3, quadruple, 3));
        from += pixelStep;
        to += 16;
      }
    }
  }
}
