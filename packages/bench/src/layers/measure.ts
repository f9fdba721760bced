/** Times layer gradients with tfjs's own kernels and with those of @clipkit/backprop, in turns. */
import { registerBackprop } from '@clipkit/backprop';
import { getKernel, matMul, randomNormal, tidy } from '@tensorflow/tfjs-core';
import { useBackend } from '../backends';
import { environment } from '../environment';
import { UsageError } from '../errors';
import { SCHEMA, type LayersLine } from '../results/schema';
import { round, spreadOf } from '../statistics';
import { layerCases, type LayerCase } from './cases';

export interface LayersConfiguration {
  backend: string;
  batch: number;
  /** Seconds to spend on each layer. */
  seconds: number;
}

const MOST = 300;

/** A line a layer gradient. Where tfjs has no kernel for it, its time is null. */
export async function measureLayers({ backend, batch, seconds }: LayersConfiguration, onCase?: (done: number, all: number) => void): Promise<LayersLine[]> {
  if (backend !== 'wasm' && backend !== 'cpu') throw new UsageError(`[bench] layers: expected the backend wasm or cpu, got ${backend}: @clipkit/backprop has kernels for no other`);
  await useBackend(backend);
  const rate = matMulRate(backend);
  const cases = layerCases(batch);
  try {
    return cases.map((each, place) => {
      const line = measureCase(each, backend, batch, seconds, rate);
      onCase?.(place + 1, cases.length);
      return line;
    });
  } finally {
    cases.forEach((each) => { each.dispose(); });
    registerBackprop({ backend });
  }
}

/** Operations a millisecond of tfjs's own matMul, which is what layer gradients are held against. */
function matMulRate(backend: 'wasm' | 'cpu'): number {
  registerBackprop({ backend }).undo();
  const side = backend === 'wasm' ? 1024 : 256, a = randomNormal([side, side]), b = randomNormal([side, side]);
  const times = Array.from({ length: 6 }, () => {
    const start = performance.now();
    tidy(() => void matMul(a, b));
    return performance.now() - start;
  });
  a.dispose();
  b.dispose();
  return 2 * side ** 3 / spreadOf(times.slice(1)).median!;
}

function measureCase({ name, kernel, shapes, run, operations }: LayerCase, backend: 'wasm' | 'cpu', batch: number, seconds: number, rate: number): LayersLine {
  const times = { tfjs: [] as number[], ours: [] as number[] };
  const time = (whose: 'tfjs' | 'ours'): number | null => {
    if (whose === 'tfjs') registerBackprop({ backend }).undo();
    else registerBackprop({ backend });
    if (!getKernel(kernel, backend)) return null;
    const start = performance.now();
    tidy(run);
    return performance.now() - start;
  };
  // The first calls compile; but where one alone takes all the time there is, it is the measurement.
  const first = { tfjs: time('tfjs'), ours: time('ours') };
  const began = performance.now();
  if (first.tfjs !== null && first.tfjs > 1000 * seconds) times.tfjs.push(first.tfjs);
  const alternate = first.tfjs !== null && !times.tfjs.length;
  for (let turn = 0; turn < MOST && (turn === 0 || performance.now() - began < 1000 * seconds); turn++) {
    if (alternate) times.tfjs.push(time('tfjs')!);
    times.ours.push(time('ours')!);
  }
  const tfjs = first.tfjs === null ? null : spreadOf(times.tfjs), ours = spreadOf(times.ours);
  const ourRate = operations === null ? null : operations / ours.median!;
  return {
    schema: SCHEMA,
    command: 'layers',
    backend,
    layer: name,
    kernel,
    shapes,
    batch,
    rounds: times.ours.length,
    milliseconds: { tfjs, ours },
    gflops: ourRate && round(ourRate / 1e6),
    shareOfMatMul: ourRate && round(ourRate / rate),
    ratio: tfjs && spreadOf(times.ours.map((value, turn) => value / (times.tfjs[turn] ?? times.tfjs[0]!))),
    date: new Date().toISOString(),
    ...environment(),
  };
}
