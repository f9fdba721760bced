/** How a convolution's shape is handed to the compiled kernels. */
import { patchOffsets } from '../canonical';
import type { Geometry } from '../canonical';
import type { Heap } from './heap';

/** The size of assembly/geometry.ts's Geometry. */
export const geometryBytes = 18 * 4;

export const writeGeometry = ({ memory }: Heap, pointer: number, geometry: Geometry): void => {
  new Int32Array(memory.buffer, pointer, geometryBytes / 4).set(Object.values(geometry));
};

/** Each filter weight's distance in bytes from its patch's first value, filled up to whole quads with the last. */
export const writeOffsets = ({ memory }: Heap, pointer: number, geometry: Geometry): void => {
  const offsets = patchOffsets(geometry).map((offset) => offset * 4);
  const target = new Int32Array(memory.buffer, pointer, Math.ceil(offsets.length / 4) * 4);
  target.set(offsets);
  target.fill(offsets.at(-1) ?? 0, offsets.length);
};

/** The pieces in which a patch lies in its image: a filter row each, or each filter weight's channels where the filter is dilated. */
export const runsOf = ({ filterHeight, filterWidth, dilationWidth, channels }: Geometry): { runs: number; length: number } =>
  dilationWidth === 1 ? { runs: filterHeight, length: filterWidth * channels } : { runs: filterHeight * filterWidth, length: channels };

/** The bytes between the end of one run and the begin of the next. */
export const writeGaps = ({ memory }: Heap, pointer: number, geometry: Geometry): void => {
  const { filterWidth, dilationHeight, dilationWidth, paddedWidth, channels } = geometry;
  const { runs, length } = runsOf(geometry);
  const perRow = dilationWidth === 1 ? 1 : filterWidth;
  const start = (run: number): number => (Math.floor(run / perRow) * dilationHeight * paddedWidth + (run % perRow) * dilationWidth) * channels;
  const gaps = new Int32Array(memory.buffer, pointer, runs);
  for (let run = 1; run < runs; run++) gaps[run - 1] = (start(run) - start(run - 1) - length) * 4;
};
