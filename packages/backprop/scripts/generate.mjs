/**
 * Compiles assembly/ and embeds the result as base64: src/generated/kernels.ts.
 *
 * The kernels run on tfjs's own heap, so they may import nothing but memory and must own no data and no stack in it: checked here.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = new URL('../src/generated/kernels.ts', import.meta.url);

const compile = async () => {
  let binary;
  const { error, stderr } = await main(['--config', 'asconfig.json', '--target', 'release'], {
    baseDir: root,
    writeFile(_name, contents) { binary = contents; },
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return binary;
};

/** Where the limits of the imported memory lie: their flag is patched at run time when tfjs's heap is shared between threads. */
const limitsOf = (bytes) => {
  const module = new WebAssembly.Module(bytes);
  const [memory, ...others] = WebAssembly.Module.imports(module);
  if (memory?.kind !== 'memory' || others.length > 0) throw new Error('the kernels must import memory and nothing else');
  if (WebAssembly.Module.exports(module).some(({ kind }) => kind !== 'function')) throw new Error('the kernels must export functions only');
  let limits = -1;
  for (let at = 8; at < bytes.length;) {
    const section = bytes[at++];
    let size = 0;
    for (let shift = 0, byte = 128; byte >= 128; shift += 7) {
      byte = bytes[at++];
      size |= (byte & 127) << shift;
    }
    if (section === 11) throw new Error('the kernels must have no data section: it would overwrite the heap of tfjs');
    if (section === 2) limits = at + 4 + memory.module.length + memory.name.length;
    at += size;
  }
  if (bytes[limits - 1] !== 2 || bytes[limits] !== 1) throw new Error('the kernels must import a memory with a maximum');
  return limits;
};

const bytes = await compile();
const text = `/** Made by scripts/generate.mjs from assembly/; not edited by hand. */
export const memoryLimits = ${limitsOf(bytes)};
export const kernelsBase64 = '${Buffer.from(bytes).toString('base64')}';
`;
await mkdir(new URL('.', target), { recursive: true });
const draft = new URL(`${target.href}.${process.pid}`);
await writeFile(draft, text);
await rename(draft, target);
