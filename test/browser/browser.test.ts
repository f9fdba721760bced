/** In a real browser: wasm and webgl agree with cpu, and no step on the GPU reads back. */
import { createServer, type Server } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowserResult } from './page';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const require = createRequire(import.meta.url);

// Condition: a Chromium at $CHROMIUM or /usr/bin/chromium. Reason: a browser does not come with the packages.
describe.skipIf(!existsSync(executablePath))('a browser', () => {
  let server: Server, browser: Browser, results: BrowserResult[];

  beforeAll(async () => {
    const bundle = await build({ entryPoints: [join(import.meta.dirname, 'page.ts')], bundle: true, write: false, format: 'iife', platform: 'browser', conditions: ['@clipkit/source'], logLevel: 'silent' });
    const wasm = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'));
    server = createServer(({ url = '/' }, response) => {
      if (url.startsWith('/wasm/')) response.setHeader('content-type', 'application/wasm').end(readFileSync(join(wasm, basename(url))));
      else if (url === '/page.js') response.setHeader('content-type', 'text/javascript').end(bundle.outputFiles[0]!.text);
      else response.setHeader('content-type', 'text/html').end('<!doctype html><link rel="icon" href="data:,"><script src="/page.js"></script>');
    }).listen(0, '127.0.0.1');
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'] });
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    results = await page.evaluate(() => window.results);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it.each(['wasm', 'webgl'])('%s agrees with cpu', (backend) => {
    const of = (name: string): BrowserResult[] => results.filter((each) => each.backend === name);
    expect(of(backend)).toHaveLength(3);
    of('cpu').forEach((wanted, index) => {
      const actual = of(backend)[index]!;
      expect(actual.norm / wanted.norm).toBeCloseTo(1, 4);
      wanted.values.forEach((values, variable) => {
        const scale = Math.max(...values.map(Math.abs));
        const difference = Math.max(...values.map((value, at) => Math.abs(actual.values[variable]![at]! - value))) / scale;
        expect(difference, `${wanted.optimizer}, variable ${variable}`).toBeLessThan(2e-5);
      });
    });
  });

  it('reads nothing back from the GPU in a step', () => {
    for (const { backend, readBacks } of results) if (backend === 'webgl') expect(readBacks).toBe(0);
  });
});
