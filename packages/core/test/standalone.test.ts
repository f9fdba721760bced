/**
 * Chains without an optimizer: what was bound to gradients of the same names and shapes is found again, and nothing
 * else is held.
 */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { byGlobalNorm, byNorm, defineTransform, div, max, mul, norm, StandaloneChain } from '@clipkit/core';
import { CpuDevice } from '../src/backends/cpu/device';
import { WasmDevice } from '../src/backends/wasm/device';
import { GradientLists } from '../src/optimizer/gradientLists';

const byWeight = defineTransform({
  kind: 'standaloneByWeight',
  arguments: () => ({}),
  options: {},
  update: ({ gradient, weight }) => ({ gradient: div(gradient, max(norm(weight, 'each'), 1)) }),
});

const call = (
  chain: StandaloneChain,
  shapes: readonly (readonly number[] | null)[],
  names: readonly string[] | null = null,
): void => {
  tf.tidy(() => {
    chain.run(
      shapes.map((shape) => shape && tf.ones([...shape])),
      names,
    );
  });
};

afterEach(() => {
  tf.disposeVariables();
  vi.restoreAllMocks();
});

describe.each([
  ['cpu', CpuDevice],
  ['wasm', WasmDevice],
] as const)('on %s', (backend, device) => {
  beforeEach(async () => {
    await tf.setBackend(backend);
  });
  /** How often a program was bound while the body ran: binding compiles. */
  const binds = (body: () => void): number => {
    const compile = vi.spyOn(device.prototype as CpuDevice, 'compile');
    body();
    const { length } = compile.mock.calls;
    compile.mockRestore();
    return length;
  };

  it('binds once for each list, however the lists take turns', () => {
    const chain = new StandaloneChain('test', [byGlobalNorm(1)], 'propagate');
    const lists: [(readonly number[] | null)[], string[] | null][] = [
      [[[3], [2, 2]], null],
      [
        [[3], [2, 2]],
        ['a', 'b'],
      ],
      [
        [[3], [2, 2]],
        ['a', 'c'],
      ],
      [
        [[3], null],
        ['a', 'b'],
      ],
      [
        [[3], [4]],
        ['a', 'b'],
      ],
      [[[3], [2, 2], [0]], null],
    ];
    for (const each of lists)
      expect(
        binds(() => {
          call(chain, ...each);
        }),
      ).toBeGreaterThan(0);
    expect(
      binds(() => {
        for (let turn = 0; turn < 5; turn++) for (const each of lists) call(chain, ...each);
      }),
    ).toBe(0);
    expect(
      binds(() => {
        call(chain, [[3], []], ['a', 'b']);
      }),
    ).toBeGreaterThan(0);
    expect(
      binds(() => {
        call(chain, [[3], [0]], ['a', 'b']);
      }),
    ).toBe(0);
  });

  it('keeps a list that is in use while others come and go', () => {
    const chain = new StandaloneChain('test', [byNorm(1)], 'propagate');
    call(chain, [[2]]);
    for (let size = 3; size < 40; size++) {
      call(chain, [[size]]);
      expect(
        binds(() => {
          call(chain, [[2]]);
        }),
      ).toBe(0);
    }
    expect(
      binds(() => {
        call(chain, [[3]]);
      }),
    ).toBeGreaterThan(0);
  });

  it('binds anew for another variable of the same name, where it looks at weights', () => {
    const chain = new StandaloneChain('test', [byWeight()], 'propagate');
    const run = (weight: number): number =>
      tf.tidy(() => {
        const variable = tf.variable(tf.tensor1d([weight]), true, 'same');
        const first = chain.run([tf.tensor1d([12])], ['same']).gradients[0]!.dataSync()[0]!;
        expect(
          binds(() => {
            expect(chain.run([tf.tensor1d([12])], ['same']).gradients[0]!.dataSync()[0]).toBe(first);
          }),
        ).toBe(0);
        variable.dispose();
        return first;
      });
    expect([2, 3, 4].map(run)).toEqual([6, 4, 3]);
  });
});

describe('lists of gradients', () => {
  beforeEach(async () => {
    await tf.setBackend('cpu');
  });

  it('hold no gradient once they are released, and no variable that is gone', () => {
    const lists = new GradientLists('test', true);
    const names = ['held'];
    const variable = tf.tidy(() => tf.variable(tf.ones([2]), true, 'held'));
    const list = lists.take([tf.ones([2])], names);
    expect(list.targets[0]).toMatchObject({ variable, gradient: { shape: [2] } });
    lists.release(list);
    expect(list.targets[0]!.gradient).toBeNull();
    variable.dispose();
    tf.tidy(() => tf.variable(tf.ones([2]), true, 'held'));
    lists.release(lists.take([tf.ones([2])], names));
    expect((lists as unknown as { lists: unknown[] }).lists).toHaveLength(1);
  });

  it('are released when a run fails', () => {
    const take = vi.spyOn(GradientLists.prototype, 'take');
    const chain = new StandaloneChain('test', [byNorm(1)], 'throw');
    expect(() => {
      chain.run([tf.tensor1d([NaN])], null);
    }).toThrow('test: gradients[0] must be finite');
    expect(take.mock.results[0]!.value).toMatchObject({ targets: [{ gradient: null }] });
    expect(() => {
      chain.run([tf.tensor1d([1])], null);
    }).not.toThrow();
  });

  it('are not more than a few, whatever comes', () => {
    const lists = new GradientLists('test', false);
    for (let size = 1; size < 50; size++) lists.release(lists.take([tf.ones([size])], null));
    expect((lists as unknown as { lists: unknown[] }).lists.length).toBeLessThanOrEqual(8);
  });
});

describe('programs', () => {
  beforeEach(async () => {
    await tf.setBackend('wasm');
  });

  it('take no pass for norms that nobody asks for', () => {
    const scaled = defineTransform({
      kind: 'standaloneSquare',
      arguments: () => ({}),
      options: {},
      update: ({ gradient }) => ({ gradient: mul(gradient, gradient) }),
    });
    const compile = vi.spyOn(WasmDevice.prototype, 'compile');
    call(new StandaloneChain('test', [scaled()], 'propagate'), [[3]]);
    // The norm before, and the map.
    expect(compile).toHaveBeenCalledTimes(2);
  });
});
