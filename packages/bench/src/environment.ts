/** What a result depends on besides its configuration: versions and the machine. */
import { createRequire } from 'node:module';
import { arch, cpus, platform, totalmem } from 'node:os';
import { version_core } from '@tensorflow/tfjs-core';

export interface Environment {
  versions: Record<string, string>;
  machine: { processor: string; cores: number; memoryGiB: number; platform: string };
}

const packages = ['core', 'clip', 'optimizers', 'backprop', 'models', 'bench'].map((name) => `@clipkit/${name}`);

/** Versions of Node, tfjs and our packages, and the machine without its name. */
export function environment(): Environment {
  const require = createRequire(import.meta.url);
  const own = packages.map((name): [string, string] => [name, (require(`${name}/package.json`) as { version: string }).version]);
  const processors = cpus();
  return {
    versions: { node: process.versions.node, '@tensorflow/tfjs-core': version_core, ...Object.fromEntries(own) },
    machine: {
      processor: processors[0]?.model.trim() ?? 'unknown',
      cores: processors.length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      platform: `${platform()} ${arch()}`,
    },
  };
}
