/** Between a tensor's image and the canonical one: padding, cropping, channel order, repeated channels. */
import { Geometry } from './geometry';

/** Reads one image of a tensor into its canonical form. */
export function importImage(source: usize, target: usize, geometry: usize): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.channels, multiplier = g.multiplier;
  const pixelStep = (g.channelsLast ? <usize>channels : <usize>1) << 2;
  const channelStep = (g.channelsLast ? <usize>1 : <usize>(g.height * g.width)) << 2;
  const targetPixel = <usize>(channels * multiplier) << 2;
  const targetRow = targetPixel * <usize>g.paddedWidth;
  const first = g.padLeft, last = min(g.paddedWidth, g.padLeft + g.width);
  for (let row = 0; row < g.paddedHeight; row++) {
    const to = target + targetRow * <usize>row;
    const sourceRow = row - g.padTop;
    if (sourceRow < 0 || sourceRow >= g.height || last <= first) {
      memory.fill(to, 0, targetRow);
      continue;
    }
    memory.fill(to, 0, targetPixel * <usize>min(first, g.paddedWidth));
    memory.fill(to + targetPixel * <usize>last, 0, targetPixel * <usize>(g.paddedWidth - last));
    let from = source + pixelStep * <usize>(sourceRow * g.width);
    let at = to + targetPixel * <usize>first;
    if (g.channelsLast && multiplier == 1) {
      memory.copy(at, from, targetPixel * <usize>(last - first));
      continue;
    }
    for (let column = first; column < last; column++) {
      for (let channel = 0; channel < channels; channel++) {
        const value = f32.load(from + channelStep * <usize>channel);
        for (let copy = 0; copy < multiplier; copy++) {
          f32.store(at, value);
          at += 4;
        }
      }
      from += pixelStep;
    }
  }
}

/** Writes a canonical image back into a tensor; repeated channels are summed, padding is dropped, what was cropped is zero. */
export function exportImage(source: usize, target: usize, geometry: usize): void {
  const g = changetype<Geometry>(geometry);
  const channels = g.channels, multiplier = g.multiplier;
  const pixelStep = (g.channelsLast ? <usize>channels : <usize>1) << 2;
  const channelStep = (g.channelsLast ? <usize>1 : <usize>(g.height * g.width)) << 2;
  const sourcePixel = <usize>(channels * multiplier) << 2;
  for (let row = 0; row < g.height; row++) {
    const sourceRow = row + g.padTop;
    let to = target + pixelStep * <usize>(row * g.width);
    if (g.channelsLast && multiplier == 1) {
      const shared = sourceRow < g.paddedHeight ? max(0, min(g.width, g.paddedWidth - g.padLeft)) : 0;
      const from = source + sourcePixel * <usize>(sourceRow * g.paddedWidth + g.padLeft);
      // A copy of nothing traps, too, where its source lies behind the heap's end.
      if (shared > 0) memory.copy(to, from, pixelStep * <usize>shared);
      memory.fill(to + pixelStep * <usize>shared, 0, pixelStep * <usize>(g.width - shared));
      continue;
    }
    for (let column = 0; column < g.width; column++) {
      const sourceColumn = column + g.padLeft;
      const inside = sourceRow < g.paddedHeight && sourceColumn < g.paddedWidth;
      let from = source + sourcePixel * <usize>(sourceRow * g.paddedWidth + sourceColumn);
      for (let channel = 0; channel < channels; channel++) {
        let sum: f32 = 0;
        if (inside) {
          for (let copy = 0; copy < multiplier; copy++) {
            sum += f32.load(from);
            from += 4;
          }
        }
        f32.store(to + channelStep * <usize>channel, sum);
      }
      to += pixelStep;
    }
  }
}

/** Turns `channels` planes of `pixels` values into pixels of neighbouring channels (or, with the sizes swapped, back). */
export function transpose(source: usize, target: usize, rows: i32, columns: i32): void {
  const rowStep = <usize>columns << 2, targetStep = <usize>rows << 2;
  for (let row = 0; row < rows; row++) {
    let from = source + rowStep * <usize>row, to = target + (<usize>row << 2);
    for (let column = 0; column < columns; column++) {
      f32.store(to, f32.load(from));
      from += 4;
      to += targetStep;
    }
  }
}

/** Zeroes memory. */
export function zero(target: usize, bytes: usize): void {
  memory.fill(target, 0, bytes);
}

/** Copies rows of `bytes` bytes between two strides. */
export function copyRows(source: usize, sourceStep: usize, target: usize, targetStep: usize, bytes: usize, rows: i32): void {
  for (let row = rows; row; row--) {
    memory.copy(target, source, bytes);
    source += sourceStep;
    target += targetStep;
  }
}
